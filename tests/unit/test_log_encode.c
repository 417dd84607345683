/* Records byte by byte, as containerd and Docker write them. */
#include "shim/log/encode.h"

#include "tests/unit/logs.h"

static void encode(enum log_driver driver, const char *attributes, enum log_stream stream,
		   const char *text, size_t length, bool ends, struct buffer *ret)
{
	struct log_encoding encoding;
	struct error err = { 0 };

	*ret = (struct buffer){ 0 };
	SUCCEEDS(log_encoding_init(&encoding, driver, attributes, &err));
	log_encoding_set_time(&encoding, LOG_TEST_TIME);
	/* Exactly the room that is said to be enough. */
	size_t room = log_encode_room(&encoding, length);
	owned_string to = malloc(room);
	assert_non_null(to);
	const char *end = log_encode(&encoding, to, stream, text, length, ends);
	assert_true((size_t)(end - to) <= room);
	buffer_add(ret, to, (size_t)(end - to));
	log_encoding_finish(&encoding);
}

static void expect(enum log_driver driver, const char *attributes, enum log_stream stream,
		   const char *text, bool ends, const char *expected)
{
	OWNED(buffer_finish) struct buffer record = { 0 };

	encode(driver, attributes, stream, text, strlen(text), ends, &record);
	assert_string_equal(record.text, expected);
}

static void k8s_records_have_time_stream_and_flag(void **state)
{
	(void)state;
	expect(LOG_DRIVER_K8S_FILE, NULL, LOG_STDOUT, "hello", true,
	       LOG_TEST_STAMP " stdout F hello\n");
	expect(LOG_DRIVER_K8S_FILE, NULL, LOG_STDERR, "oh\r", false,
	       LOG_TEST_STAMP " stderr P oh\r\n");
	expect(LOG_DRIVER_K8S_FILE, NULL, LOG_STDOUT, "", true, LOG_TEST_STAMP " stdout F \n");
}

#define JSON_END "\",\"stream\":\"stdout\",\"time\":\"2026-01-02T03:04:05.00000006Z\"}\n"

static void json_records_are_dockers(void **state)
{
	(void)state;
	expect(LOG_DRIVER_JSON_FILE, NULL, LOG_STDOUT, "hello", true,
	       "{\"log\":\"hello\\n" JSON_END);
	expect(LOG_DRIVER_JSON_FILE, NULL, LOG_STDOUT, "part", false, "{\"log\":\"part" JSON_END);
	expect(LOG_DRIVER_JSON_FILE, NULL, LOG_STDOUT, "", true, "{\"log\":\"\\n" JSON_END);
}

/* As dockerd 20.10 wrote it, with --log-opt labels, env and tag. */
static void json_attributes_stand_behind_the_stream(void **state)
{
	(void)state;
	expect(LOG_DRIVER_JSON_FILE,
	       "{\"E\":\"é\\u0026\",\"a.b\":\"x\\u003cy\\u003e\\\"q\\\"\\tt\",\"tag\":"
	       "\"T62dd79670f93\"}",
	       LOG_STDERR, "to-stderr", true,
	       "{\"log\":\"to-stderr\\n\",\"stream\":\"stderr\",\"attrs\":{\"E\":\"é\\u0026\",\"a."
	       "b\":"
	       "\"x\\u003cy\\u003e\\\"q\\\"\\tt\",\"tag\":\"T62dd79670f93\"},"
	       "\"time\":\"2026-01-02T03:04:05.00000006Z\"}\n");
}

/* What dockerd 20.10 made of each of the 255 bytes that are no newline. */
static void every_byte_is_escaped_as_docker_does(void **state)
{
	OWNED(buffer_finish) struct buffer record = { 0 }, expected = { 0 };
	char bytes[255];
	size_t n = 0;

	(void)state;
	for (int byte = 0; byte < 256; byte++)
		if (byte != '\n')
			bytes[n++] = (char)byte;
	buffer_print(
		&expected, "%s",
		"{\"log\":"
		"\"\\u0000\\u0001\\u0002\\u0003\\u0004\\u0005\\u0006\\u0007\\u0008\\u0009\\u000b"
		"\\u000c\\r\\u000e\\u000f\\u0010\\u0011\\u0012\\u0013\\u0014\\u0015\\u0016\\u0017\\"
		"u0018"
		"\\u0019\\u001a\\u001b\\u001c\\u001d\\u001e\\u001f "
		"!\\\"#$%\\u0026'()*+,-./0123456789:;"
		"\\u003c=\\u003e?@ABCDEFGHIJKLMNOPQRSTUVWXYZ[\\\\]^_`abcdefghijklmnopqrstuvwxyz{|}~"
		"\x7f");
	for (int byte = 128; byte < 256; byte++)
		buffer_add(&expected, "\\ufffd", 6);
	buffer_print(&expected, "\\n%s", JSON_END);
	encode(LOG_DRIVER_JSON_FILE, NULL, LOG_STDOUT, bytes, n, true, &record);
	assert_string_equal(record.text, expected.text);
}

/* As dockerd 20.10 wrote these lines. */
static void utf8_is_kept_and_what_is_none_is_marked(void **state)
{
	(void)state;
	expect(LOG_DRIVER_JSON_FILE, NULL, LOG_STDOUT, "a\u2028b\u2029c é € \U0001F600 \ufffd",
	       true, "{\"log\":\"a\\u2028b\\u2029c é € \U0001F600 \ufffd\\n" JSON_END);
	expect(LOG_DRIVER_JSON_FILE, NULL, LOG_STDOUT, "torn \xe2\x82", true,
	       "{\"log\":\"torn \\ufffd\\ufffd\\n" JSON_END);
	expect(LOG_DRIVER_JSON_FILE, NULL, LOG_STDOUT, "\xed\xa0\x80 surrogate \xc0\x80", true,
	       "{\"log\":\"\\ufffd\\ufffd\\ufffd surrogate \\ufffd\\ufffd\\n" JSON_END);
}

/* Each place in a block of the vectors, and each length. */
static void an_escape_is_found_wherever_it_stands(void **state)
{
	static const struct {
		const char *byte, *escape;
	} specials[] = { { "\"", "\\\"" },   { "\\", "\\\\" },	   { "<", "\\u003c" },
			 { ">", "\\u003e" }, { "&", "\\u0026" },   { "\x1f", "\\u001f" },
			 { "é", "é" },	     { "\xff", "\\ufffd" } };

	(void)state;
	for (size_t special = 0; special < sizeof specials / sizeof *specials; special++)
		for (int before = 0; before < 40; before++)
			for (int behind = 0; behind < 20; behind++) {
				owned_string text = text_format(
					"%.*s%s%.*s", before,
					"0123456789012345678901234567890123456789",
					specials[special].byte, behind, "abcdefghijklmnopqrst");
				owned_string expected = text_format(
					"{\"log\":\"%.*s%s%.*s\\n" JSON_END, before,
					"0123456789012345678901234567890123456789",
					specials[special].escape, behind, "abcdefghijklmnopqrst");
				expect(LOG_DRIVER_JSON_FILE, NULL, LOG_STDOUT, text, true,
				       expected);
			}
}

static void the_longest_record_is_no_longer_than_readers_take(void **state)
{
	OWNED(buffer_finish) struct buffer record = { 0 };
	owned_string text = calloc(1, LOG_LINE_MAX);
	owned_string attributes = calloc(1, LOG_ATTRIBUTES_MAX + 1);
	char *at = attributes;

	(void)state;
	at = stpcpy(at, "{\"a\":\"");
	memset(at, 'x', LOG_ATTRIBUTES_MAX - 8);
	memcpy(attributes + LOG_ATTRIBUTES_MAX - 2, "\"}", 3);
	encode(LOG_DRIVER_JSON_FILE, attributes, LOG_STDERR, text, LOG_LINE_MAX, true, &record);
	assert_true(record.length <= LOG_RECORD_MAX);
	assert_true(record.length > LOG_RECORD_MAX - 256);
}

static void attributes_without_bound_are_refused(void **state)
{
	owned_string attributes = calloc(1, LOG_ATTRIBUTES_MAX + 2);
	struct log_encoding encoding;
	struct error err;

	(void)state;
	memset(attributes, 'x', LOG_ATTRIBUTES_MAX + 1);
	FAILS(log_encoding_init(&encoding, LOG_DRIVER_JSON_FILE, attributes, &err), E2BIG,
	      "attributes take more than 65536 bytes");
}

static void the_time_can_change(void **state)
{
	struct log_encoding encoding;
	struct error err = { 0 };
	char text[128];

	(void)state;
	SUCCEEDS(log_encoding_init(&encoding, LOG_DRIVER_JSON_FILE, NULL, &err));
	log_encoding_set_time(&encoding, 0);
	*log_encode(&encoding, text, LOG_STDOUT, "a", 1, true) = '\0';
	assert_string_equal(
		text,
		"{\"log\":\"a\\n\",\"stream\":\"stdout\",\"time\":\"1970-01-01T00:00:00Z\"}\n");
	log_encoding_set_time(&encoding, LOG_TEST_TIME);
	*log_encode(&encoding, text, LOG_STDOUT, "a", 1, true) = '\0';
	assert_string_equal(text, "{\"log\":\"a\\n" JSON_END);
	log_encoding_finish(&encoding);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(k8s_records_have_time_stream_and_flag),
		cmocka_unit_test(json_records_are_dockers),
		cmocka_unit_test(json_attributes_stand_behind_the_stream),
		cmocka_unit_test(every_byte_is_escaped_as_docker_does),
		cmocka_unit_test(utf8_is_kept_and_what_is_none_is_marked),
		cmocka_unit_test(an_escape_is_found_wherever_it_stands),
		cmocka_unit_test(the_longest_record_is_no_longer_than_readers_take),
		cmocka_unit_test(attributes_without_bound_are_refused),
		cmocka_unit_test(the_time_can_change),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
