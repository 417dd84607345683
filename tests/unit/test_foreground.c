/* Waiting for a child: the status of every kind of end, and signals on the way. terminal_forward has a test
 * of its own. */
#include "runtime/foreground.h"

#include "tests/unit/sandbox.h"

static struct error err;

static struct init_process start(void (*run)(void *), void *context)
{
	pid_t pid = fork();

	EXPECT(pid >= 0);
	if (pid == 0) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		for (int number = 1; number < SIGRTMIN; number++)
			signal(number, SIG_DFL);
		run(context);
		_exit(99);
	}
	return (struct init_process){ .pid = pid, .pidfd = sys_pidfd_open(pid, 0) };
}

static void end_with_status(void *context)
{
	_exit(*(int *)context);
}

static void end_by_signal(void *context)
{
	raise(*(int *)context);
}

static void attend_status(void *context)
{
	struct init_process process = start(end_with_status, context);

	EXPECT(foreground_attend(&process, -1, &err) == *(int *)context);
	EXPECT(!err.code);
	/* It has been waited for. */
	EXPECT(waitpid(-1, NULL, 0) < 0 && errno == ECHILD);
}

static void attend_signal(void *context)
{
	struct init_process process = start(end_by_signal, context);

	EXPECT(foreground_attend(&process, -1, &err) == 128 + *(int *)context);
}

static void the_status_is_the_process_s(void **state)
{
	int codes[] = { 0, 1, 42, 125, 126, 127, 128, 255 };

	(void)state;
	for (size_t i = 0; i < sizeof codes / sizeof *codes; i++)
		in_child(attend_status, &codes[i]);
}

static void of_a_signal_it_is_128_and_the_number(void **state)
{
	int numbers[] = { SIGHUP, SIGINT, SIGKILL, SIGTERM, SIGSEGV, SIGUSR1 };

	(void)state;
	for (size_t i = 0; i < sizeof numbers / sizeof *numbers; i++)
		in_child(attend_signal, &numbers[i]);
}

static void wait_for_a_signal(void *context)
{
	sigset_t set;
	int number;

	sigemptyset(&set);
	sigaddset(&set, SIGUSR2);
	sigprocmask(SIG_BLOCK, &set, NULL);
	(void)!write(*(int *)context, "", 1);
	sigwait(&set, &number);
	_exit(number == SIGUSR2 ? 17 : 18);
}

/* Tells the forwarder what to forward, once both are there. */
static pid_t signal_later(pid_t to)
{
	pid_t pid = fork();

	EXPECT(pid >= 0);
	if (pid == 0) {
		/* A signal before the forwarder has blocked it would end it: it is asked for until then. */
		char path[64], line[256];
		snprintf(path, sizeof path, "/proc/%d/status", (int)to);
		for (bool blocked = false; !blocked;) {
			FILE *status = fopen(path, "re");
			while (status && fgets(line, sizeof line, status))
				if (strncmp(line, "SigBlk:", 7) == 0)
					blocked = strtoull(line + 7, NULL, 16) >> (SIGUSR2 - 1) & 1;
			if (status)
				fclose(status);
			usleep(1000);
		}
		kill(to, SIGUSR2);
		_exit(0);
	}
	return pid;
}

static void attend_and_be_signalled(void *context)
{
	char byte;
	int ready[2];

	(void)context;
	EXPECT(pipe2(ready, O_CLOEXEC) == 0);
	struct init_process process = start(wait_for_a_signal, &ready[1]);
	EXPECT(read(ready[0], &byte, 1) == 1);
	pid_t other = signal_later(getpid());
	EXPECT(foreground_attend(&process, -1, &err) == 17);
	EXPECT(waitpid(other, NULL, 0) == other);
}

static void signals_are_the_process_s(void **state)
{
	(void)state;
	in_child(attend_and_be_signalled, NULL);
}

static void attend_one_waited_for(void *context)
{
	(void)context;
	pid_t other = start(end_with_status, &(int){ 0 }).pid;
	int pidfd = sys_pidfd_open(other, 0);
	EXPECT(waitpid(other, NULL, 0) == other);
	const struct init_process gone = { .pid = other, .pidfd = pidfd };
	EXPECT(foreground_attend(&gone, -1, &err) == 1);
	EXPECT(err.code == ECHILD);
	EXPECT_ERROR("wait for the process: no child processes");
}

static void a_status_that_nobody_knows_is_an_error(void **state)
{
	(void)state;
	in_child(attend_one_waited_for, NULL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_status_is_the_process_s),
		cmocka_unit_test(of_a_signal_it_is_128_and_the_number),
		cmocka_unit_test(signals_are_the_process_s),
		cmocka_unit_test(a_status_that_nobody_knows_is_an_error),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
