#include "runtime/duration.h"

#include <errno.h>
#include <string.h>

/* Longer names first: "ms" is not "m". */
static const struct {
	const char *name;
	int64_t nanoseconds;
} units[] = {
	{ "ns", 1 },
	{ "us", 1000 },
	{ "\u00b5s", 1000 }, /* micro sign */
	{ "\u03bcs", 1000 }, /* Greek mu */
	{ "ms", 1000000 },
	{ "s", 1000000000 },
	{ "m", INT64_C(60) * 1000000000 },
	{ "h", INT64_C(3600) * 1000000000 },
};

static int64_t take_unit(const char **at)
{
	for (size_t i = 0; i < sizeof units / sizeof *units; i++) {
		size_t length = strlen(units[i].name);
		if (strncmp(*at, units[i].name, length) == 0) {
			*at += length;
			return units[i].nanoseconds;
		}
	}
	return 0;
}

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

/* The fraction's part of @unit, "5" of "1.5h" is half an hour; digits too small to matter are dropped. */
static int64_t scale_fraction(const char *digits, size_t n, int64_t unit)
{
	int64_t sum = 0;

	for (size_t i = 0; i < n && unit; i++) {
		/* Units end in zeros; the rest of a division is what the next digit would refine. */
		sum += unit * (digits[i] - '0') / 10;
		unit = unit / 10;
	}
	return sum;
}

static int take_part(const char **at, int64_t *sum)
{
	const char *fraction = NULL;
	int64_t whole, ignored;
	int digits = take_digits(at, &whole);

	if (digits < 0)
		return -1;
	if (**at == '.') {
		fraction = ++*at;
		while (**at >= '0' && **at <= '9')
			++*at;
		digits += (int)(*at - fraction);
	}
	const char *end = *at;
	int64_t unit = take_unit(at);
	if (!digits || !unit || __builtin_mul_overflow(whole, unit, &ignored))
		return -1;
	whole *= unit;
	if (fraction &&
	    __builtin_add_overflow(whole, scale_fraction(fraction, (size_t)(end - fraction), unit),
				   &whole))
		return -1;
	return __builtin_add_overflow(*sum, whole, sum) ? -1 : 0;
}

int duration_parse(const char *text, int64_t *ret, struct error *err)
{
	const char *at = text + (*text == '-' || *text == '+');
	int64_t sum = 0;

	if (strcmp(at, "0") == 0) {
		*ret = 0;
		return 0;
	}
	do
		if (take_part(&at, &sum))
			return error_set(err, EINVAL,
					 "invalid duration '%.100s': wants a number "
					 "and a unit, such as 5s or 500ms",
					 text);
	while (*at);
	*ret = *text == '-' ? -sum : sum;
	return 0;
}
