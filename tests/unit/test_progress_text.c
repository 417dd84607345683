/* How an item of a long job reads on a terminal, in a log and as JSON. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>
#include <json-c/json.h>

#include "imgtool/base/progress_text.h"

static const char digest[] =
	"sha256:0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef";

static struct progress_view busy(void)
{
	return (struct progress_view){
		.name = digest,
		.state = PROGRESS_EXTRACTING,
		.activity = "Extracting",
		.done = 25000000,
		.size = 100000000,
		.seconds = 0.5,
	};
}

static void expect_terminal(const struct progress_view *view, unsigned columns,
			    const char *expected)
{
	struct buffer text = { 0 };

	progress_print_terminal(&text, view, columns);
	assert_string_equal(text.text ? text.text : "", expected);
	assert_true(text.length <= columns);
	buffer_finish(&text);
}

static void expect_line(const struct progress_view *view, const char *expected)
{
	struct buffer text = { 0 };

	progress_print_line(&text, view);
	assert_string_equal(text.text ? text.text : "", expected);
	buffer_finish(&text);
}

static void expect_name(const char *name, const char *expected)
{
	char text[PROGRESS_NAME_MAX];

	progress_short_name(name, text);
	assert_string_equal(text, expected);
}

static void a_name_is_short_and_printable(void **unused)
{
	(void)unused;
	expect_name(digest, "0123456789ab");
	expect_name("layer.tar", "layer.tar");
	expect_name("a\033[2Jb\nc", "a?[2Jb?c");
	expect_name("\303\244\302\233", "????");
	expect_name("sha256:zz", "sha256:zz");
	expect_name("123456789012345678901234567890", "123456789012345678901234");
	expect_name("", "");
}

static void expect_bytes(double bytes, const char *expected)
{
	char text[PROGRESS_BYTES_MAX];

	progress_print_bytes(text, bytes);
	assert_string_equal(text, expected);
}

static void bytes_are_counted_in_thousands(void **unused)
{
	(void)unused;
	expect_bytes(0, "0 B");
	expect_bytes(999, "999 B");
	expect_bytes(1000, "1.0 kB");
	expect_bytes(999949, "999.9 kB");
	expect_bytes(999951, "1.0 MB");
	expect_bytes(45600000, "45.6 MB");
	expect_bytes((double)UINT64_MAX, "18.4 EB");
}

static void what_has_no_room_is_left_out(void **unused)
{
	struct progress_view view = busy();

	(void)unused;
	expect_terminal(&view, 100,
			"0123456789ab  Extracting [====>            ]  25 %   25.0 MB/100.0 MB   "
			"50.0 MB/s           2 s left");
	expect_terminal(
		&view, 80,
		"0123456789ab  Extracting  25 %   25.0 MB/100.0 MB   50.0 MB/s           2 s left");
	expect_terminal(&view, 64, "0123456789ab  Extracting  25 %   25.0 MB/100.0 MB   50.0 MB/s");
	expect_terminal(&view, 50, "0123456789ab  Extracting  25 %   25.0 MB/100.0 MB");
	expect_terminal(&view, 45, "0123456789ab  Extracting [===>        ]  25 %");
	expect_terminal(&view, 32, "0123456789ab  Extracting  25 %");
	expect_terminal(&view, 19, "0123456789ab  Extra");
	expect_terminal(&view, 0, "");
}

static void an_unknown_size_has_no_percentage(void **unused)
{
	struct progress_view view = busy();

	(void)unused;
	view.size = 0;
	expect_terminal(&view, 80, "0123456789ab  Extracting   25.0 MB   50.0 MB/s");
}

static void more_than_all_is_all(void **unused)
{
	struct progress_view view = busy();

	(void)unused;
	view.done = 3 * view.size;
	expect_terminal(&view, 70, "0123456789ab  Extracting 100 %  100.0 MB/100.0 MB  200.0 MB/s");
}

static void the_time_left_is_in_fitting_units(void **unused)
{
	struct progress_view view = busy();

	(void)unused;
	view.done = 1000000;
	view.seconds = 1;
	expect_terminal(
		&view, 80,
		"0123456789ab  Extracting   1 %    1.0 MB/100.0 MB    1.0 MB/s    1 min 39 s left");
	view.seconds = 50;
	expect_terminal(
		&view, 80,
		"0123456789ab  Extracting   1 %    1.0 MB/100.0 MB   20.0 kB/s    1 h 22 min left");
}

static void each_state_has_its_words(void **unused)
{
	struct progress_view view = busy();

	(void)unused;
	view.state = PROGRESS_WAITING;
	expect_terminal(&view, 80, "0123456789ab  Waiting");
	view.state = PROGRESS_PRESENT;
	expect_terminal(&view, 80, "0123456789ab  Already there");
	view.state = PROGRESS_FAILED;
	expect_terminal(&view, 80, "0123456789ab  Failed");
	view.state = PROGRESS_DONE;
	expect_terminal(&view, 80, "0123456789ab  Done  25.0 MB in 0.5 s");
	expect_terminal(&view, 30, "0123456789ab  Done");
}

static void a_log_has_a_line_for_beginning_and_end(void **unused)
{
	struct progress_view view = busy();

	(void)unused;
	expect_line(&view, "0123456789ab: Extracting, 100.0 MB\n");
	view.state = PROGRESS_WAITING;
	expect_line(&view, "");
	view.state = PROGRESS_PRESENT;
	expect_line(&view, "0123456789ab: Already there\n");
	view.state = PROGRESS_FAILED;
	expect_line(&view, "0123456789ab: Failed\n");
	view.state = PROGRESS_DONE;
	expect_line(&view, "0123456789ab: Done, 25.0 MB in 0.5 s\n");
}

static void an_event_is_an_object(void **unused)
{
	struct progress_view view = busy();
	struct buffer text = { 0 };
	struct json_object *json;

	(void)unused;
	view.name = "a\033\"b";
	view.activity = "Packing";
	progress_print_json(&text, &view, 3, "2026-01-02T03:04:05Z");
	assert_string_equal(
		text.text,
		"{\"item\":3,\"digest\":\"a\\u001b\\\"b\",\"state\":\"packing\",\"done\":25000000,"
		"\"size\":100000000,\"time\":\"2026-01-02T03:04:05Z\"}\n");
	json = json_tokener_parse(text.text);
	assert_non_null(json);
	json_object_put(json);
	buffer_finish(&text);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_name_is_short_and_printable),
		cmocka_unit_test(bytes_are_counted_in_thousands),
		cmocka_unit_test(what_has_no_room_is_left_out),
		cmocka_unit_test(an_unknown_size_has_no_percentage),
		cmocka_unit_test(more_than_all_is_all),
		cmocka_unit_test(the_time_left_is_in_fitting_units),
		cmocka_unit_test(each_state_has_its_words),
		cmocka_unit_test(a_log_has_a_line_for_beginning_and_end),
		cmocka_unit_test(an_event_is_an_object),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
