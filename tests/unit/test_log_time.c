/* Time stamps of records, and what --since takes. */
#include "shim/log/time.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <cmocka.h>

#define SECOND INT64_C(1000000000)

static void expect_print(int64_t time, const char *fixed, const char *trimmed)
{
	char text[LOG_TIME_TEXT + 1];

	text[log_time_print_fixed(time, text)] = '\0';
	assert_string_equal(text, fixed);
	text[log_time_print(time, text)] = '\0';
	assert_string_equal(text, trimmed);
}

static void stamps_have_nine_digits_or_only_those_that_matter(void **state)
{
	(void)state;
	expect_print(0, "1970-01-01T00:00:00.000000000Z", "1970-01-01T00:00:00Z");
	expect_print(1475712429669794202, "2016-10-06T00:07:09.669794202Z",
		     "2016-10-06T00:07:09.669794202Z");
	expect_print(1475712429660000000, "2016-10-06T00:07:09.660000000Z",
		     "2016-10-06T00:07:09.66Z");
	expect_print(-1, "1969-12-31T23:59:59.999999999Z", "1969-12-31T23:59:59.999999999Z");
	expect_print(INT64_MAX, "2262-04-11T23:47:16.854775807Z", "2262-04-11T23:47:16.854775807Z");
	expect_print(INT64_MIN, "1677-09-21T00:12:43.145224192Z", "1677-09-21T00:12:43.145224192Z");
}

static void a_printed_stamp_is_read_again(void **state)
{
	char text[LOG_TIME_TEXT];
	int64_t back;

	(void)state;
	for (int64_t day = -100000; day < 100000; day += 7) {
		int64_t time = (day * 86400 + day % 86399) * SECOND + (day & 0xffff) * 15000;
		assert_int_equal(log_time_parse(text, log_time_print(time, text), &back), 0);
		assert_int_equal(back, time);
		assert_int_equal(log_time_parse(text, log_time_print_fixed(time, text), &back), 0);
		assert_int_equal(back, time);
	}
}

static void expect_parse(const char *text, int64_t expected)
{
	int64_t time;

	if (log_time_parse(text, strlen(text), &time))
		fail_msg("%s is not taken", text);
	if (time != expected)
		fail_msg("%s is %jd and not %jd", text, (intmax_t)time, (intmax_t)expected);
}

static void stamps_may_have_any_zone_and_fraction(void **state)
{
	(void)state;
	expect_parse("1970-01-01T00:00:00Z", 0);
	expect_parse("1970-01-01t01:00:00.5z", 3600 * SECOND + SECOND / 2);
	expect_parse("1970-01-01T01:00:00+01:00", 0);
	expect_parse("1969-12-31T16:30:00.000000001-07:30", 1);
	expect_parse("1970-01-01T00:00:00.1234567899999Z", 123456789);
	expect_parse("2000-02-29T00:00:00Z", 951782400 * SECOND);
	expect_parse("2016-12-31T23:59:60Z", 1483228800 * SECOND);
}

static void what_is_no_stamp_is_refused(void **state)
{
	static const char *const bad[] = {
		"",
		"1970",
		"1970-01-01",
		"1970-01-01T00:00:00",
		"1970-01-01 00:00:00Z",
		"1970-13-01T00:00:00Z",
		"1970-00-01T00:00:00Z",
		"1970-01-32T00:00:00Z",
		"1970-02-29T00:00:00Z",
		"1900-02-29T00:00:00Z",
		"1970-01-00T00:00:00Z",
		"1970-01-01T24:00:00Z",
		"1970-01-01T00:60:00Z",
		"1970-01-01T00:00:61Z",
		"1970-01-01T00:00:00.Z",
		"1970-01-01T00:00:00.5",
		"1970-01-01T00:00:00Zx",
		"1970-01-01T00:00:00+0100",
		"1970-01-01T00:00:00+24:00",
		"+970-01-01T00:00:00Z",
		"0001-01-01T00:00:00Z",
		"9999-12-31T23:59:59Z",
	};
	int64_t time;

	(void)state;
	for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
		if (log_time_parse(bad[i], strlen(bad[i]), &time) == 0)
			fail_msg("'%s' is taken", bad[i]);
}

static void expect_option(const char *text, int64_t expected)
{
	const int64_t now = 1767323045 * SECOND + 60;
	struct error err = { 0 };
	int64_t time;

	if (log_time_parse_option(text, now, &time, &err))
		fail_msg("%s", err.msg);
	if (time != expected)
		fail_msg("%s is %jd and not %jd", text, (intmax_t)time, (intmax_t)expected);
}

static void since_takes_durations_dates_and_seconds(void **state)
{
	(void)state;
	setenv("TZ", "XYZ-2", 1); /* two hours east */
	tzset();
	expect_option("10m", 1767322445 * SECOND + 60);
	expect_option("1h30m", 1767317645 * SECOND + 60);
	expect_option("0s", 1767323045 * SECOND + 60);
	expect_option("-5s", 1767323050 * SECOND + 60);
	expect_option("0", 0);
	expect_option("1136073600", 1136073600 * SECOND);
	expect_option("1136073600.000000001", 1136073600 * SECOND + 1);
	expect_option("1.5", 3 * SECOND / 2);
	expect_option("-1.5", -3 * SECOND / 2);
	expect_option("1970-01-02T00:00:00Z", 86400 * SECOND);
	expect_option("1970-01-02T00:00:00.25Z", 86400 * SECOND + SECOND / 4);
	expect_option("1970-01-02T02:00:00+02:00", 86400 * SECOND);
	expect_option("1970-01-02T02:00Z", 93600 * SECOND);
	expect_option("1970-01-02Z", 86400 * SECOND);
	expect_option("1970-01-02", 79200 * SECOND);
	expect_option("1970-01-02T02", 86400 * SECOND);
	expect_option("1970-01-02T02:00", 86400 * SECOND);
	expect_option("1970-01-02T02:00:01", 86401 * SECOND);
	expect_option("1970-01-02T02:00:01.5", 86401 * SECOND + SECOND / 2);
	unsetenv("TZ");
	tzset();
}

static void what_since_does_not_take_is_said(void **state)
{
	static const char *const bad[] = {
		"",	"yesterday",   "10x", "1970-02-30",	      "1.",	    ".5", "1e9",
		"--5s", "1970-01-01T", "-",   "99999999999999999999", "99999999999"
	};
	struct error err;
	int64_t time;

	(void)state;
	for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
		err = (struct error){ 0 };
		if (log_time_parse_option(bad[i], 0, &time, &err) == 0)
			fail_msg("'%s' is taken", bad[i]);
		assert_int_equal(err.code, EINVAL);
		assert_non_null(strstr(err.msg, "invalid time '"));
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(stamps_have_nine_digits_or_only_those_that_matter),
		cmocka_unit_test(a_printed_stamp_is_read_again),
		cmocka_unit_test(stamps_may_have_any_zone_and_fraction),
		cmocka_unit_test(what_is_no_stamp_is_refused),
		cmocka_unit_test(since_takes_durations_dates_and_seconds),
		cmocka_unit_test(what_since_does_not_take_is_said),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
