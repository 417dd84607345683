/* Sizes: all of the text counts, and nothing overflows. */
#include "imgtool/size.h"

#include <errno.h>
#include <inttypes.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

static void check(const char *text, uint64_t expected)
{
	uint64_t size = 1;

	if (size_parse(text, &size))
		fail_msg("'%s' was refused", text);
	if (size != expected)
		fail_msg("'%s' is %" PRIu64 " and not %" PRIu64, text, size, expected);
}

static void check_fails(const char *text, int code)
{
	uint64_t size;

	errno = 0;
	if (!size_parse(text, &size) || errno != code)
		fail_msg("'%s': errno %d and not %d", text, errno, code);
}

static void units_are_powers_of_1024(void **state)
{
	(void)state;
	check("0", 0);
	check("100", 100);
	check("10b", 10);
	check("10B", 10);
	check("1k", 1024);
	check("1kb", 1024);
	check("1KiB", 1024);
	check("512m", UINT64_C(512) << 20);
	check("64G", UINT64_C(64) << 30);
	check("2TB", UINT64_C(2) << 40);
	check("1p", UINT64_C(1) << 50);
}

static void fractions_are_parts_of_the_unit(void **state)
{
	(void)state;
	check("1.5k", 1536);
	check("0.5g", UINT64_C(1) << 29);
	check("1.25m", UINT64_C(1) << 20 | UINT64_C(1) << 18);
	check("1.9", 1);
	check("1.0000000000000000000000000000001k", 1024);
}

static void all_of_the_text_counts(void **state)
{
	static const char *const texts[] = { "",   "k",	  ".5k", "1.k", "-1",  "+1",  " 1",
					     "1 ", "1kk", "1x",	 "1ib", "0x1", "1e3", "1.2.3" };

	(void)state;
	for (size_t i = 0; i < sizeof texts / sizeof *texts; i++)
		check_fails(texts[i], EINVAL);
}

static void nothing_overflows(void **state)
{
	(void)state;
	check("18446744073709551615", UINT64_MAX);
	check_fails("18446744073709551616", ERANGE);
	check("16383p", UINT64_C(16383) << 50);
	check_fails("16384p", ERANGE);
	check_fails("99999999999999999999999999999999", ERANGE);
	check_fails("18014398509481984k", ERANGE);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(units_are_powers_of_1024),
		cmocka_unit_test(fractions_are_parts_of_the_unit),
		cmocka_unit_test(all_of_the_text_counts),
		cmocka_unit_test(nothing_overflows),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
