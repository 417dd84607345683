/* Sizes: all of the text counts, and nothing overflows. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <errno.h>

#include "spec/base/size.h"

static void check_size(const char *text, int64_t expected)
{
	struct error err = { 0 };
	int64_t found;

	if (size_parse(text, &found, &err))
		fail_msg("%s", err.msg);
	assert_int_equal(found, expected);
}

static void sizes_are_bytes_or_powers_of_1024(void **state)
{
	(void)state;
	check_size("0", 0);
	check_size("4096", 4096);
	check_size("32b", 32);
	check_size("32B", 32);
	check_size("32k", 32768);
	check_size("32K", 32768);
	check_size("32kb", 32768);
	check_size("32Kb", 32768);
	check_size("32KiB", 32768);
	check_size("32kib", 32768);
	check_size("32 kib", 32768);
	check_size("512m", 536870912);
	check_size("2g", 2147483648);
	check_size("1.5GB", 1610612736);
	check_size(".5k", 512);
	check_size("1t", 1099511627776);
	check_size("8191p", 9222246136947933184);
	check_size("1.3", 1);
	check_size("0.1k", 102);
	check_size("1.99999999999999999999k", 2047);
	check_size("9223372036854775807", INT64_MAX);
}

static void other_sizes_are_refused(void **state)
{
	static const char *const wrong[] = {
		"",	"-1",  "-1k",  "k",	"b",	 "1x", "1 ",	"1  k",
		"k1",	"1kk", "1kbb", "1ki",	"1kibb", "1i", "1bb",	"1e3",
		"0x10", "inf", "1,5k", "1.2.3", ".",	 ".k", "8192p", "9223372036854775808",
		"+1"
	};

	(void)state;
	for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
		struct error err = { 0 };
		int64_t found;
		if (!size_parse(wrong[i], &found, &err))
			fail_msg("'%s' was taken for %jd", wrong[i], (intmax_t)found);
		assert_int_equal(err.code, EINVAL);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(sizes_are_bytes_or_powers_of_1024),
		cmocka_unit_test(other_sizes_are_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
