/* Lists of numbers: what the kernel's own format allows, and nothing that would set other bits. */
#include "runtime/list_format.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <errno.h>

#define BITS 130 /* more than two words, and not a multiple of one */

/* The bits below 64 that @text names; -1 with nothing set elsewhere when it is no list. */
static uint64_t low_bits(const char *text)
{
	unsigned long mask[LIST_FORMAT_WORDS(BITS)] = { 0 };

	if (list_format_parse(text, mask, BITS))
		fail_msg("'%s' is refused", text);
	return mask[0];
}

static void check_refused(const char *text)
{
	unsigned long mask[LIST_FORMAT_WORDS(BITS)] = { 0 };

	errno = 0;
	if (list_format_parse(text, mask, BITS) != -1)
		fail_msg("'%s' is taken", text);
	assert_int_equal(errno, EINVAL);
}

static void numbers_and_ranges(void **state)
{
	(void)state;
	assert_int_equal(low_bits("0"), 1);
	assert_int_equal(low_bits("0-3"), 0xf);
	assert_int_equal(low_bits("0,2,4"), 0x15);
	assert_int_equal(low_bits("1-2,5-6"), 0x66);
	assert_int_equal(low_bits("3-3"), 8);
	assert_int_equal(low_bits("4,1,1-2"), 0x16);
	assert_int_equal(low_bits("007"), 0x80);
	assert_int_equal(low_bits(" 0 - 1 , 3 "), 0xb);
}

static void every_word_is_reached(void **state)
{
	unsigned long mask[LIST_FORMAT_WORDS(BITS)] = { 0 };

	(void)state;
	assert_int_equal(list_format_parse("63-64,129", mask, BITS), 0);
	assert_int_equal(mask[0], 1ul << 63);
	assert_int_equal(mask[1], 1);
	assert_int_equal(mask[2], 2);
}

static void numbers_beyond_the_mask_are_refused(void **state)
{
	(void)state;
	check_refused("130");
	check_refused("0-130");
	check_refused("4294967296");
	check_refused("18446744073709551616"); /* 2⁶⁴ would be 0 */
	check_refused("0-18446744073709551616");
	check_refused("99999999999999999999999999999999");
}

static void anything_else_is_refused(void **state)
{
	static const char *const texts[] = { "",    " ",   ",",	      "1,",  ",1",    "1,,2",
					     "-",   "-1",  "1-",      "3-2", "1-2-3", "a",
					     "1a",  "0x1", "+1",      "1 2", "1;2",   "1\n",
					     "\t1", "1.0", "0-3:1/2", "all", "^1",    "1- -2" };

	(void)state;
	for (size_t i = 0; i < sizeof texts / sizeof *texts; i++)
		check_refused(texts[i]);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(numbers_and_ranges),
		cmocka_unit_test(every_word_is_reached),
		cmocka_unit_test(numbers_beyond_the_mask_are_refused),
		cmocka_unit_test(anything_else_is_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
