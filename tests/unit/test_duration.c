/* Durations as Go programs write them. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <errno.h>

#include "runtime/duration.h"

static void check(const char *text, int64_t expected)
{
	struct error err = { 0 };
	int64_t found;

	if (duration_parse(text, &found, &err))
		fail_msg("%s", err.msg);
	assert_int_equal(found, expected);
}

static void check_refused(const char *text)
{
	struct error err = { 0 };
	int64_t found;

	if (!duration_parse(text, &found, &err))
		fail_msg("'%s' was taken for %jd", text, (intmax_t)found);
	assert_int_equal(err.code, EINVAL);
}

static void numbers_have_a_unit(void **state)
{
	(void)state;
	check("5s", 5000000000);
	check("100ms", 100000000);
	check("7us", 7000);
	check("7\u00b5s", 7000);
	check("7\u03bcs", 7000);
	check("9ns", 9);
	check("2m", 120000000000);
	check("1h", 3600000000000);
}

static void parts_are_added(void **state)
{
	(void)state;
	check("1m30s", 90000000000);
	check("1h1m1s1ms1us1ns", 3661001001001);
	check("-1m30s", -90000000000);
	check("+2s", 2000000000);
}

static void any_part_may_have_a_fraction(void **state)
{
	(void)state;
	check("1.5s", 1500000000);
	check(".5s", 500000000);
	check("1.s", 1000000000);
	check("0.25h", 900000000000);
	check("1.000000001s", 1000000001);
	check("1.0000000001s", 1000000000);
	check("1.5ns", 1);
	check("0.1m", 6000000000);
}

static void nothing_needs_no_unit(void **state)
{
	(void)state;
	check("0", 0);
	check("-0", 0);
	check("+0", 0);
	check("0s", 0);
}

static void the_rest_is_refused(void **state)
{
	static const char *const wrong[] = { "",
					     "5",
					     "s",
					     ".s",
					     "-",
					     "5 s",
					     "5s ",
					     "5x",
					     "1s5",
					     "--5s",
					     "5ss",
					     "1.2.3s",
					     "1e3s",
					     "0x1s",
					     "99999999999999999999s",
					     "9999999h",
					     "9223372036s9223372036s" };

	(void)state;
	for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++)
		check_refused(wrong[i]);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(numbers_have_a_unit),
		cmocka_unit_test(parts_are_added),
		cmocka_unit_test(any_part_may_have_a_fraction),
		cmocka_unit_test(nothing_needs_no_unit),
		cmocka_unit_test(the_rest_is_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
