/* What `oshim logs` prints. */
#include "shim/log/print.h"

#include <sys/mman.h>

#include "tests/unit/logs.h"

struct printed {
	int out, errors;
	struct log_printer printer;
	struct log_sink sink;
};

static void begin(struct printed *printed, bool timestamps, bool same)
{
	struct error err = { 0 };

	printed->out = memfd_create("out", MFD_CLOEXEC);
	printed->errors = same ? dup(printed->out) : memfd_create("errors", MFD_CLOEXEC);
	SUCCEEDS(log_printer_init(&printed->printer, printed->out, printed->errors, timestamps,
				  &err));
	printed->sink = log_printer_sink(&printed->printer);
}

static void show(struct printed *printed, enum log_stream stream, const char *text, bool begins,
		 bool ends)
{
	const struct log_entry entry = { LOG_TEST_TIME, stream, text, strlen(text), ends };
	struct error err = { 0 };

	SUCCEEDS(printed->sink.show(printed->sink.context, &entry, begins, &err));
}

static void end(struct printed *printed, const char *out, const char *errors)
{
	struct error err = { 0 };
	char *text;

	SUCCEEDS(printed->sink.idle(printed->sink.context, &err));
	assert_int_equal(lseek(printed->out, 0, SEEK_SET), 0);
	SUCCEEDS(read_all(printed->out, 1 << 24, &text, NULL, &err));
	assert_string_equal(text, out);
	free(text);
	assert_int_equal(lseek(printed->errors, 0, SEEK_SET), 0);
	SUCCEEDS(read_all(printed->errors, 1 << 24, &text, NULL, &err));
	assert_string_equal(text, errors);
	free(text);
	log_printer_finish(&printed->printer);
	close(printed->out);
	close(printed->errors);
}

static void streams_go_their_own_way(void **state)
{
	struct printed printed;

	(void)state;
	begin(&printed, false, false);
	show(&printed, LOG_STDOUT, "one", true, true);
	show(&printed, LOG_STDERR, "oops", true, true);
	show(&printed, LOG_STDOUT, "unfi", true, false);
	show(&printed, LOG_STDOUT, "nished", false, false);
	end(&printed, "one\nunfinished", "oops\n");
}

static void on_one_descriptor_they_keep_their_order(void **state)
{
	struct printed printed;

	(void)state;
	begin(&printed, false, true);
	show(&printed, LOG_STDOUT, "one", true, true);
	show(&printed, LOG_STDERR, "two", true, true);
	show(&printed, LOG_STDOUT, "three", true, true);
	end(&printed, "one\ntwo\nthree\n", "one\ntwo\nthree\n");
}

static void a_line_has_one_time(void **state)
{
	struct printed printed;

	(void)state;
	begin(&printed, true, false);
	show(&printed, LOG_STDOUT, "be", true, false);
	show(&printed, LOG_STDERR, "oops", true, true);
	show(&printed, LOG_STDOUT, "gun", false, true);
	show(&printed, LOG_STDOUT, "", true, true);
	end(&printed, LOG_TEST_STAMP " begun\n" LOG_TEST_STAMP " \n", LOG_TEST_STAMP " oops\n");
}

static void what_is_long_is_printed_whole(void **state)
{
	OWNED(buffer_finish) struct buffer expected = { 0 };
	owned_string line = calloc(1, LOG_LINE_MAX + 1);
	struct printed printed;

	(void)state;
	memset(line, 'x', LOG_LINE_MAX);
	begin(&printed, true, false);
	for (int i = 0; i < 50; i++) {
		show(&printed, LOG_STDOUT, line, true, true);
		buffer_print(&expected, "%s %s\n", LOG_TEST_STAMP, line);
	}
	end(&printed, expected.text, "");
}

static void a_reader_that_is_gone_is_an_error(void **state)
{
	const struct log_entry entry = { LOG_TEST_TIME, LOG_STDOUT, "a", 1, true };
	struct log_printer printer;
	struct error err = { 0 };
	int ends[2];

	(void)state;
	signal(SIGPIPE, SIG_IGN);
	assert_int_equal(pipe2(ends, O_CLOEXEC), 0);
	close(ends[0]);
	SUCCEEDS(log_printer_init(&printer, ends[1], ends[1], false, &err));
	struct log_sink sink = log_printer_sink(&printer);
	SUCCEEDS(sink.show(sink.context, &entry, true, &err));
	FAILS(sink.idle(sink.context, &err), EPIPE, "print the log: broken pipe");
	log_printer_finish(&printer);
	close(ends[1]);
	signal(SIGPIPE, SIG_DFL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(streams_go_their_own_way),
		cmocka_unit_test(on_one_descriptor_they_keep_their_order),
		cmocka_unit_test(a_line_has_one_time),
		cmocka_unit_test(what_is_long_is_printed_whole),
		cmocka_unit_test(a_reader_that_is_gone_is_an_error),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
