#include "imgtool/size.h"

#include <errno.h>
#include <string.h>
#include <strings.h>

static int fail(int code)
{
	errno = code;
	return -1;
}

/* The power of 1024 that @text names; -1: it is no unit. */
static int power_of_unit(const char *text)
{
	static const char letters[] = "kmgtp";
	const char *letter = *text ? strchr(letters, *text | 0x20) : NULL;

	if (letter)
		text++;
	if (*text && strcasecmp(text, "b") != 0 && (!letter || strcasecmp(text, "ib") != 0))
		return -1;
	return letter ? (int)(letter - letters) + 1 : 0;
}

/* @digits behind a point, as a part of @unit. Further digits would be less than a byte. */
static uint64_t part_of(uint64_t unit, const char *digits, size_t n)
{
	__extension__ typedef unsigned __int128 wide;
	uint64_t numerator = 0, denominator = 1;

	for (size_t i = 0; i < n && i < 18; i++, denominator *= 10)
		numerator = numerator * 10 + (uint64_t)(digits[i] - '0');
	return (uint64_t)((wide)numerator * unit / denominator);
}

int size_parse(const char *text, uint64_t *ret)
{
	size_t whole = strspn(text, "0123456789"), decimals = 0;
	const char *fraction = text + whole;

	if (*fraction == '.') {
		fraction++;
		decimals = strspn(fraction, "0123456789");
		if (!decimals)
			return fail(EINVAL);
	}
	int power = power_of_unit(fraction + decimals);
	if (!whole || power < 0)
		return fail(EINVAL);
	uint64_t unit = UINT64_C(1) << (10 * power), value = 0;
	for (size_t i = 0; i < whole; i++)
		if (__builtin_mul_overflow(value, 10, &value) ||
		    __builtin_add_overflow(value, (uint64_t)(text[i] - '0'), &value))
			return fail(ERANGE);
	if (__builtin_mul_overflow(value, unit, &value) ||
	    __builtin_add_overflow(value, part_of(unit, fraction, decimals), &value))
		return fail(ERANGE);
	*ret = value;
	return 0;
}
