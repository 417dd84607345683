#include "spec/base/duration.h"

#include <errno.h>
#include <stdbool.h>
#include <string.h>

static const struct unit {
	const char *name;
	uint64_t nanoseconds;
} units[] = {
	{ "ns", 1 },
	{ "us", 1000 },
	{ "\xc2\xb5s", 1000 }, /* U+00B5, the micro sign */
	{ "\xce\xbcs", 1000 }, /* U+03BC, the Greek letter */
	{ "ms", 1000000 },
	{ "s", 1000000000 },
	{ "m", UINT64_C(60) * 1000000000 },
	{ "h", UINT64_C(3600) * 1000000000 },
};

static const struct unit *unit_named(const char *name, size_t length)
{
	for (size_t i = 0; i < sizeof units / sizeof *units; i++)
		if (strlen(units[i].name) == length && memcmp(units[i].name, name, length) == 0)
			return &units[i];
	return NULL;
}

static int invalid(const char *text, struct error *err)
{
	return error_set(err, EINVAL, "time: invalid duration \"%.100s\"", text);
}

static bool is_digit(char c)
{
	return c >= '0' && c <= '9';
}

/* The digits behind the point, as parts of the unit; what is finer than a nanosecond is dropped. */
static uint64_t read_fraction(const char *at, uint64_t unit)
{
	/* In floating point as Go does it, so that "0.3s" is the same number. */
	double scale = 1, digits = 0;

	for (; is_digit(*at); at++)
		if (scale < 1e15) {
			digits = digits * 10 + (*at - '0');
			scale *= 10;
		}
	return (uint64_t)(digits * ((double)unit / scale));
}

/* One number with its unit; moves *at behind it and adds it to *sum. */
static int read_part(const char *text, const char **at, uint64_t *sum, struct error *err)
{
	const char *start = *at, *fraction = NULL;
	uint64_t whole = 0, rest = 0;

	for (; is_digit(**at); ++*at)
		if (__builtin_mul_overflow(whole, 10, &whole) ||
		    __builtin_add_overflow(whole, (uint64_t)(**at - '0'), &whole))
			return invalid(text, err);
	bool has_digits = *at > start;
	if (**at == '.') {
		fraction = ++*at;
		*at += strspn(*at, "0123456789");
		has_digits = has_digits || *at > fraction;
	}
	if (!has_digits)
		return invalid(text, err);
	size_t length = strcspn(*at, ".0123456789");
	if (!length)
		return error_set(err, EINVAL, "time: missing unit in duration \"%.100s\"", text);
	const struct unit *unit = unit_named(*at, length);
	if (!unit)
		return error_set(err, EINVAL, "time: unknown unit \"%.*s\" in duration \"%.100s\"",
				 length > 40 ? 40 : (int)length, *at, text);
	*at += length;
	if (fraction)
		rest = read_fraction(fraction, unit->nanoseconds);
	if (__builtin_mul_overflow(whole, unit->nanoseconds, &whole) ||
	    __builtin_add_overflow(whole, rest, &whole) ||
	    __builtin_add_overflow(*sum, whole, sum) || *sum > (uint64_t)INT64_MAX + 1)
		return invalid(text, err);
	return 0;
}

int duration_parse(const char *text, int64_t *ret, struct error *err)
{
	bool negative = *text == '-';
	const char *at = text + (*text == '-' || *text == '+');
	uint64_t sum = 0;

	if (strcmp(at, "0") == 0) {
		*ret = 0;
		return 0;
	}
	do {
		if (read_part(text, &at, &sum, err))
			return -1;
	} while (*at);
	if (!negative && sum > INT64_MAX)
		return invalid(text, err);
	*ret = (int64_t)(negative ? -sum : sum);
	return 0;
}

/* Texts grow towards their front: the last digit is known first. */
static char *put(char *at, const char *text)
{
	for (size_t length = strlen(text); length > 0; length--)
		*--at = text[length - 1];
	return at;
}

static char *put_number(char *at, uint64_t value)
{
	do
		*--at = (char)('0' + value % 10);
	while (value /= 10);
	return at;
}

/* @value as a number of a unit that has @places decimal places, without zeros at the end. */
static char *put_decimal(char *at, uint64_t value, int places)
{
	bool any = false;

	for (; places > 0; places--, value /= 10) {
		any = any || value % 10;
		if (any)
			*--at = (char)('0' + value % 10);
	}
	if (any)
		*--at = '.';
	return put_number(at, value);
}

static char *put_seconds(char *at, uint64_t nanoseconds)
{
	if (nanoseconds < 1000)
		return put_decimal(put(at, "ns"), nanoseconds, 0);
	if (nanoseconds < 1000000)
		return put_decimal(put(at, "\xc2\xb5s"), nanoseconds, 3);
	if (nanoseconds < (uint64_t)NANOSECONDS_PER_SECOND)
		return put_decimal(put(at, "ms"), nanoseconds, 6);
	return put_decimal(put(at, "s"), nanoseconds, 9);
}

const char *duration_to_text(int64_t nanoseconds, char text[static DURATION_TEXT])
{
	const uint64_t minute = 60 * (uint64_t)NANOSECONDS_PER_SECOND;
	uint64_t value = nanoseconds < 0 ? -(uint64_t)nanoseconds : (uint64_t)nanoseconds;
	char reversed[DURATION_TEXT], *at = reversed + sizeof reversed;

	*--at = '\0';
	if (!value)
		at = put(at, "0s");
	else if (value < minute)
		at = put_seconds(at, value);
	else
		at = put_decimal(put(at, "s"), value % minute, 9);
	if (value >= minute)
		at = put_number(put(at, "m"), value / minute % 60);
	if (value >= 60 * minute)
		at = put_number(put(at, "h"), value / (60 * minute));
	if (nanoseconds < 0)
		at = put(at, "-");
	memcpy(text, at, (size_t)(reversed + sizeof reversed - at));
	return text;
}
