/* Forwarding a terminal: real children on real ptys. The forwarder runs in a process of its own whose
 * standard streams are the test's; nothing here touches the terminal that the test is started from. */
#include "runtime/terminal.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <pty.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <termios.h>
#include <unistd.h>

#include "spec/base/sys.h"

/* Long enough for a busy machine; only a failing test waits for it. */
#define PATIENCE 20000 /* milliseconds */

/* A forwarder between the test and a process with a terminal. */
struct session {
	int input, output; /* the test's ends of the forwarder's stdin and stdout */
	int terminal;	   /* a slave of the same terminal as input, or -1 */
	pid_t forwarder;
};

enum streams { PIPES, TERMINAL };

/* Ends with its forwarder, which ends with the test: a failed case leaves nothing behind. */
static void run_shell(const char *command)
{
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	execl("/bin/sh", "sh", "-c", command, (char *)NULL);
	_exit(127);
}

/* The container's side: a shell command on the slave of a new pty. Returns the master. */
static int start_process(const char *command, pid_t *pid)
{
	struct winsize size = { .ws_row = 5, .ws_col = 6 };
	int master;

	*pid = forkpty(&master, NULL, NULL, &size);
	if (*pid == 0)
		run_shell(command);
	return master;
}

static int ignored_signal;

/* What the forwarder's process does; the status is 0 when all went well. */
static void be_forwarder(const char *command, bool has_terminal)
{
	struct error err = { 0 };
	pid_t process;
	int status, master = -1;

	prctl(PR_SET_PDEATHSIG, SIGKILL);
	/* Neither cmocka's handlers nor what a shell in the background or nohup(1) left ignored. */
	for (int signal_number = 1; signal_number < SIGRTMIN; signal_number++)
		if (signal_number != ignored_signal)
			signal(signal_number, SIG_DFL);
	if (ignored_signal)
		signal(ignored_signal, SIG_IGN);
	if (has_terminal) {
		master = start_process(command, &process);
	} else {
		process = fork();
		if (process == 0)
			run_shell(command);
	}
	int pidfd = sys_pidfd_open(process, 0);
	if (terminal_forward(master, pidfd, &err)) {
		dprintf(2, "%s\n", err.msg);
		_exit(101);
	}
	if (waitpid(process, &status, WNOHANG) != process)
		_exit(102); /* returned before the process had gone */
	_exit(WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status));
}

static struct session start(enum streams streams, bool has_terminal, const char *command)
{
	struct session session = { -1, -1, -1, -1 };
	int in[2], out[2];

	if (streams == PIPES) {
		assert_int_equal(pipe2(in, O_CLOEXEC), 0);
		assert_int_equal(pipe2(out, O_CLOEXEC), 0);
	} else {
		struct winsize size = { .ws_row = 33, .ws_col = 44 };

		assert_int_equal(openpty(&in[1], &in[0], NULL, NULL, &size), 0);
		out[0] = dup(in[1]);
		out[1] = dup(in[0]);
		session.terminal = dup(in[0]);
	}
	session.forwarder = fork();
	assert_true(session.forwarder >= 0);
	if (session.forwarder == 0) {
		dup2(in[0], 0);
		dup2(out[1], 1);
		if (streams == TERMINAL) {
			setsid();
			ioctl(0, TIOCSCTTY, 0);
		}
		sys_close_range(3, ~0u, 0);
		be_forwarder(command, has_terminal);
	}
	close(in[0]);
	close(out[1]);
	session.input = in[1];
	session.output = out[0];
	return session;
}

/* Reads until @text has come, or the end. Everything read is in @seen. */
static bool read_until(const struct session *session, const char *text, char *seen, size_t size)
{
	size_t used = strlen(seen);

	while (!strstr(seen, text)) {
		struct pollfd polled = { .fd = session->output, .events = POLLIN };
		if (poll(&polled, 1, PATIENCE) <= 0)
			return false;
		ssize_t got = read(session->output, seen + used, size - used - 1);
		if (got <= 0)
			return false;
		used += (size_t)got;
		seen[used] = '\0';
	}
	return true;
}

#define EXPECT(session, text, seen)                                  \
	do {                                                         \
		if (!read_until(session, text, seen, sizeof(seen)))  \
			fail_msg("no \"%s\" in \"%s\"", text, seen); \
	} while (0)

static int finish(struct session *session)
{
	int status = -1;

	for (int waited = 0; waitpid(session->forwarder, &status, WNOHANG) == 0; waited += 10) {
		if (waited > PATIENCE) {
			kill(session->forwarder, SIGKILL);
			waitpid(session->forwarder, &status, 0);
			fail_msg("the forwarder did not return");
		}
		poll(NULL, 0, 10);
	}
	close(session->input);
	close(session->output);
	if (session->terminal >= 0)
		close(session->terminal);
	return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

static void put(const struct session *session, const char *text)
{
	assert_int_equal(write(session->input, text, strlen(text)), strlen(text));
}

static void output_comes_whole(void **state)
{
	static char seen[400000];
	struct session session = start(PIPES, true,
				       "i=0; while [ $i -lt 20000 ]; do echo line$i; "
				       "i=$((i+1)); done; printf END");
	const char *at = seen;

	(void)state;
	seen[0] = '\0';
	EXPECT(&session, "END", seen);
	for (int i = 0; i < 20000; i++) {
		char line[32];
		int length = snprintf(line, sizeof line, "line%d\r\n", i);

		if (strncmp(at, line, (size_t)length) != 0)
			fail_msg("line %d is \"%.20s\"", i, at);
		at += length;
	}
	assert_string_equal(at, "END");
	assert_int_equal(finish(&session), 0);
}

static void the_last_words_are_not_lost(void **state)
{
	(void)state;
	for (int i = 0; i < 30; i++) {
		char seen[256] = "";
		struct session session = start(PIPES, true, "printf last; exit 3");

		EXPECT(&session, "last", seen);
		assert_int_equal(finish(&session), 3);
	}
}

static void input_arrives(void **state)
{
	char seen[4096] = "";
	struct session session = start(PIPES, true, "stty -echo; echo ready; read a; echo got:$a");

	(void)state;
	EXPECT(&session, "ready", seen);
	put(&session, "some words\n");
	EXPECT(&session, "got:some words\r\n", seen);
	assert_int_equal(finish(&session), 0);
}

static void the_end_of_input_ends_nothing(void **state)
{
	char seen[4096] = "";
	struct session session =
		start(PIPES, true, "stty -echo; echo ready; sleep 0.2; echo still here; exit 4");

	(void)state;
	EXPECT(&session, "ready", seen);
	close(session.input);
	session.input = -1;
	EXPECT(&session, "still here", seen);
	assert_int_equal(finish(&session), 4);
}

static void output_goes_on_after_the_slave_was_closed(void **state)
{
	char seen[4096] = "";
	struct session session = start(PIPES, true,
				       "tty=$(tty); echo one; exec <&- >&- 2>&-; "
				       "sleep 0.2; echo two >$tty; exit 6");

	(void)state;
	EXPECT(&session, "one", seen);
	EXPECT(&session, "two", seen);
	assert_int_equal(finish(&session), 6);
}

static void processes_left_behind_do_not_keep_us(void **state)
{
	char seen[4096] = "";
	struct session session = start(PIPES, true, "trap '' HUP; sleep 3 & echo gone; exit 2");

	(void)state;
	EXPECT(&session, "gone", seen);
	assert_int_equal(finish(&session), 2);
}

/* Nobody reads our output: input and signals must pass all the same. */
static void a_stalled_reader_stops_only_the_output(void **state)
{
	char seen[4096] = "";
	struct session session =
		start(PIPES, true,
		      "stty -echo; trap 'exit 9' USR1; echo ready; read go; "
		      "while :; do echo 0123456789012345678901234567890123456789; done");

	(void)state;
	EXPECT(&session, "ready", seen);
	put(&session, "go\n");
	poll(NULL, 0, 300); /* for the pipe and the pty to fill */
	assert_int_equal(kill(session.forwarder, SIGUSR1), 0);
	/* The shell hangs in its write; reading lets it come to its trap. */
	while (read(session.output, seen, sizeof seen) > 0)
		;
	assert_int_equal(finish(&session), 9);
}

static void a_closed_reader_does_not_end_the_process(void **state)
{
	char seen[256] = "";
	struct session session =
		start(PIPES, true,
		      "stty -echo; echo ready; read go; i=0; while [ $i -lt 3000 ]; "
		      "do echo 01234567890123456789; i=$((i+1)); done; exit 8");

	(void)state;
	EXPECT(&session, "ready", seen);
	close(session.output);
	session.output = -1;
	put(&session, "go\n");
	assert_int_equal(finish(&session), 8);
}

static void signals_are_passed_on(void **state)
{
	static const struct {
		int signal;
		const char *name;
	} cases[] = { { SIGTERM, "TERM" }, { SIGHUP, "HUP" },	{ SIGINT, "INT" },
		      { SIGUSR1, "USR1" }, { SIGQUIT, "QUIT" }, { SIGALRM, "ALRM" } };

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		for (int has_terminal = 0; has_terminal < 2; has_terminal++) {
			char seen[256] = "", command[256];

			snprintf(command, sizeof command,
				 "trap 'echo caught; exit 5' %s; echo ready; "
				 "while :; do sleep 0.01; done",
				 cases[i].name);
			struct session session = start(PIPES, has_terminal, command);
			EXPECT(&session, "ready", seen);
			assert_int_equal(kill(session.forwarder, cases[i].signal), 0);
			EXPECT(&session, "caught", seen);
			assert_int_equal(finish(&session), 5);
		}
	}
}

static void our_terminal_is_raw_meanwhile(void **state)
{
	struct session session =
		start(TERMINAL, true,
		      "stty -echo raw; printf ready; dd bs=1 count=3 2>/dev/null | "
		      "od -An -tx1; exit 7");
	struct termios during, after;
	char seen[4096] = "";

	(void)state;
	EXPECT(&session, "ready", seen);
	assert_int_equal(tcgetattr(session.terminal, &during), 0);
	assert_int_equal(during.c_lflag & (tcflag_t)(ICANON | ECHO | ISIG), 0);
	assert_int_equal(during.c_oflag & (tcflag_t)OPOST, 0);
	put(&session, "\x03\x04\x1a"); /* what would interrupt, end or stop us */
	EXPECT(&session, "03 04 1a", seen);
	assert_int_equal(finish(&(struct session){ -1, -1, -1, session.forwarder }), 7);
	assert_int_equal(tcgetattr(session.terminal, &after), 0);
	assert_true(after.c_lflag & ICANON);
	assert_true(after.c_lflag & ECHO);
	assert_true(after.c_lflag & ISIG);
	assert_true(after.c_oflag & OPOST);
	close(session.input);
	close(session.output);
	close(session.terminal);
}

static void the_window_size_is_ours_and_follows(void **state)
{
	struct session session = start(TERMINAL, true,
				       "trap 'stty size; exit 0' WINCH; sleep 0.1; stty size; "
				       "while :; do sleep 0.01; done");
	struct winsize size = { .ws_row = 55, .ws_col = 66 };
	char seen[4096] = "";

	(void)state;
	EXPECT(&session, "33 44", seen);
	assert_int_equal(ioctl(session.input, TIOCSWINSZ, &size), 0);
	EXPECT(&session, "55 66", seen);
	assert_int_equal(finish(&session), 0);
}

static bool is_raw(const struct session *session)
{
	struct termios attributes;

	assert_int_equal(tcgetattr(session->terminal, &attributes), 0);
	return !(attributes.c_lflag & ICANON);
}

static void becomes(const struct session *session, bool raw)
{
	for (int waited = 0; is_raw(session) != raw; waited += 10) {
		if (waited > PATIENCE)
			fail_msg("the terminal is %s", raw ? "not raw" : "still raw");
		poll(NULL, 0, 10);
	}
}

static void a_stop_gives_the_terminal_back(void **state)
{
	struct session session = start(TERMINAL, true, "stty -echo; echo ready; read a; exit 3");
	char seen[4096] = "";
	int status;

	(void)state;
	EXPECT(&session, "ready", seen);
	becomes(&session, true);
	assert_int_equal(kill(session.forwarder, SIGTSTP), 0);
	assert_int_equal(waitpid(session.forwarder, &status, WUNTRACED), session.forwarder);
	assert_true(WIFSTOPPED(status));
	assert_false(is_raw(&session));
	assert_int_equal(kill(session.forwarder, SIGCONT), 0);
	becomes(&session, true);
	put(&session, "x\r");
	assert_int_equal(finish(&(struct session){ -1, -1, -1, session.forwarder }), 3);
	assert_false(is_raw(&session));
	close(session.input);
	close(session.output);
	close(session.terminal);
}

static void a_crash_gives_the_terminal_back(void **state)
{
	static const int fatal[] = { SIGSEGV, SIGABRT, SIGBUS };

	(void)state;
	for (size_t i = 0; i < sizeof fatal / sizeof fatal[0]; i++) {
		struct session session = start(TERMINAL, true, "echo ready; sleep 5");
		char seen[4096] = "";
		int status;

		EXPECT(&session, "ready", seen);
		becomes(&session, true);
		assert_int_equal(kill(session.forwarder, fatal[i]), 0);
		assert_int_equal(waitpid(session.forwarder, &status, 0), session.forwarder);
		assert_true(WIFSIGNALED(status));
		assert_int_equal(WTERMSIG(status), fatal[i]);
		assert_false(is_raw(&session));
		close(session.input);
		close(session.output);
		close(session.terminal);
	}
}

static void ignored_signals_stay_ignored(void **state)
{
	struct session session;
	char seen[256] = "";

	(void)state;
	ignored_signal = SIGHUP; /* as nohup(1) does */
	session = start(PIPES, true, "echo ready; read a; exit 1");
	ignored_signal = 0;
	EXPECT(&session, "ready", seen);
	assert_int_equal(kill(session.forwarder, SIGHUP), 0);
	poll(NULL, 0, 50);
	put(&session, "on\n");
	assert_int_equal(finish(&session), 1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(output_comes_whole),
		cmocka_unit_test(the_last_words_are_not_lost),
		cmocka_unit_test(input_arrives),
		cmocka_unit_test(the_end_of_input_ends_nothing),
		cmocka_unit_test(output_goes_on_after_the_slave_was_closed),
		cmocka_unit_test(processes_left_behind_do_not_keep_us),
		cmocka_unit_test(a_stalled_reader_stops_only_the_output),
		cmocka_unit_test(a_closed_reader_does_not_end_the_process),
		cmocka_unit_test(signals_are_passed_on),
		cmocka_unit_test(our_terminal_is_raw_meanwhile),
		cmocka_unit_test(the_window_size_is_ours_and_follows),
		cmocka_unit_test(a_stop_gives_the_terminal_back),
		cmocka_unit_test(a_crash_gives_the_terminal_back),
		cmocka_unit_test(ignored_signals_stay_ignored),
	};

	/* A test that fails leaves its forwarder; its own death signal ends it with us. */
	signal(SIGPIPE, SIG_IGN);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
