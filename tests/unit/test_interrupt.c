/* Signals as a request. Each case runs in a child, whose end tells. */
#include <errno.h>
#include <pthread.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "imgtool/base/interrupt.h"

/* The status by wait(2) of a child that runs @body. */
static int status_of(void (*body)(void))
{
	pid_t child = fork();
	int status;

	if (child == 0) {
		alarm(10);
		body();
		_exit(99);
	}
	assert_true(child > 0);
	assert_int_equal(waitpid(child, &status, 0), child);
	return status;
}

static void expect_exit(void (*body)(void), int code)
{
	int status = status_of(body);

	assert_true(WIFEXITED(status));
	assert_int_equal(WEXITSTATUS(status), code);
}

static void only_asks(void)
{
	struct error err = { 0 };

	signal(SIGTERM, SIG_DFL);
	interrupt_catch();
	if (interrupt_check(&err))
		_exit(1);
	raise(SIGTERM);
	if (!interrupt_check(&err) || err.code != ECANCELED ||
	    strcmp(err.msg, "interrupted by SIGTERM") != 0)
		_exit(2);
	_exit(0);
}

static void a_signal_only_sets_a_flag(void **unused)
{
	(void)unused;
	expect_exit(only_asks, 0);
}

static void asks_then_resumes(void)
{
	signal(SIGHUP, SIG_DFL);
	signal(SIGTERM, SIG_DFL);
	interrupt_catch();
	raise(SIGHUP);
	raise(SIGTERM);
	interrupt_resume();
	_exit(1);
}

static void the_first_signal_ends_the_process_at_last(void **unused)
{
	int status = status_of(asks_then_resumes);

	(void)unused;
	assert_true(WIFSIGNALED(status));
	assert_int_equal(WTERMSIG(status), SIGHUP);
}

static void resumes_without(void)
{
	interrupt_catch();
	interrupt_resume();
	_exit(7);
}

static void without_a_signal_nothing_ends(void **unused)
{
	(void)unused;
	expect_exit(resumes_without, 7);
}

static void is_below_nohup(void)
{
	signal(SIGHUP, SIG_IGN);
	interrupt_catch();
	raise(SIGHUP);
	_exit(interrupt_check(NULL) ? 1 : 0);
}

static void an_ignored_signal_stays_ignored(void **unused)
{
	(void)unused;
	expect_exit(is_below_nohup, 0);
}

static void writes_to_nobody(void)
{
	int ends[2];

	signal(SIGPIPE, SIG_DFL);
	interrupt_catch();
	if (pipe(ends) || close(ends[0]))
		_exit(1);
	if (write(ends[1], "x", 1) != -1 || errno != EPIPE || !interrupt_check(NULL))
		_exit(2);
	interrupt_resume();
	_exit(3);
}

static void a_reader_that_is_gone_is_a_signal_too(void **unused)
{
	int status = status_of(writes_to_nobody);

	(void)unused;
	assert_true(WIFSIGNALED(status));
	assert_int_equal(WTERMSIG(status), SIGPIPE);
}

static pthread_barrier_t ready;

static void *works(void *unused)
{
	interrupt_leave_to_main();
	pthread_barrier_wait(&ready);
	pause();
	return unused;
}

static void *interrupts(void *unused)
{
	interrupt_leave_to_main();
	usleep(100000); /* by then main waits */
	kill(getpid(), SIGINT);
	return unused;
}

/* Were the signal delivered to the other thread, read(2) here would go on. */
static void waits_beside_a_thread(void)
{
	pthread_t worker, sender;
	char byte;
	int ends[2];

	signal(SIGINT, SIG_DFL);
	interrupt_catch();
	pthread_barrier_init(&ready, NULL, 2);
	if (pipe(ends) || pthread_create(&worker, NULL, works, NULL))
		_exit(1);
	pthread_barrier_wait(&ready);
	if (pthread_create(&sender, NULL, interrupts, NULL))
		_exit(2);
	if (read(ends[0], &byte, 1) != -1 || errno != EINTR)
		_exit(3);
	_exit(interrupt_check(NULL) ? 0 : 4);
}

static void threads_leave_signals_to_main(void **unused)
{
	(void)unused;
	expect_exit(waits_beside_a_thread, 0);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_signal_only_sets_a_flag),
		cmocka_unit_test(the_first_signal_ends_the_process_at_last),
		cmocka_unit_test(without_a_signal_nothing_ends),
		cmocka_unit_test(an_ignored_signal_stays_ignored),
		cmocka_unit_test(a_reader_that_is_gone_is_a_signal_too),
		cmocka_unit_test(threads_leave_signals_to_main),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
