/* Strings, lists of strings, and text under construction. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "spec/base/json_text.h"
#include "spec/base/owned.h"
#include "spec/base/text.h"

static void equal_takes_null(void **unused)
{
	(void)unused;
	assert_true(text_equal(NULL, NULL));
	assert_false(text_equal("", NULL));
	assert_false(text_equal(NULL, "a"));
	assert_true(text_equal("a", "a"));
	assert_false(text_equal("a", "A"));
}

static void starts_with(void **unused)
{
	(void)unused;
	assert_true(text_starts_with("abc", "ab"));
	assert_true(text_starts_with("abc", ""));
	assert_false(text_starts_with("ab", "abc"));
}

static void control_characters_are_found(void **unused)
{
	(void)unused;
	assert_false(text_has_control(""));
	assert_false(text_has_control(" ~\xc3\xa9\x80"));
	assert_true(text_has_control("a\n"));
	assert_true(text_has_control("\x1b[0m"));
	assert_true(text_has_control("a\x7f"));
}

static void format_is_owned_by_the_caller(void **unused)
{
	owned_string text = text_format("%s-%d", "a", 5);

	(void)unused;
	assert_string_equal(text, "a-5");
}

static void int64_takes_the_whole_range(void **unused)
{
	int64_t value = 0;

	(void)unused;
	assert_int_equal(text_to_int64("-9223372036854775808", &value), 0);
	assert_true(value == INT64_MIN);
	assert_int_equal(text_to_int64("9223372036854775807", &value), 0);
	assert_true(value == INT64_MAX);
	assert_int_equal(text_to_int64("-0", &value), 0);
	assert_int_equal(value, 0);
}

static void uint64_takes_the_whole_range(void **unused)
{
	uint64_t value = 0;

	(void)unused;
	assert_int_equal(text_to_uint64("18446744073709551615", &value), 0);
	assert_true(value == UINT64_MAX);
	assert_int_equal(text_to_uint64("007", &value), 0);
	assert_int_equal(value, 7);
}

static void numbers_out_of_range(void **unused)
{
	int64_t number = 5;
	uint64_t unsigned_number = 5;

	(void)unused;
	assert_int_equal(text_to_int64("9223372036854775808", &number), -1);
	assert_int_equal(errno, ERANGE);
	assert_int_equal(text_to_int64("-9223372036854775809", &number), -1);
	assert_int_equal(errno, ERANGE);
	assert_int_equal(text_to_uint64("18446744073709551616", &unsigned_number), -1);
	assert_int_equal(errno, ERANGE);
	assert_int_equal(number, 5);
	assert_int_equal(unsigned_number, 5);
}

static void what_is_not_a_number(void **unused)
{
	static const char *const texts[] = { "",    "-",   " 1",  "1 ",	 "+1",	"1a",
					     "0x1", "1.0", "1e3", "--1", "\n1", "1\n" };
	int64_t number;
	uint64_t unsigned_number;

	(void)unused;
	for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
		errno = 0;
		if (text_to_int64(texts[i], &number) != -1 || errno != EINVAL)
			fail_msg("'%s' as a signed number", texts[i]);
		errno = 0;
		if (text_to_uint64(texts[i], &unsigned_number) != -1 || errno != EINVAL)
			fail_msg("'%s' as an unsigned number", texts[i]);
	}
	assert_int_equal(text_to_uint64("-1", &unsigned_number), -1);
}

static void list_ends_with_null(void **unused)
{
	struct string_list list = { 0 };

	(void)unused;
	assert_int_equal(string_list_add(&list, "a"), 0);
	assert_int_equal(string_list_add(&list, ""), 0);
	assert_int_equal(list.n, 2);
	assert_string_equal(list.v[0], "a");
	assert_string_equal(list.v[1], "");
	assert_null(list.v[2]);
	assert_true(string_list_has(&list, ""));
	assert_false(string_list_has(&list, "b"));
	string_list_finish(&list);
	assert_int_equal(list.n, 0);
	assert_null(list.v);
	assert_false(string_list_has(&list, "a"));
	string_list_finish(&list);
}

static void map_finds_the_value(void **unused)
{
	struct string_map map = { calloc(2, sizeof *map.v), 2 };

	(void)unused;
	map.v[0] = (struct string_pair){ strdup("a"), strdup("1") };
	map.v[1] = (struct string_pair){ strdup("b"), strdup("2") };
	assert_string_equal(string_map_get(&map, "b"), "2");
	assert_null(string_map_get(&map, "c"));
	string_map_finish(&map);
	assert_null(string_map_get(&map, "a"));
}

static void buffer_grows(void **unused)
{
	struct buffer buffer = { 0 };

	(void)unused;
	for (int i = 0; i < 1000; i++)
		buffer_print(&buffer, "%04d,", i);
	buffer_add(&buffer, "a\0b", 3);
	assert_false(buffer.failed);
	assert_int_equal(buffer.length, 5003);
	assert_memory_equal(buffer.text + 4995, "0999,a\0b", 9);
	buffer_finish(&buffer);
	assert_null(buffer.text);
}

static void empty_buffer_has_no_text(void **unused)
{
	struct buffer buffer = { 0 };

	(void)unused;
	assert_null(buffer.text);
	buffer_add(&buffer, NULL, 0);
	assert_string_equal(buffer.text, "");
	buffer_finish(&buffer);
}

static void failed_buffer_stays_failed(void **unused)
{
	struct buffer buffer = { .failed = true };

	(void)unused;
	buffer_add(&buffer, "x", 1);
	buffer_print(&buffer, "x");
	assert_true(buffer.failed);
	assert_int_equal(buffer.length, 0);
	buffer_finish(&buffer);
}

static void utf8_sequences(void **unused)
{
	const struct {
		const char *text;
		size_t length, expected;
	} cases[] = {
		{ "", 0, 0 },
		{ "a", 1, 1 },
		{ "\0", 1, 1 },
		{ "\x7f", 1, 1 },
		{ "\x80", 1, 0 },
		{ "\xc1\xbf", 2, 0 }, /* overlong */
		{ "\xc2\x80", 2, 2 }, /* U+0080 */
		{ "\xc2", 1, 0 },     /* cut */
		{ "\xc2g", 2, 0 },
		{ "\xe0\x9f\xbf", 3, 0 },     /* overlong */
		{ "\xe0\xa0\x80", 3, 3 },     /* U+0800 */
		{ "\xed\x9f\xbf", 3, 3 },     /* U+D7FF */
		{ "\xed\xa0\x80", 3, 0 },     /* U+D800, a surrogate */
		{ "\xee\x80\x80", 3, 3 },     /* U+E000 */
		{ "\xef\xbf", 2, 0 },	      /* cut */
		{ "\xf0\x8f\xbf\xbf", 4, 0 }, /* overlong */
		{ "\xf0\x90\x80\x80", 4, 4 }, /* U+10000 */
		{ "\xf4\x8f\xbf\xbf", 4, 4 }, /* U+10FFFF */
		{ "\xf4\x90\x80\x80", 4, 0 }, /* beyond */
		{ "\xf5\x80\x80\x80", 4, 0 },
		{ "\xf0\x90\x80g", 4, 0 },
		{ "\xff", 1, 0 },
	};

	(void)unused;
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
		if (utf8_sequence(cases[i].text, cases[i].length) != cases[i].expected)
			fail_msg("case %zu", i);
}

static void utf8_is_not_torn(void **unused)
{
	(void)unused;
	assert_int_equal(utf8_cut("abc", 3, 5), 3);
	assert_int_equal(utf8_cut("abc", 3, 2), 2);
	assert_int_equal(utf8_cut("a\xc3\xa9z", 4, 2), 1);
	assert_int_equal(utf8_cut("a\xc3\xa9z", 4, 3), 3);
	assert_int_equal(utf8_count("a\xc3\xa9z", 4), 3);
	assert_int_equal(utf8_count("", 0), 0);
}

static void json_string_escapes(void **unused)
{
	static const char text[] = "a\"\\\n\r\t\b\x1f\x7f\0/\xc3\xa9\xff";
	struct buffer buffer = { 0 };

	(void)unused;
	buffer_add_json_string(&buffer, text, sizeof text - 1);
	assert_string_equal(buffer.text, "\"a\\\"\\\\\\n\\r\\t\\u0008\\u001f\\u007f\\u0000/\xc3\xa9"
					 "\\ufffd\"");
	buffer_finish(&buffer);
}

static void json_string_unescapes(void **unused)
{
	static const char source[] =
		"\\\"\\\\\\/\\b\\f\\n\\r\\t\\u0041\\u00e9\\u20ac\\ud83d\\ude00z";
	char to[sizeof source];

	(void)unused;
	size_t length = json_unescape(source, sizeof source - 1, to);
	assert_int_equal(length, 8 + 1 + 2 + 3 + 4 + 1);
	assert_memory_equal(to, "\"\\/\b\f\n\r\tA\xc3\xa9\xe2\x82\xac\xf0\x9f\x98\x80z", length);
}

static void take_leaves_nothing(void **unused)
{
	char *text = strdup("x");
	owned_string taken = take_pointer(text);
	int fd = 7;

	(void)unused;
	assert_null(text);
	assert_string_equal(taken, "x");
	assert_int_equal(take_fd(&fd), 7);
	assert_int_equal(fd, -1);
}

static void expect_printable(const char *text, const char *expected)
{
	char changed[64];

	snprintf(changed, sizeof changed, "%s", text);
	text_make_printable(changed);
	assert_string_equal(changed, expected);
}

static void what_a_terminal_would_act_on_is_replaced(void **unused)
{
	(void)unused;
	expect_printable("", "");
	expect_printable("plain ~", "plain ~");
	expect_printable("a\033[2Jb\n\r\tc\177", "a?[2Jb???c?");
	expect_printable("\303\244 \342\202\254", "\303\244 \342\202\254");
	/* C1: "\302\233" is the control sequence introducer. */
	expect_printable("\302\233m \302\240", "??m \302\240");
	expect_printable("\377\303", "??");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(equal_takes_null),
		cmocka_unit_test(starts_with),
		cmocka_unit_test(control_characters_are_found),
		cmocka_unit_test(format_is_owned_by_the_caller),
		cmocka_unit_test(int64_takes_the_whole_range),
		cmocka_unit_test(uint64_takes_the_whole_range),
		cmocka_unit_test(numbers_out_of_range),
		cmocka_unit_test(what_is_not_a_number),
		cmocka_unit_test(list_ends_with_null),
		cmocka_unit_test(map_finds_the_value),
		cmocka_unit_test(buffer_grows),
		cmocka_unit_test(empty_buffer_has_no_text),
		cmocka_unit_test(failed_buffer_stays_failed),
		cmocka_unit_test(utf8_sequences),
		cmocka_unit_test(utf8_is_not_torn),
		cmocka_unit_test(json_string_escapes),
		cmocka_unit_test(json_string_unescapes),
		cmocka_unit_test(take_leaves_nothing),
		cmocka_unit_test(what_a_terminal_would_act_on_is_replaced),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
