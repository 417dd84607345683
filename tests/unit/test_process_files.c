/* Pid files as callers read them, and pidfds over a socket. */
#include "runtime/process_files.h"

#include "tests/unit/sandbox.h"

#include <sys/socket.h>
#include <sys/un.h>

static struct error err;

static void a_pid_file_holds_digits_alone(void **state)
{
	(void)state;
	SUCCEEDS(pid_file_write(in_sandbox("pid"), 4194304, &err));
	assert_string_equal(text_of(AT_FDCWD, in_sandbox("pid")), "4194304");
	/* Another one takes its place as a whole. */
	SUCCEEDS(pid_file_write(in_sandbox("pid"), 7, &err));
	assert_string_equal(text_of(AT_FDCWD, in_sandbox("pid")), "7");
	pid_file_remove(in_sandbox("pid"));
	assert_false(exists(in_sandbox("pid")));
}

static void a_link_in_its_place_is_replaced_and_not_followed(void **state)
{
	(void)state;
	make_text(in_sandbox("victim"), "untouched");
	make_link("victim", in_sandbox("link"));
	SUCCEEDS(pid_file_write(in_sandbox("link"), 7, &err));
	assert_string_equal(text_of(AT_FDCWD, in_sandbox("victim")), "untouched");
	assert_string_equal(text_of(AT_FDCWD, in_sandbox("link")), "7");
}

static void without_a_path_there_is_nothing_to_do(void **state)
{
	(void)state;
	SUCCEEDS(pid_file_write(NULL, 7, &err));
	pid_file_remove(NULL);
	SUCCEEDS(pidfd_socket_send(NULL, -1, "setns", &err));
}

static void a_pid_file_that_cannot_be_written_is_an_error(void **state)
{
	(void)state;
	FAILS(pid_file_write(in_sandbox("absent/pid"), 7, &err), ENOENT, "--pid-file: ");
	make_folder(in_sandbox("folder"));
	FAILS(pid_file_write(in_sandbox("folder"), 7, &err), EISDIR, "--pid-file: ");
	/* To remove what is no file of ours does no harm. */
	pid_file_remove(in_sandbox("absent"));
	pid_file_remove(in_sandbox("folder"));
	assert_true(exists(in_sandbox("folder")));
}

/* The text and the descriptor of one message. */
static int receive(int socket, char *text, size_t size)
{
	char control[CMSG_SPACE(sizeof(int))] = { 0 };
	struct iovec part = { text, size - 1 };
	struct msghdr message = { .msg_iov = &part,
				  .msg_iovlen = 1,
				  .msg_control = control,
				  .msg_controllen = sizeof control };
	int fd = -1;

	ssize_t got = recvmsg(socket, &message, MSG_CMSG_CLOEXEC);
	assert_true(got >= 0);
	text[got] = '\0';
	struct cmsghdr *rights = CMSG_FIRSTHDR(&message);
	if (rights && rights->cmsg_type == SCM_RIGHTS)
		memcpy(&fd, CMSG_DATA(rights), sizeof fd);
	return fd;
}

static void a_pidfd_arrives_with_its_text(void **state)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	char text[64];

	(void)state;
	int listener = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	snprintf(address.sun_path, sizeof address.sun_path, "%.100s", in_sandbox("pidfd"));
	assert_int_equal(bind(listener, (struct sockaddr *)&address, sizeof address), 0);
	assert_int_equal(listen(listener, 1), 0);
	pid_t pid = fork();
	if (pid == 0) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		for (;;)
			pause();
	}
	int pidfd = sys_pidfd_open(pid, 0);
	SUCCEEDS(pidfd_socket_send(in_sandbox("pidfd"), pidfd, "setns", &err));
	close(pidfd);
	int accepted = accept(listener, NULL, NULL);
	int received = receive(accepted, text, sizeof text);
	assert_string_equal(text, "setns");
	/* It is of that process: what is sent to it ends it. */
	assert_int_equal(sys_pidfd_send_signal(received, SIGKILL), 0);
	assert_int_equal(waitpid(pid, NULL, 0), pid);
	/* And nothing more comes. */
	assert_int_equal(read(accepted, text, sizeof text), 0);
	close(received);
	close(accepted);
	close(listener);
}

static void a_pidfd_socket_that_nobody_has_is_an_error(void **state)
{
	(void)state;
	FAILS(pidfd_socket_send(in_sandbox("nobody"), 0, "setns", &err), ENOENT,
	      "--pidfd-socket: ");
	make_text(in_sandbox("file"), "");
	FAILS(pidfd_socket_send(in_sandbox("file"), 0, "setns", &err), ECONNREFUSED,
	      "--pidfd-socket: ");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_pid_file_holds_digits_alone),
		cmocka_unit_test(a_link_in_its_place_is_replaced_and_not_followed),
		cmocka_unit_test(without_a_path_there_is_nothing_to_do),
		cmocka_unit_test(a_pid_file_that_cannot_be_written_is_an_error),
		cmocka_unit_test(a_pidfd_arrives_with_its_text),
		cmocka_unit_test(a_pidfd_socket_that_nobody_has_is_an_error),
	};

	return cmocka_run_group_tests(tests, sandbox_setup, sandbox_teardown);
}
