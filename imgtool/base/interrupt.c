#include "imgtool/base/interrupt.h"

#include <errno.h>
#include <signal.h>
#include <stdatomic.h>
#include <string.h>

static const int signals[] = { SIGINT, SIGTERM, SIGHUP, SIGPIPE };

/* The first signal that came; 0: none. */
static atomic_int caught;

static void note(int signal_number)
{
	int none = 0;

	/* Without locks, so a handler may. */
	(void)atomic_compare_exchange_strong(&caught, &none, signal_number);
}

void interrupt_catch(void)
{
	/* No SA_RESTART: who waits shall come back and ask. */
	struct sigaction action = { .sa_handler = note }, before;

	sigemptyset(&action.sa_mask);
	for (size_t i = 0; i < sizeof signals / sizeof *signals; i++)
		if (sigaction(signals[i], NULL, &before) == 0 && before.sa_handler != SIG_IGN)
			(void)sigaction(signals[i], &action, NULL);
}

int interrupt_check(struct error *err)
{
	int signal_number = atomic_load_explicit(&caught, memory_order_relaxed);

	if (signal_number)
		return error_set(err, ECANCELED, "interrupted by SIG%s",
				 sigabbrev_np(signal_number));
	return 0;
}

void interrupt_leave_to_main(void)
{
	sigset_t set;

	sigemptyset(&set);
	for (size_t i = 0; i < sizeof signals / sizeof *signals; i++)
		sigaddset(&set, signals[i]);
	(void)pthread_sigmask(SIG_BLOCK, &set, NULL);
}

void interrupt_resume(void)
{
	int signal_number = atomic_load(&caught);
	sigset_t set;

	if (!signal_number)
		return;
	(void)signal(signal_number, SIG_DFL);
	(void)raise(signal_number);
	/* Where the caller had it blocked. */
	sigemptyset(&set);
	sigaddset(&set, signal_number);
	(void)pthread_sigmask(SIG_UNBLOCK, &set, NULL);
}
