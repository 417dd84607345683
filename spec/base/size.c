#include "spec/base/size.h"

#include <ctype.h>
#include <errno.h>
#include <string.h>
#include <strings.h>

/* Digits up to what 63 bits hold; returns how many there were, or -1 on overflow. */
static int take_digits(const char **at, int64_t *ret)
{
	const char *start = *at;

	for (*ret = 0; **at >= '0' && **at <= '9'; ++*at)
		if (__builtin_mul_overflow(*ret, 10, ret) ||
		    __builtin_add_overflow(*ret, **at - '0', ret))
			return -1;
	return (int)(*at - start);
}

struct number {
	int64_t whole;
	const char *fraction; /* its digits, of which there may be none */
	size_t digits;
};

/* "1", "1.5", ".5" or "5."; returns -1 for anything else, and on overflow. */
static int take_number(const char **at, struct number *ret)
{
	int digits = take_digits(at, &ret->whole);

	if (digits < 0)
		return -1;
	*at += **at == '.';
	ret->fraction = *at;
	while (**at >= '0' && **at <= '9')
		++*at;
	ret->digits = (size_t)(*at - ret->fraction);
	return digits || ret->digits ? 0 : -1;
}

/* @number times @unit. The digits of a fraction that are too small to matter are dropped: each counts for a tenth of
 * the one before. */
static int scale(const struct number *number, int64_t unit, int64_t *ret)
{
	int64_t numerator = 0, denominator = 1;

	for (size_t i = 0; i < number->digits && denominator < INT64_C(1000000000000000); i++) {
		numerator = numerator * 10 + (number->fraction[i] - '0');
		denominator *= 10;
	}
	__extension__ typedef __int128 wide;
	wide value = (wide)number->whole * unit + (wide)numerator * unit / denominator;
	*ret = (int64_t)value;
	return value > INT64_MAX ? -1 : 0;
}

/* What follows a size's number: "", "b", "k", "kb" or "kib" and the like. 0: something else. */
static int64_t size_unit(const char *text)
{
	static const char letters[] = "kmgtp";
	const char *letter = *text ? strchr(letters, tolower((unsigned char)*text)) : NULL;

	if (!*text || strcasecmp(text, "b") == 0)
		return 1;
	if (!letter ||
	    (text[1] && strcasecmp(text + 1, "b") != 0 && strcasecmp(text + 1, "ib") != 0))
		return 0;
	return INT64_C(1) << 10 * (letter - letters + 1);
}

int size_parse(const char *text, int64_t *ret, struct error *err)
{
	const char *at = text;
	struct number number;
	int failed = take_number(&at, &number);

	at += !failed && *at == ' ' && at[1];
	int64_t unit = failed ? 0 : size_unit(at);
	if (!unit || scale(&number, unit, ret))
		return error_set(
			err, EINVAL,
			"invalid size '%.100s': wants a number of bytes, or one with a unit "
			"such as 512m or 1.5g",
			text);
	return 0;
}
