/* Console sockets and the descriptors that travel over them. */
#include "runtime/unix_socket.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

static void a_descriptor_travels_with_its_name(void **state)
{
	struct error err = { 0 };
	int sockets[2], pipes[2];
	char byte = 'x';

	(void)state;
	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, sockets), 0);
	assert_int_equal(pipe2(pipes, O_CLOEXEC), 0);
	assert_int_equal(descriptor_send(sockets[0], pipes[1], "/dev/ptmx", &err), 0);
	int received = descriptor_receive(sockets[1], &err);
	if (received < 0)
		fail_msg("%s", err.msg);
	assert_int_equal(fcntl(received, F_GETFD), FD_CLOEXEC);
	assert_int_equal(write(received, &byte, 1), 1);
	assert_int_equal(read(pipes[0], &byte, 1), 1);
	close(received);
	assert_int_equal(descriptor_send(sockets[0], pipes[1], "", &err), 0);
	received = descriptor_receive(sockets[1], &err);
	assert_true(received >= 0);
	close(received);
	for (size_t i = 0; i < 2; i++) {
		close(sockets[i]);
		close(pipes[i]);
	}
}

static void a_message_without_one_is_an_error(void **state)
{
	struct error err = { 0 };
	int sockets[2];

	(void)state;
	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, sockets), 0);
	assert_int_equal(write(sockets[0], "text", 4), 4);
	assert_int_equal(descriptor_receive(sockets[1], &err), -1);
	assert_int_equal(err.code, EPROTO);
	close(sockets[0]);
	assert_int_equal(descriptor_receive(sockets[1], &err), -1);
	assert_non_null(strstr(err.msg, "closed"));
	close(sockets[1]);
}

static void two_descriptors_are_refused_and_closed(void **state)
{
	struct error err = { 0 };
	char byte = 'x', control[CMSG_SPACE(2 * sizeof(int))] = { 0 };
	struct iovec text = { &byte, 1 };
	struct msghdr message = { .msg_iov = &text,
				  .msg_iovlen = 1,
				  .msg_control = control,
				  .msg_controllen = sizeof control };
	int sockets[2], pipes[2];

	(void)state;
	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, sockets), 0);
	assert_int_equal(pipe2(pipes, O_CLOEXEC), 0);
	int both[2] = { pipes[1], pipes[1] };
	struct cmsghdr *part = CMSG_FIRSTHDR(&message);
	part->cmsg_level = SOL_SOCKET;
	part->cmsg_type = SCM_RIGHTS;
	part->cmsg_len = CMSG_LEN(sizeof both);
	memcpy(CMSG_DATA(part), both, sizeof both);
	assert_int_equal(sendmsg(sockets[0], &message, 0), 1);
	assert_int_equal(descriptor_receive(sockets[1], &err), -1);
	assert_int_equal(err.code, EPROTO);
	close(pipes[1]);
	assert_int_equal(read(pipes[0], &byte, 1), 0); /* no copy of the other end is left */
	close(pipes[0]);
	close(sockets[0]);
	close(sockets[1]);
}

/* Listens at @path, a name beneath the folder @dirfd. */
static int listen_at(const char *path)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

	assert_true(strlen(path) < sizeof address.sun_path);
	snprintf(address.sun_path, sizeof address.sun_path, "%s", path);
	assert_int_equal(bind(fd, (struct sockaddr *)&address, sizeof address), 0);
	assert_int_equal(listen(fd, 1), 0);
	return fd;
}

static void console_sockets_may_have_long_paths(void **state)
{
	char folder[64] = "/tmp/test_terminal.XXXXXX", path[256], deep[256], moved[300];
	struct error err = { 0 };

	(void)state;
	assert_non_null(mkdtemp(folder));
	snprintf(path, sizeof path, "%s/s", folder);
	int listener = listen_at(path);
	int connection = unix_connect(path, &err);
	if (connection < 0)
		fail_msg("%s", err.msg);
	assert_int_equal(fcntl(connection, F_GETFD), FD_CLOEXEC);
	close(connection);
	snprintf(deep, sizeof deep, "%s/%0120d", folder, 1);
	snprintf(moved, sizeof moved, "%s/s", deep);
	assert_int_equal(mkdir(deep, 0700), 0);
	assert_int_equal(rename(path, moved), 0);
	connection = unix_connect(moved, &err);
	if (connection < 0)
		fail_msg("%s", err.msg);
	close(connection);
	close(listener);
	assert_int_equal(unix_connect(moved, &err), -1);
	assert_int_equal(err.code, ECONNREFUSED);
	unlink(moved);
	assert_int_equal(unix_connect(moved, &err), -1);
	assert_int_equal(err.code, ENOENT);
	assert_non_null(strstr(err.msg, moved));
	rmdir(deep);
	rmdir(folder);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_descriptor_travels_with_its_name),
		cmocka_unit_test(a_message_without_one_is_an_error),
		cmocka_unit_test(two_descriptors_are_refused_and_closed),
		cmocka_unit_test(console_sockets_may_have_long_paths),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
