/* Durations: what Go 1.19's time.ParseDuration and String give for the same texts. */
#include "spec/base/duration.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

static void texts_are_read_as_go_reads_them(void **state)
{
	static const struct {
		const char *text;
		int64_t nanoseconds;
		const char *printed;
	} cases[] = {
		{ "0", 0, "0s" },
		{ "-0", 0, "0s" },
		{ "+5s", 5000000000, "5s" },
		{ "1.s", 1000000000, "1s" },
		{ ".5s", 500000000, "500ms" },
		{ "-.5s", -500000000, "-500ms" },
		{ "1h30m", 5400000000000, "1h30m0s" },
		{ "1.5h", 5400000000000, "1h30m0s" },
		{ "300ms", 300000000, "300ms" },
		{ "0.3s", 300000000, "300ms" },
		{ "1.5us", 1500, "1.5\xc2\xb5s" },
		{ "1\xc2\xb5s", 1000, "1\xc2\xb5s" },
		{ "1\xce\xbcs", 1000, "1\xc2\xb5s" },
		{ "7ns", 7, "7ns" },
		{ "9223372036854775807ns", INT64_MAX, "2562047h47m16.854775807s" },
		{ "-9223372036854775808ns", INT64_MIN, "-2562047h47m16.854775808s" },
		{ "2562047h47m16.854775807s", INT64_MAX, "2562047h47m16.854775807s" },
		{ "0.100000000000000000000h", 360000000000, "6m0s" },
		{ "0.9223372036854775807h", 3320413933267, "55m20.413933267s" },
		{ "1.0000000001s", 1000000000, "1s" },
	};
	char text[DURATION_TEXT];

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		struct error err = { 0 };
		int64_t value = 77;

		if (duration_parse(cases[i].text, &value, &err))
			fail_msg("%s: %s", cases[i].text, err.msg);
		if (value != cases[i].nanoseconds)
			fail_msg("%s gave %jd", cases[i].text, (intmax_t)value);
		assert_string_equal(duration_to_text(value, text), cases[i].printed);
	}
}

static void what_go_refuses_is_refused_in_its_words(void **state)
{
	static const struct {
		const char *text, *message;
	} cases[] = {
		{ "", "time: invalid duration \"\"" },
		{ "-", "time: invalid duration \"-\"" },
		{ ".s", "time: invalid duration \".s\"" },
		{ " 1s", "time: invalid duration \" 1s\"" },
		{ "5", "time: missing unit in duration \"5\"" },
		{ "10m0.5", "time: missing unit in duration \"10m0.5\"" },
		{ "3x", "time: unknown unit \"x\" in duration \"3x\"" },
		{ "1d", "time: unknown unit \"d\" in duration \"1d\"" },
		{ "1h-3m", "time: unknown unit \"h-\" in duration \"1h-3m\"" },
		{ "9223372036854775808ns", "time: invalid duration \"9223372036854775808ns\"" },
		{ "3000000h", "time: invalid duration \"3000000h\"" },
		{ "99999999999999999999h", "time: invalid duration \"99999999999999999999h\"" },
		{ "9000000000s9000000000s", "time: invalid duration \"9000000000s9000000000s\"" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		struct error err = { 0 };
		int64_t value = 77;

		assert_int_equal(duration_parse(cases[i].text, &value, &err), -1);
		assert_int_equal(err.code, EINVAL);
		assert_string_equal(err.msg, cases[i].message);
		assert_int_equal(value, 77);
	}
}

static void what_is_printed_is_read_back(void **state)
{
	char text[DURATION_TEXT];
	uint64_t random = 88172645463325252;

	(void)state;
	for (int i = 0; i < 20000; i++) {
		int64_t value;

		random ^= random << 13;
		random ^= random >> 7;
		random ^= random << 17;
		int64_t sample = (int64_t)random >> (i % 60);
		duration_to_text(sample, text);
		if (duration_parse(text, &value, NULL) || value != sample)
			fail_msg("%jd was printed as %s", (intmax_t)sample, text);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(texts_are_read_as_go_reads_them),
		cmocka_unit_test(what_go_refuses_is_refused_in_its_words),
		cmocka_unit_test(what_is_printed_is_read_back),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
