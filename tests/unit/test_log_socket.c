/* What a journal and a syslog get. Both are sockets of the test's own. */
#include "spec/base/log_socket.h"

#include <endian.h>
#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <syslog.h>
#include <time.h>
#include <unistd.h>

#include <cmocka.h>

#include "spec/base/io.h"
#include "spec/base/owned.h"
#include "spec/base/text.h"

struct logger {
	char directory[32], path[64];
	int fd, sender;
};

static int begin(void **state)
{
	struct logger *logger = calloc(1, sizeof *logger);
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	struct error err = { 0 };

	if (!logger)
		return -1;
	strcpy(logger->directory, "/tmp/test_logger.XXXXXX");
	if (!mkdtemp(logger->directory))
		return -1;
	snprintf(logger->path, sizeof logger->path, "%s/socket", logger->directory);
	snprintf(address.sun_path, sizeof address.sun_path, "%s", logger->path);
	logger->fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (bind(logger->fd, (const struct sockaddr *)&address, sizeof address))
		return -1;
	logger->sender = log_socket_open(logger->path, &err);
	*state = logger;
	return logger->sender < 0 ? -1 : 0;
}

static int end(void **state)
{
	struct logger *logger = *state;

	close_fd(logger->sender);
	close_fd(logger->fd);
	unlink(logger->path);
	rmdir(logger->directory);
	free(logger);
	return 0;
}

/* The next datagram's bytes, or the file that came with it: then *file is its descriptor. */
static size_t receive(const struct logger *logger, char *text, size_t size, int *file)
{
	union {
		char space[CMSG_SPACE(sizeof(int))];
		struct cmsghdr align;
	} control;
	struct iovec vector = { text, size };
	struct msghdr message = { .msg_iov = &vector,
				  .msg_iovlen = 1,
				  .msg_control = &control,
				  .msg_controllen = sizeof control };
	ssize_t got = recvmsg(logger->fd, &message, MSG_CMSG_CLOEXEC);

	if (got < 0)
		fail_msg("no datagram: %s", strerror(errno));
	*file = -1;
	const struct cmsghdr *header = CMSG_FIRSTHDR(&message);
	if (header)
		memcpy(file, CMSG_DATA(header), sizeof *file);
	return (size_t)got;
}

static void expect(const struct logger *logger, const void *expected, size_t length)
{
	char text[4096];
	int file;
	size_t got = receive(logger, text, sizeof text, &file);

	assert_int_equal(file, -1);
	assert_int_equal(got, length);
	assert_memory_equal(text, expected, length);
}

static void the_journal_gets_fields(void **state)
{
	static const char expected[] = "MESSAGE=it broke\nPRIORITY=3\nSYSLOG_IDENTIFIER=orun\n";
	const struct logger *logger = *state;
	struct log_record record = { LOG_ERR, "orun", "it broke", NULL };

	assert_int_equal(journal_send(logger->sender, &record), 0);
	expect(logger, expected, sizeof expected - 1);
}

static void the_journal_gets_the_containers_id(void **state)
{
	static const char expected[] =
		"MESSAGE=w\nPRIORITY=4\nSYSLOG_IDENTIFIER=me\nCONTAINER_ID=web-1\n";
	const struct logger *logger = *state;
	struct log_record record = { LOG_WARNING, "me", "w", "web-1" };

	assert_int_equal(journal_send(logger->sender, &record), 0);
	expect(logger, expected, sizeof expected - 1);
}

/* Else a message could bring fields of its own along. */
static void a_newline_does_not_begin_a_field(void **state)
{
	static const char expected[] =
		"MESSAGE\n\12\0\0\0\0\0\0\0a\nPRIORITY\nPRIORITY=7\n"
		"SYSLOG_IDENTIFIER=orun\nCONTAINER_ID\n\3\0\0\0\0\0\0\0x\ny\n";
	const struct logger *logger = *state;
	struct log_record record = { LOG_DEBUG, "orun", "a\nPRIORITY", "x\ny" };

	assert_int_equal(journal_send(logger->sender, &record), 0);
	expect(logger, expected, sizeof expected - 1);
}

static void a_message_too_long_for_a_datagram_comes_as_a_sealed_file(void **state)
{
	const struct logger *logger = *state;
	const size_t length = (size_t)4 << 20;
	owned_string message = malloc(length + 1);
	owned_string text = NULL;
	char nothing[16];
	size_t got;
	int file;

	assert_non_null(message);
	memset(message, 'm', length);
	message[length] = '\0';
	struct log_record record = { LOG_ERR, "orun", message, "c" };
	assert_int_equal(journal_send(logger->sender, &record), 0);
	assert_int_equal(receive(logger, nothing, sizeof nothing, &file), 0);
	assert_true(file >= 0);
	assert_int_equal(fcntl(file, F_GET_SEALS),
			 F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_WRITE | F_SEAL_SEAL);
	assert_int_equal(lseek(file, 0, SEEK_SET), 0);
	assert_int_equal(read_all(file, length + 1000, &text, &got, NULL), 0);
	close_fd(file);
	assert_memory_equal(text, "MESSAGE=mmm", 11);
	assert_string_equal(text + strlen("MESSAGE=") + length,
			    "\nPRIORITY=3\nSYSLOG_IDENTIFIER=orun\nCONTAINER_ID=c\n");
}

/* <11>Jan  1 00:00:00 orun[1]: … */
static void check_syslog(const struct logger *logger, const char *priority, const char *rest)
{
	owned_string tail = text_format(" orun[%d]: %s", (int)getpid(), rest);
	char text[10000];
	struct tm stamp;
	int file;
	size_t got = receive(logger, text, sizeof text - 1, &file);

	text[got] = '\0';
	assert_memory_equal(text, priority, strlen(priority));
	const char *behind = strptime(text + strlen(priority), "%b %e %T", &stamp);
	assert_non_null(behind);
	assert_string_equal(behind, tail);
}

static void syslog_gets_lines_like_those_of_the_c_library(void **state)
{
	const struct logger *logger = *state;
	struct log_record record = { LOG_ERR, "orun", "it broke", NULL };

	assert_int_equal(syslog_send(logger->sender, &record), 0);
	check_syslog(logger, "<11>", "it broke");
	record = (struct log_record){ LOG_WARNING, "orun", "w", "web-1" };
	assert_int_equal(syslog_send(logger->sender, &record), 0);
	check_syslog(logger, "<12>", "container web-1: w");
}

static void a_message_cannot_look_like_two(void **state)
{
	const struct logger *logger = *state;
	struct log_record record = { LOG_DEBUG, "orun", "a\n<8>b\r\x1b[2J\x7f", NULL };

	assert_int_equal(syslog_send(logger->sender, &record), 0);
	check_syslog(logger, "<15>", "a <8>b  [2J ");
}

static void a_long_message_to_syslog_is_cut(void **state)
{
	const struct logger *logger = *state;
	char message[9001], expected[8193];

	memset(message, 'y', sizeof message - 1);
	message[sizeof message - 1] = '\0';
	memset(expected, 'y', sizeof expected - 1);
	expected[sizeof expected - 1] = '\0';
	struct log_record record = { LOG_ERR, "orun", message, NULL };
	assert_int_equal(syslog_send(logger->sender, &record), 0);
	check_syslog(logger, "<11>", expected);
}

static void a_reader_that_hangs_holds_nobody_up_for_long(void **state)
{
	const struct logger *logger = *state;
	struct log_record record = { LOG_ERR, "orun", "x", NULL };
	int sent = 0;

	while (sent < 10000 && journal_send(logger->sender, &record) == 0)
		sent++;
	assert_int_equal(errno, EAGAIN);
	assert_in_range(sent, 1, 9999);
}

static void sending_fails_when_the_reader_is_gone(void **state)
{
	struct logger *logger = *state;
	struct log_record record = { LOG_ERR, "orun", "x", NULL };

	close_fd(take_fd(&logger->fd));
	assert_int_equal(journal_send(logger->sender, &record), -1);
	assert_int_equal(errno, ECONNREFUSED);
	assert_int_equal(syslog_send(logger->sender, &record), -1);
	assert_int_equal(errno, ENOTCONN); /* the kernel has taken the connection down meanwhile */
}

static void what_cannot_be_connected_to_is_named(void **state)
{
	const struct logger *logger = *state;
	struct error err = { 0 };
	char path[200];

	assert_int_equal(fcntl(logger->sender, F_GETFD), FD_CLOEXEC);
	assert_int_equal(log_socket_open("/nonexistent/socket", &err), -1);
	assert_string_equal(err.msg, "connect to /nonexistent/socket: no such file or directory");
	memset(path, 'p', sizeof path - 1);
	path[sizeof path - 1] = '\0';
	assert_int_equal(log_socket_open(path, &err), -1);
	assert_int_equal(err.code, ENAMETOOLONG);
}

#define WITH_LOGGER(test) cmocka_unit_test_setup_teardown(test, begin, end)

int main(void)
{
	const struct CMUnitTest tests[] = {
		WITH_LOGGER(the_journal_gets_fields),
		WITH_LOGGER(the_journal_gets_the_containers_id),
		WITH_LOGGER(a_newline_does_not_begin_a_field),
		WITH_LOGGER(a_message_too_long_for_a_datagram_comes_as_a_sealed_file),
		WITH_LOGGER(syslog_gets_lines_like_those_of_the_c_library),
		WITH_LOGGER(a_message_cannot_look_like_two),
		WITH_LOGGER(a_long_message_to_syslog_is_cut),
		WITH_LOGGER(a_reader_that_hangs_holds_nobody_up_for_long),
		WITH_LOGGER(sending_fails_when_the_reader_is_gone),
		WITH_LOGGER(what_cannot_be_connected_to_is_named),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
