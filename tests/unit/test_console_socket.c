/* Who gets the terminal: each combination of what the process wants and what the caller gives. */
#include "runtime/console_socket.h"

#include "tests/unit/sandbox.h"

#include <sys/socket.h>
#include <sys/un.h>

#include "runtime/unix_socket.h"

static struct error err;
static const struct process with_terminal = { .terminal = true }, without = { .terminal = false };

static int listen_in_sandbox(const char *name)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

	snprintf(address.sun_path, sizeof address.sun_path, "%.100s", in_sandbox(name));
	assert_int_equal(bind(fd, (struct sockaddr *)&address, sizeof address), 0);
	assert_int_equal(listen(fd, 1), 0);
	return fd;
}

static void check_none(const struct console_socket *console)
{
	assert_int_equal(console->sender, -1);
	assert_int_equal(console->receiver, -1);
}

static void without_a_terminal_there_is_none(void **state)
{
	struct console_socket console = { 7, 7 };

	(void)state;
	SUCCEEDS(console_socket_open(&without, NULL, true, &console, &err));
	check_none(&console);
	SUCCEEDS(console_socket_open(&without, NULL, false, &console, &err));
	check_none(&console);
	SUCCEEDS(console_socket_open(NULL, NULL, true, &console, &err));
	check_none(&console);
}

static void a_socket_without_a_terminal_is_refused(void **state)
{
	struct console_socket console = { 7, 7 };

	(void)state;
	FAILS(console_socket_open(&without, "/x", true, &console, &err), EINVAL,
	      "--console-socket is given, but process.terminal is false; set process.terminal");
	check_none(&console);
	FAILS(console_socket_open(NULL, "/x", false, &console, &err), EINVAL, "--console-socket");
	check_none(&console);
}

static void a_terminal_that_nobody_would_have_is_refused(void **state)
{
	struct console_socket console = { 7, 7 };

	(void)state;
	FAILS(console_socket_open(&with_terminal, NULL, false, &console, &err), EINVAL,
	      "who is to have the terminal?; give --console-socket, or leave --detach out");
	check_none(&console);
}

static void the_caller_s_socket_is_connected(void **state)
{
	struct console_socket console;
	int pipes[2];

	(void)state;
	int listener = listen_in_sandbox("console");
	SUCCEEDS(console_socket_open(&with_terminal, in_sandbox("console"), false, &console, &err));
	assert_int_equal(console.receiver, -1);
	assert_int_equal(fcntl(console.sender, F_GETFD), FD_CLOEXEC);
	int accepted = accept(listener, NULL, NULL);
	assert_int_equal(pipe2(pipes, O_CLOEXEC), 0);
	SUCCEEDS(descriptor_send(console.sender, pipes[0], "/dev/ptmx", &err));
	int received = descriptor_receive(accepted, &err);
	assert_true(received >= 0);
	close(received);
	close(pipes[0]);
	close(pipes[1]);
	close(accepted);
	close(console.sender);
	close(listener);
}

static void a_socket_that_is_not_there_is_refused(void **state)
{
	struct console_socket console;

	(void)state;
	FAILS(console_socket_open(&with_terminal, in_sandbox("absent"), true, &console, &err),
	      ENOENT, "absent");
	check_none(&console);
}

static void in_the_foreground_we_are_the_receiver(void **state)
{
	struct console_socket console;
	int pipes[2];

	(void)state;
	SUCCEEDS(console_socket_open(&with_terminal, NULL, true, &console, &err));
	assert_int_equal(fcntl(console.sender, F_GETFD), FD_CLOEXEC);
	assert_int_equal(fcntl(console.receiver, F_GETFD), FD_CLOEXEC);
	assert_int_equal(pipe2(pipes, O_CLOEXEC), 0);
	SUCCEEDS(descriptor_send(console.sender, pipes[0], "/dev/ptmx", &err));
	int received = descriptor_receive(console.receiver, &err);
	assert_true(received >= 0);
	close(received);
	close(pipes[0]);
	close(pipes[1]);
	close(console.sender);
	close(console.receiver);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(without_a_terminal_there_is_none),
		cmocka_unit_test(a_socket_without_a_terminal_is_refused),
		cmocka_unit_test(a_terminal_that_nobody_would_have_is_refused),
		cmocka_unit_test(the_caller_s_socket_is_connected),
		cmocka_unit_test(a_socket_that_is_not_there_is_refused),
		cmocka_unit_test(in_the_foreground_we_are_the_receiver),
	};

	return cmocka_run_group_tests(tests, sandbox_setup, sandbox_teardown);
}
