/* What `oshim logs` finds: all, the last lines, a span of time, and what is still being written. */
#include "shim/log/read.h"

#include "tests/unit/logs.h"

#define STAMP(second) "2026-01-02T03:04:0" #second ".000000000Z"
#define RECORD(second, stream, flag, text) STAMP(second) " " stream " " flag " " text "\n"
#define SECOND(n) (INT64_C(1767323040000000000) + (n)*INT64_C(1000000000))

static void put(int folder, unsigned number, const char *text)
{
	char name[32];

	snprintf(name, sizeof name, number ? "%s.%u" : "%s", LOG_TEST_NAME, number);
	log_test_put(folder, name, text, strlen(text));
}

static void expect(int folder, const struct log_query *query, const char *expected,
		   uint64_t damaged)
{
	struct log_shown shown = { 0 };

	log_test_read(folder, LOG_DRIVER_K8S_FILE, 3, query, &shown);
	assert_string_equal(log_shown_text(&shown.all), expected);
	assert_int_equal(shown.damaged, damaged);
	assert_int_equal(shown.idle, 1);
	log_test_forget(&shown);
}

static int three_files(void)
{
	int folder = log_test_folder();

	put(folder, 2, RECORD(1, "stdout", "F", "a") RECORD(2, "stderr", "F", "b"));
	put(folder, 1, RECORD(3, "stdout", "P", "c") RECORD(4, "stderr", "F", "d"));
	put(folder, 0,
	    RECORD(5, "stdout", "F", "e") RECORD(6, "stderr", "P", "f")
		    RECORD(7, "stdout", "F", "g"));
	return folder;
}

static void all_files_are_read_from_the_oldest_on(void **state)
{
	const struct log_query query = LOG_QUERY_ALL;
	owned_fd folder = three_files(), empty = log_test_folder();

	(void)state;
	expect(folder, &query, "a\nb\ncd\ne\nfg\n", 0);
	expect(empty, &query, "", 0);
}

static void streams_are_told_apart(void **state)
{
	struct log_query query = LOG_QUERY_ALL;
	owned_fd folder = three_files();

	(void)state;
	query.streams[LOG_STDERR] = false;
	expect(folder, &query, "a\nce\ng\n", 0);
	query.streams[LOG_STDOUT] = false;
	expect(folder, &query, "", 0);
	query.streams[LOG_STDERR] = true;
	expect(folder, &query, "b\nd\nf", 0);
}

static void a_span_of_time_is_read(void **state)
{
	struct log_query query = LOG_QUERY_ALL;
	owned_fd folder = three_files();

	(void)state;
	query.since = SECOND(4);
	expect(folder, &query, "d\ne\nfg\n", 0);
	query.until = SECOND(5);
	expect(folder, &query, "d\ne\n", 0);
	query.since = SECOND(5) + 1;
	expect(folder, &query, "", 0);
}

/* Ends of lines: a b d (c)e g, and f, which has none. */
static void the_last_lines_are_read(void **state)
{
	static const char *const expected[] = { "",
						"g\n",
						"fg\n",
						"ce\nfg\n",
						"cd\ne\nfg\n",
						"b\ncd\ne\nfg\n",
						"a\nb\ncd\ne\nfg\n",
						"a\nb\ncd\ne\nfg\n" };
	struct log_query query = LOG_QUERY_ALL;
	owned_fd folder = three_files();

	(void)state;
	for (query.tail = 0; query.tail < 8; query.tail++)
		expect(folder, &query, expected[query.tail], 0);
}

static void the_last_lines_are_those_that_are_wanted(void **state)
{
	struct log_query query = LOG_QUERY_ALL;
	owned_fd folder = three_files();

	(void)state;
	query.tail = 2;
	query.streams[LOG_STDERR] = false;
	expect(folder, &query, "ce\ng\n", 0);
	query.streams[LOG_STDERR] = true;
	query.until = SECOND(4);
	expect(folder, &query, "cd\n", 0);
	query.until = SECOND(2);
	expect(folder, &query, "a\nb\n", 0);
}

static void parts_are_one_line_and_begin_once(void **state)
{
	const struct log_query query = LOG_QUERY_ALL;
	owned_fd folder = three_files();
	struct log_shown shown = { 0 };

	(void)state;
	log_test_read(folder, LOG_DRIVER_K8S_FILE, 3, &query, &shown);
	assert_int_equal(shown.records, 7);
	assert_int_equal(shown.lines, 6);
	log_test_forget(&shown);
}

static void what_is_no_record_is_passed_over_and_counted(void **state)
{
	const struct log_query query = LOG_QUERY_ALL;
	struct log_query last = LOG_QUERY_ALL;
	owned_fd folder = log_test_folder();

	(void)state;
	put(folder, 1,
	    "garbage\n" RECORD(1, "stdout", "F", "a") "\n" RECORD(2, "stdout", "X", "b"));
	put(folder, 0, RECORD(3, "stdout", "F", "c") "torn");
	expect(folder, &query, "a\nc\n", 3);
	last.tail = 2;
	expect(folder, &last, "a\nc\n", 2);
}

/* Also a line that no memory should hold. */
static void a_line_without_end_is_passed_over(void **state)
{
	const struct log_query query = LOG_QUERY_ALL;
	struct log_query last = LOG_QUERY_ALL;
	OWNED(buffer_finish) struct buffer text = { 0 };
	owned_string long_line = malloc(1000000);
	owned_fd folder = log_test_folder();

	(void)state;
	memset(long_line, 'x', 1000000);
	buffer_print(&text, "%s", RECORD(1, "stdout", "F", "a"));
	buffer_add(&text, long_line, 1000000);
	buffer_print(&text, "\n%s", RECORD(2, "stdout", "F", "b"));
	log_test_put(folder, LOG_TEST_NAME, text.text, text.length);
	expect(folder, &query, "a\nb\n", 1);
	last.tail = 2;
	expect(folder, &last, "a\nb\n", 1);
}

/* What went in comes out, whatever the portions, the format and the rotation. */
static void what_is_written_is_read(void **state)
{
	static const char *const drivers[] = { "k8s-file", "json-file" };
	static char output[200000];
	const struct log_query query = LOG_QUERY_ALL;
	uint32_t seed = 17;

	(void)state;
	for (int round = 0; round < 8; round++) {
		struct buffer written[LOG_STREAMS] = { 0 };
		owned_fd folder = log_test_folder();
		struct log_writer writer;
		struct log_shown shown = { 0 };
		for (size_t i = 0; i < sizeof output; i++) {
			uint32_t kind = log_test_random(&seed) % 64;
			/* All bytes for the one, all of ASCII for the other: JSON holds text. */
			output[i] = kind == 0	? '\n'
				    : round % 2 ? (char)(log_test_random(&seed) % 128)
						: (char)(log_test_random(&seed) % 256);
		}
		log_test_open(&writer, folder, drivers[round % 2],
			      round < 4 ? "" : "max-size=30000 max-file=200");
		for (size_t at = 0, part; at < sizeof output; at += part) {
			enum log_stream stream = log_test_random(&seed) % 2 ? LOG_STDOUT
									    : LOG_STDERR;
			part = 1 + log_test_random(&seed) % 3000;
			part = part < sizeof output - at ? part : sizeof output - at;
			log_write(&writer, stream, output + at, part, LOG_TEST_TIME);
			buffer_add(&written[stream], output + at, part);
			if (log_test_random(&seed) % 8 == 0)
				log_settle(&writer, LOG_TEST_TIME);
		}
		log_flush(&writer, LOG_STDOUT, LOG_TEST_TIME);
		log_flush(&writer, LOG_STDERR, LOG_TEST_TIME);
		log_writer_close(&writer);
		log_test_read(folder, round % 2 ? LOG_DRIVER_JSON_FILE : LOG_DRIVER_K8S_FILE, 200,
			      &query, &shown);
		for (int i = 0; i < LOG_STREAMS; i++) {
			assert_int_equal(shown.streams[i].length, written[i].length);
			assert_memory_equal(shown.streams[i].text, written[i].text,
					    written[i].length);
			buffer_finish(&written[i]);
		}
		log_test_forget(&shown);
	}
}

static void drivers_without_files_are_refused(void **state)
{
	const struct log_sink sink = { log_test_show, NULL, NULL };
	const struct log_query query = LOG_QUERY_ALL;
	OWNED(log_place_finish) struct log_place place;
	owned_fd folder = log_test_folder();
	struct error err = { 0 };
	uint64_t damaged;

	(void)state;
	SUCCEEDS(log_place_init(&place, folder, LOG_TEST_NAME, 1, &err));
	FAILS(log_read(&place, LOG_DRIVER_JOURNALD, &query, &sink, &damaged, &err), EOPNOTSUPP,
	      "the log driver journald keeps nothing to be read here");
	FAILS(log_read(&place, LOG_DRIVER_NONE, &query, &sink, &damaged, &err), EOPNOTSUPP,
	      "the log driver none keeps");
}

static int show_two(void *context, const struct log_entry *entry, bool begins, struct error *err)
{
	int *left = context;

	(void)entry;
	(void)begins;
	(void)err;
	return --*left == 0;
}

static int show_none(void *context, const struct log_entry *entry, bool begins, struct error *err)
{
	(void)context;
	(void)entry;
	(void)begins;
	return error_errno(err, EPIPE, "print");
}

static void the_sink_may_end_it(void **state)
{
	struct log_query query = LOG_QUERY_ALL;
	owned_fd folder = three_files();
	OWNED(log_place_finish) struct log_place place;
	struct error err = { 0 };
	uint64_t damaged;
	int left = 2;

	(void)state;
	const struct log_sink two = { show_two, NULL, &left }, none = { show_none, NULL, NULL };
	SUCCEEDS(log_place_init(&place, folder, LOG_TEST_NAME, 3, &err));
	query.follow = true;
	SUCCEEDS(log_read(&place, LOG_DRIVER_K8S_FILE, &query, &two, &damaged, &err));
	assert_int_equal(left, 0);
	FAILS(log_read(&place, LOG_DRIVER_K8S_FILE, &query, &none, &damaged, &err), EPIPE,
	      "print: broken pipe");
}

/* A log of some hundred MB: the last lines come from its end. */
static void the_last_lines_of_a_large_log_cost_little(void **state)
{
	struct log_query query = LOG_QUERY_ALL;
	OWNED(buffer_finish) struct buffer tail = { 0 };
	owned_fd folder = log_test_folder();
	struct timespec start, end;

	(void)state;
	for (int i = 0; i < 1000; i++)
		buffer_print(&tail, "%s%d\n", STAMP(1) " stdout F ", i);
	owned_fd fd = openat(folder, LOG_TEST_NAME, O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
	/* What lies before is a hole: who read it would take seconds. */
	assert_int_equal(ftruncate(fd, INT64_C(1) << 33), 0);
	assert_int_equal(pwrite(fd, "\n", 1, (INT64_C(1) << 33) - 1), 1);
	assert_int_equal(pwrite(fd, tail.text, tail.length, INT64_C(1) << 33),
			 (ssize_t)tail.length);
	query.tail = 2;
	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &start);
	expect(folder, &query, "998\n999\n", 0);
	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &end);
	assert_true((end.tv_sec - start.tv_sec) * 1000 + (end.tv_nsec - start.tv_nsec) / 1000000 <
		    500);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(all_files_are_read_from_the_oldest_on),
		cmocka_unit_test(streams_are_told_apart),
		cmocka_unit_test(a_span_of_time_is_read),
		cmocka_unit_test(the_last_lines_are_read),
		cmocka_unit_test(the_last_lines_are_those_that_are_wanted),
		cmocka_unit_test(parts_are_one_line_and_begin_once),
		cmocka_unit_test(what_is_no_record_is_passed_over_and_counted),
		cmocka_unit_test(a_line_without_end_is_passed_over),
		cmocka_unit_test(what_is_written_is_read),
		cmocka_unit_test(drivers_without_files_are_refused),
		cmocka_unit_test(the_sink_may_end_it),
		cmocka_unit_test(the_last_lines_of_a_large_log_cost_little),
	};

	return cmocka_run_group_tests(tests, sandbox_setup, sandbox_teardown);
}
