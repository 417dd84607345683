/* What is taken for a record, and what is not. */
#include "shim/log/decode.h"

#include "tests/unit/logs.h"

/* In memory of exactly its length, so that the sanitizer sees who reads beyond it. */
static int decode(enum log_driver driver, const char *line, size_t length, struct log_entry *entry,
		  char **line_copy, char **scratch)
{
	*line_copy = malloc(length ? length : 1);
	*scratch = malloc(length ? length : 1);
	memcpy(*line_copy, line, length);
	return log_decode(driver, *line_copy, length, *scratch, entry);
}

static void expect(enum log_driver driver, const char *line, enum log_stream stream, bool ends,
		   const char *text, size_t length)
{
	owned_string copy = NULL;
	owned_string scratch = NULL;
	struct log_entry entry;

	if (decode(driver, line, strlen(line), &entry, &copy, &scratch))
		fail_msg("no record: %s", line);
	assert_int_equal(entry.time, LOG_TEST_TIME);
	assert_int_equal(entry.stream, stream);
	assert_int_equal(entry.ends, ends);
	assert_int_equal(entry.length, length);
	assert_memory_equal(entry.text, text, length);
}

#define EXPECT_K8S(rest, stream, ends, text) \
	expect(LOG_DRIVER_K8S_FILE, LOG_TEST_STAMP rest, stream, ends, text, sizeof(text) - 1)
#define EXPECT_JSON(line, stream, ends, text) \
	expect(LOG_DRIVER_JSON_FILE, line, stream, ends, text, sizeof(text) - 1)

static void k8s_records_are_read(void **state)
{
	(void)state;
	EXPECT_K8S(" stdout F hello world", LOG_STDOUT, true, "hello world");
	EXPECT_K8S(" stderr P  two blanks ", LOG_STDERR, false, " two blanks ");
	EXPECT_K8S(" stdout F ", LOG_STDOUT, true, "");
	EXPECT_K8S(" stdout P:more:tags text", LOG_STDOUT, false, "text");
}

static void k8s_times_may_have_any_zone(void **state)
{
	(void)state;
	expect(LOG_DRIVER_K8S_FILE, "2026-01-02T04:04:05.00000006+01:00 stdout F a", LOG_STDOUT,
	       true, "a", 1);
}

#define TIME ",\"time\":\"2026-01-02T03:04:05.00000006Z\"}"

static void json_records_are_read(void **state)
{
	(void)state;
	EXPECT_JSON("{\"log\":\"hello\\n\",\"stream\":\"stdout\"" TIME, LOG_STDOUT, true, "hello");
	EXPECT_JSON("{\"log\":\"part\",\"stream\":\"stderr\"" TIME, LOG_STDERR, false, "part");
	EXPECT_JSON("{\"log\":\"\\n\",\"stream\":\"stdout\"" TIME, LOG_STDOUT, true, "");
	EXPECT_JSON("{\"stream\":\"stdout\"" TIME, LOG_STDOUT, false, "");
	EXPECT_JSON("{\"log\":\"tab\\u0009\\u003c\\\"\\\\\\r\\n\",\"stream\":\"stdout\"" TIME,
		    LOG_STDOUT, true, "tab\t<\"\\\r");
	EXPECT_JSON("{\"log\":\"\\u0000\\ud83d\\ude00\\u20ac\",\"stream\":\"stdout\"" TIME,
		    LOG_STDOUT, false, "\0\U0001F600€");
	EXPECT_JSON("{\"log\":\"back\\\\n\",\"stream\":\"stdout\"" TIME, LOG_STDOUT, false,
		    "back\\n");
}

static void json_members_may_come_in_any_order_with_others(void **state)
{
	(void)state;
	EXPECT_JSON("{\"time\":\"2026-01-02T03:04:05.00000006Z\",\"stream\":\"stderr\",\"log\":"
		    "\"a\\n\"}",
		    LOG_STDERR, true, "a");
	EXPECT_JSON("{ \"log\" : \"a\\n\" , \"attrs\" : {\"x\":[1,{\"y\":\"}\\\"]\"}],\"z\":null} "
		    ", \"n\":-1.5e3, "
		    "\"stream\" : \"stdout\" " TIME " ",
		    LOG_STDOUT, true, "a");
}

static void what_is_no_k8s_record_is_refused(void **state)
{
	static const char *const bad[] = {
		"",
		" ",
		"hello",
		LOG_TEST_STAMP,
		LOG_TEST_STAMP " ",
		LOG_TEST_STAMP " stdout",
		LOG_TEST_STAMP " stdout ",
		LOG_TEST_STAMP " stdout F",
		LOG_TEST_STAMP " stdout X text",
		LOG_TEST_STAMP " stdout FP text",
		LOG_TEST_STAMP " stdout  F text",
		LOG_TEST_STAMP " stdin F text",
		LOG_TEST_STAMP " stdou F text",
		LOG_TEST_STAMP "  stdout F text",
		"2026-13-02T03:04:05Z stdout F text",
	};
	owned_string copy = NULL;
	owned_string scratch = NULL;
	struct log_entry entry;

	(void)state;
	for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
		if (decode(LOG_DRIVER_K8S_FILE, bad[i], strlen(bad[i]), &entry, &copy, &scratch) ==
		    0)
			fail_msg("a record: '%s'", bad[i]);
		free(take_pointer(copy));
		free(take_pointer(scratch));
	}
}

static void what_is_no_json_record_is_refused(void **state)
{
	static const char *const bad[] = {
		"",
		"{}",
		"{",
		"null",
		"[]",
		"{\"log\":\"a\\n\",\"stream\":\"stdout\"}",
		"{\"log\":\"a\\n\"" TIME,
		"{\"log\":\"a\\n\",\"stream\":\"stdin\"" TIME,
		"{\"log\":\"a\\n\",\"stream\":\"stdout\",\"time\":\"now\"}",
		"{\"log\":\"a\\n\",\"stream\":\"stdout\",\"time\":1}",
		"{\"log\":1,\"stream\":\"stdout\"" TIME,
		"{\"log\":\"a\\n\",\"stream\":\"stdout\"" TIME "}",
		"{\"log\":\"a\\n\",\"stream\":\"stdout\"" TIME " x",
		"{\"log\":\"a\\n\",,\"stream\":\"stdout\"" TIME,
		"{\"log\":\"a\\n\" \"stream\":\"stdout\"" TIME,
		"{\"log\":\"a\\x\",\"stream\":\"stdout\"" TIME,
		"{\"log\":\"a\\ud800\",\"stream\":\"stdout\"" TIME,
		"{\"log\":\"a\\udc00\",\"stream\":\"stdout\"" TIME,
		"{\"log\":\"a\\ud800\\u0041\",\"stream\":\"stdout\"" TIME,
		"{\"log\":\"a\\u00g0\",\"stream\":\"stdout\"" TIME,
		"{\"log\":\"a\tb\",\"stream\":\"stdout\"" TIME,
		"{\"log\":\"a\",\"x\":,\"stream\":\"stdout\"" TIME,
		"{\"log\":\"a\",\"x\":],\"stream\":\"stdout\"" TIME,
		"{\"log\":\"a\",\"x\":[,\"stream\":\"stdout\"" TIME,
		"{\"log\":\"a\",\"x\":[\"\x01\"],\"stream\":\"stdout\"" TIME,
	};
	owned_string copy = NULL;
	owned_string scratch = NULL;
	struct log_entry entry;

	(void)state;
	for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
		if (decode(LOG_DRIVER_JSON_FILE, bad[i], strlen(bad[i]), &entry, &copy, &scratch) ==
		    0)
			fail_msg("a record: '%s'", bad[i]);
		free(take_pointer(copy));
		free(take_pointer(scratch));
	}
}

/* Every beginning of a record is none: a writer that is killed leaves such. */
static void no_beginning_of_a_record_is_one(void **state)
{
	static const char line[] =
		"{\"log\":\"a\\u003c\\ud83d\\ude00\\n\",\"stream\":\"stdout\",\"attrs\":"
		"{\"a\":[\"b\"]}" TIME;
	owned_string copy = NULL;
	owned_string scratch = NULL;
	struct log_entry entry;

	(void)state;
	for (size_t length = 0; length < sizeof line - 1; length++) {
		assert_int_equal(
			decode(LOG_DRIVER_JSON_FILE, line, length, &entry, &copy, &scratch), -1);
		free(take_pointer(copy));
		free(take_pointer(scratch));
	}
	assert_int_equal(
		decode(LOG_DRIVER_JSON_FILE, line, sizeof line - 1, &entry, &copy, &scratch), 0);
}

/* A value that is not looked into may be as deep as it likes. */
static void depth_does_no_harm(void **state)
{
	OWNED(buffer_finish) struct buffer line = { 0 };
	owned_string copy = NULL;
	owned_string scratch = NULL;
	struct log_entry entry;

	(void)state;
	buffer_print(&line, "{\"log\":\"a\",\"stream\":\"stdout\",\"x\":");
	for (int i = 0; i < 100000; i++)
		buffer_add(&line, "[", 1);
	for (int i = 0; i < 100000; i++)
		buffer_add(&line, "]", 1);
	buffer_add(&line, TIME, sizeof TIME - 1);
	assert_int_equal(
		decode(LOG_DRIVER_JSON_FILE, line.text, line.length, &entry, &copy, &scratch), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(k8s_records_are_read),
		cmocka_unit_test(k8s_times_may_have_any_zone),
		cmocka_unit_test(json_records_are_read),
		cmocka_unit_test(json_members_may_come_in_any_order_with_others),
		cmocka_unit_test(what_is_no_k8s_record_is_refused),
		cmocka_unit_test(what_is_no_json_record_is_refused),
		cmocka_unit_test(no_beginning_of_a_record_is_one),
		cmocka_unit_test(depth_does_no_harm),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
