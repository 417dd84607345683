/* What the journal gets, over a socket of the test's own. */
#include "shim/log/journal.h"

#include <endian.h>
#include <sys/socket.h>
#include <sys/un.h>

#include "tests/unit/logs.h"

struct fixture {
	char path[160];
	int receiver;
	struct log_journal journal;
};

static int listen_at(const char *path)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);

	snprintf(address.sun_path, sizeof address.sun_path, "%s", path);
	assert_int_equal(bind(fd, (const struct sockaddr *)&address, sizeof address), 0);
	return fd;
}

static void begin(struct fixture *fixture, const char *pairs, const struct log_subject *subject)
{
	OWNED(log_options_finish) struct log_options options = log_test_options("journald", pairs);
	struct error err = { 0 };

	close(log_test_folder());
	snprintf(fixture->path, sizeof fixture->path, "%s/socket", log_test_path);
	fixture->receiver = listen_at(fixture->path);
	SUCCEEDS(log_journal_open(&fixture->journal, fixture->path, &options, subject, &err));
}

static void end(struct fixture *fixture)
{
	log_journal_close(&fixture->journal);
	close(fixture->receiver);
}

static void send_text(struct fixture *fixture, enum log_stream stream, const char *text, bool ends)
{
	struct error err = { 0 };

	SUCCEEDS(log_journal_add(&fixture->journal, stream, text, strlen(text), ends, LOG_TEST_TIME,
				 true, &err));
}

static const char *receive(const struct fixture *fixture)
{
	static char text[8192];
	ssize_t got = recv(fixture->receiver, text, sizeof text - 1, 0);

	if (got < 0)
		fail_msg("no record: %s", strerror(errno));
	text[got < 0 ? 0 : got] = '\0';
	return text;
}

#define CONSTANT                                                                          \
	"CONTAINER_ID=0123456789ab\nCONTAINER_ID_FULL=0123456789abcdef0123456789abcdef\n" \
	"CONTAINER_NAME=box\nCONTAINER_TAG=0123456789ab\nIMAGE_NAME=debian:12\n"          \
	"SYSLOG_IDENTIFIER=0123456789ab\nSYSLOG_TIMESTAMP=2026-01-02T03:04:05.00000006Z\n"

static void records_have_dockers_fields(void **state)
{
	struct fixture fixture = { 0 };

	(void)state;
	begin(&fixture, "", &log_test_subject);
	send_text(&fixture, LOG_STDOUT, "hello", true);
	assert_string_equal(receive(&fixture), "MESSAGE=hello\nPRIORITY=6\n" CONSTANT);
	send_text(&fixture, LOG_STDERR, "oops", true);
	assert_string_equal(receive(&fixture), "MESSAGE=oops\nPRIORITY=3\n" CONSTANT);
	end(&fixture);
}

/* "NAME=" of the next record's partial fields, its id replaced by "ID". */
static void expect_partial(const struct fixture *fixture, char id[JOURNAL_PARTIAL_ID + 1],
			   const char *ordinal, const char *last, bool is_message)
{
	const char *text = receive(fixture);
	const char *at = strstr(text, "CONTAINER_PARTIAL_ID=");
	owned_string fields = NULL;

	assert_non_null(at);
	snprintf(id, JOURNAL_PARTIAL_ID + 1, "%s", at + strlen("CONTAINER_PARTIAL_ID="));
	assert_int_equal(strspn(id, "0123456789abcdef"), JOURNAL_PARTIAL_ID);
	fields = text_format("%sCONTAINER_PARTIAL_ID=%s\nCONTAINER_PARTIAL_ORDINAL=%s\n"
			     "CONTAINER_PARTIAL_LAST=%s\n",
			     is_message ? "CONTAINER_PARTIAL_MESSAGE=true\n" : "", id, ordinal,
			     last);
	at = strstr(text, "CONTAINER_PARTIAL_");
	assert_string_equal(at, fields);
}

static void parts_of_a_line_are_told(void **state)
{
	char ids[5][JOURNAL_PARTIAL_ID + 1];
	struct fixture fixture = { 0 };

	(void)state;
	begin(&fixture, "", &log_test_subject);
	send_text(&fixture, LOG_STDOUT, "a", false);
	send_text(&fixture, LOG_STDERR, "other", false);
	send_text(&fixture, LOG_STDOUT, "b", false);
	send_text(&fixture, LOG_STDOUT, "c", true);
	expect_partial(&fixture, ids[0], "1", "false", true);
	expect_partial(&fixture, ids[1], "1", "false", true);
	expect_partial(&fixture, ids[2], "2", "false", true);
	expect_partial(&fixture, ids[3], "3", "true", false);
	assert_string_equal(ids[0], ids[2]);
	assert_string_equal(ids[0], ids[3]);
	assert_string_not_equal(ids[0], ids[1]);
	send_text(&fixture, LOG_STDOUT, "whole", true);
	assert_null(strstr(receive(&fixture), "PARTIAL"));
	send_text(&fixture, LOG_STDOUT, "d", false);
	expect_partial(&fixture, ids[4], "1", "false", true);
	assert_string_not_equal(ids[0], ids[4]);
	end(&fixture);
}

static void a_tag_is_identifier_and_field(void **state)
{
	struct fixture fixture = { 0 };

	(void)state;
	begin(&fixture, "tag=my/{{.Name}}", &log_test_subject);
	send_text(&fixture, LOG_STDOUT, "hello", true);
	const char *text = receive(&fixture);
	assert_non_null(strstr(text, "\nCONTAINER_TAG=my/box\n"));
	assert_non_null(strstr(text, "\nSYSLOG_IDENTIFIER=my/box\n"));
	end(&fixture);
}

/* An image's labels must not speak for another container. */
static void attributes_are_fields_of_their_own(void **state)
{
	struct string_pair pairs[] = { { "com.example-1", "a" },
				       { "container_name", "liar" },
				       { "_priority", "0" },
				       { "0num", "b" },
				       { "two", "x\nCONTAINER_ID=liar" } };
	const struct string_map labels = { pairs, 5 };
	struct log_subject subject = log_test_subject;
	struct fixture fixture = { 0 };

	(void)state;
	subject.labels = &labels;
	begin(&fixture, "labels=com.example-1,container_name,_priority,0num,two", &subject);
	send_text(&fixture, LOG_STDOUT, "hello", true);
	char text[8192];
	ssize_t got = recv(fixture.receiver, text, sizeof text, 0);
	assert_true(got > 0);
	static const char expected[] =
		"\nNUM=b\nCOM_EXAMPLE_1=a\nTWO\n\x13\0\0\0\0\0\0\0x\nCONTAINER_ID=liar\n"
		"SYSLOG_TIMESTAMP=";
	assert_non_null(memmem(text, (size_t)got, expected, sizeof expected - 1));
	assert_null(memmem(text, (size_t)got, "CONTAINER_NAME=liar", 19));
	assert_null(memmem(text, (size_t)got, "PRIORITY=0", 10));
	end(&fixture);
}

static void bytes_are_sent_as_they_are(void **state)
{
	static const char bytes[] = "a\0b\xff\x1b";
	struct fixture fixture = { 0 };
	struct error err = { 0 };
	char text[8192];

	(void)state;
	begin(&fixture, "", &log_test_subject);
	SUCCEEDS(log_journal_add(&fixture.journal, LOG_STDOUT, bytes, sizeof bytes - 1, true,
				 LOG_TEST_TIME, true, &err));
	ssize_t got = recv(fixture.receiver, text, sizeof text, 0);
	assert_true(got > 8 + (ssize_t)sizeof bytes);
	assert_memory_equal(text, "MESSAGE=", 8);
	assert_memory_equal(text + 8, bytes, sizeof bytes - 1);
	assert_memory_equal(text + 8 + sizeof bytes - 1, "\nPRIORITY=6\n", 12);
	end(&fixture);
}

static void a_restarted_journal_is_found_again(void **state)
{
	struct fixture fixture = { 0 };
	struct error err;

	(void)state;
	begin(&fixture, "", &log_test_subject);
	close(fixture.receiver);
	assert_int_equal(unlink(fixture.path), 0);
	FAILS(log_journal_add(&fixture.journal, LOG_STDOUT, "lost", 4, true, LOG_TEST_TIME, true,
			      &err),
	      ENOENT, "the journal: connect to ");
	fixture.receiver = listen_at(fixture.path);
	send_text(&fixture, LOG_STDOUT, "found", true);
	assert_non_null(strstr(receive(&fixture), "MESSAGE=found\n"));
	end(&fixture);
}

static void a_full_socket_is_an_error_at_once_when_asked(void **state)
{
	struct fixture fixture = { 0 };
	struct error err = { 0 };
	int sent = 0;

	(void)state;
	begin(&fixture, "", &log_test_subject);
	while (sent < 100000 && log_journal_add(&fixture.journal, LOG_STDOUT, "x", 1, true,
						LOG_TEST_TIME, false, &err) == 0)
		sent++;
	assert_true(sent < 100000);
	assert_int_equal(err.code, EAGAIN);
	end(&fixture);
}

static void no_journal_is_an_error(void **state)
{
	OWNED(log_options_finish) struct log_options options = log_test_options("journald", "");
	struct log_journal journal;
	struct error err;

	(void)state;
	FAILS(log_journal_open(&journal, "/nowhere/socket", &options, &log_test_subject, &err),
	      ENOENT, "the journal: connect to /nowhere/socket");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(records_have_dockers_fields),
		cmocka_unit_test(parts_of_a_line_are_told),
		cmocka_unit_test(a_tag_is_identifier_and_field),
		cmocka_unit_test(attributes_are_fields_of_their_own),
		cmocka_unit_test(bytes_are_sent_as_they_are),
		cmocka_unit_test(a_restarted_journal_is_found_again),
		cmocka_unit_test(a_full_socket_is_an_error_at_once_when_asked),
		cmocka_unit_test(no_journal_is_an_error),
	};

	return cmocka_run_group_tests(tests, sandbox_setup, sandbox_teardown);
}
