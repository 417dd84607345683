#include "shim/log/time.h"

#include <ctype.h>
#include <errno.h>
#include <stdbool.h>
#include <string.h>
#include <time.h>

#include "spec/base/duration.h"

enum { FRACTION_DIGITS = 9 };

static char *put_digits(char *to, unsigned value, int digits)
{
	for (int i = digits - 1; i >= 0; i--, value /= 10)
		to[i] = (char)('0' + value % 10);
	return to + digits;
}

size_t log_time_print_fixed(int64_t time, char text[static LOG_TIME_TEXT])
{
	time_t seconds = time / NANOSECONDS_PER_SECOND;
	int64_t fraction = time % NANOSECONDS_PER_SECOND;
	struct tm date;
	char *at = text;

	if (fraction < 0) {
		fraction += NANOSECONDS_PER_SECOND;
		seconds--;
	}
	gmtime_r(&seconds, &date);
	at = put_digits(at, (unsigned)date.tm_year + 1900, 4);
	*at++ = '-';
	at = put_digits(at, (unsigned)date.tm_mon + 1, 2);
	*at++ = '-';
	at = put_digits(at, (unsigned)date.tm_mday, 2);
	*at++ = 'T';
	at = put_digits(at, (unsigned)date.tm_hour, 2);
	*at++ = ':';
	at = put_digits(at, (unsigned)date.tm_min, 2);
	*at++ = ':';
	at = put_digits(at, (unsigned)date.tm_sec, 2);
	*at++ = '.';
	at = put_digits(at, (unsigned)fraction, FRACTION_DIGITS);
	*at++ = 'Z';
	return (size_t)(at - text);
}

size_t log_time_print(int64_t time, char text[static LOG_TIME_TEXT])
{
	size_t length = log_time_print_fixed(time, text) - 1;

	while (text[length - 1] == '0')
		length--;
	if (text[length - 1] == '.')
		length--;
	text[length] = 'Z';
	return length + 1;
}

/* ---- reading ---- */

struct cursor {
	const char *at, *end;
};

/* Exactly @digits of them; a value beyond @max is none. */
static bool take_number(struct cursor *cursor, int digits, int max, int *ret)
{
	int value = 0;

	if (cursor->end - cursor->at < digits)
		return false;
	for (int i = 0; i < digits; i++) {
		char c = *cursor->at++;
		if (c < '0' || c > '9')
			return false;
		value = value * 10 + (c - '0');
	}
	*ret = value;
	return value <= max;
}

static bool take_byte(struct cursor *cursor, char byte)
{
	if (cursor->at == cursor->end || *cursor->at != byte)
		return false;
	cursor->at++;
	return true;
}

/* The digits of a fraction, of which there must be one, as nanoseconds. */
static bool take_fraction(struct cursor *cursor, int64_t *ret)
{
	int64_t unit = NANOSECONDS_PER_SECOND / 10;
	const char *start = cursor->at;

	for (*ret = 0; cursor->at < cursor->end && *cursor->at >= '0' && *cursor->at <= '9';
	     cursor->at++, unit /= 10)
		*ret += unit * (*cursor->at - '0');
	return cursor->at > start;
}

static bool take_date(struct cursor *cursor, struct tm *date)
{
	static const int days[] = { 31, 29, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31 };
	int year;

	if (!take_number(cursor, 4, 9999, &year) || !take_byte(cursor, '-') ||
	    !take_number(cursor, 2, 12, &date->tm_mon) || !take_byte(cursor, '-') ||
	    !take_number(cursor, 2, 31, &date->tm_mday) || date->tm_mon < 1 || date->tm_mday < 1)
		return false;
	bool is_leap = (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;
	date->tm_year = year - 1900;
	date->tm_mon--;
	return date->tm_mday <= days[date->tm_mon] - (date->tm_mon == 1 && !is_leap);
}

/* "Z" or "+01:00"; @date is in that zone. */
static bool take_offset(struct cursor *cursor, int *seconds)
{
	int hours, minutes;

	*seconds = 0;
	if (take_byte(cursor, 'Z') || take_byte(cursor, 'z'))
		return true;
	bool is_east = take_byte(cursor, '+');
	if ((!is_east && !take_byte(cursor, '-')) || !take_number(cursor, 2, 23, &hours) ||
	    !take_byte(cursor, ':') || !take_number(cursor, 2, 59, &minutes))
		return false;
	*seconds = (is_east ? 1 : -1) * (hours * 3600 + minutes * 60);
	return true;
}

/* By arithmetic, since timegm(3) takes most of the time that reading a log does. March is taken for the first
 * month, so that the leap day is the last of its year. */
static int64_t seconds_of(const struct tm *date)
{
	int64_t month = (date->tm_mon + 10) % 12, year = date->tm_year + 1900 - (month >= 10);
	int64_t days = year * 365 + year / 4 - year / 100 + year / 400 + (month * 306 + 5) / 10 +
		       date->tm_mday - 1;
	const int64_t days_to_1970 = 719468;
	int64_t minutes = ((days - days_to_1970) * 24 + date->tm_hour) * 60 + date->tm_min;

	return minutes * 60 + date->tm_sec;
}

static int join(int64_t seconds, int64_t fraction, int64_t *ret)
{
	return __builtin_mul_overflow(seconds, NANOSECONDS_PER_SECOND, ret) ||
			       __builtin_add_overflow(*ret, fraction, ret)
		       ? -1
		       : 0;
}

int log_time_parse(const char *text, size_t length, int64_t *ret)
{
	struct cursor cursor = { text, text + length };
	struct tm date = { 0 };
	int64_t fraction = 0;
	int offset;

	/* A leap second is the second after it, as the kernel's clock has none. */
	if (!take_date(&cursor, &date) || (!take_byte(&cursor, 'T') && !take_byte(&cursor, 't')) ||
	    !take_number(&cursor, 2, 23, &date.tm_hour) || !take_byte(&cursor, ':') ||
	    !take_number(&cursor, 2, 59, &date.tm_min) || !take_byte(&cursor, ':') ||
	    !take_number(&cursor, 2, 60, &date.tm_sec) ||
	    (take_byte(&cursor, '.') && !take_fraction(&cursor, &fraction)) ||
	    !take_offset(&cursor, &offset) || cursor.at != cursor.end)
		return -1;
	return join(seconds_of(&date) - offset, fraction, ret);
}

/* ---- --since and --until ---- */

/* What may follow the date: hours alone, with minutes, with seconds, with a fraction. */
static bool take_clock(struct cursor *cursor, struct tm *date, int64_t *fraction)
{
	if (!take_number(cursor, 2, 23, &date->tm_hour))
		return false;
	if (!take_byte(cursor, ':'))
		return true;
	if (!take_number(cursor, 2, 59, &date->tm_min))
		return false;
	if (!take_byte(cursor, ':'))
		return true;
	return take_number(cursor, 2, 60, &date->tm_sec) &&
	       (!take_byte(cursor, '.') || take_fraction(cursor, fraction));
}

static int parse_date(const char *text, int64_t *ret)
{
	struct cursor cursor = { text, text + strlen(text) };
	struct tm date = { .tm_isdst = -1 };
	int64_t fraction = 0;
	int offset;

	if (!take_date(&cursor, &date) ||
	    (take_byte(&cursor, 'T') && !take_clock(&cursor, &date, &fraction)))
		return -1;
	if (cursor.at == cursor.end)
		return join((int64_t)mktime(&date), fraction, ret);
	if (!take_offset(&cursor, &offset) || cursor.at != cursor.end)
		return -1;
	return join(seconds_of(&date) - offset, fraction, ret);
}

static int parse_seconds(const char *text, int64_t *ret)
{
	struct cursor cursor = { text, text + strlen(text) };
	bool is_negative = take_byte(&cursor, '-');
	const char *start = cursor.at;
	int64_t seconds = 0, fraction = 0;

	for (; cursor.at < cursor.end && isdigit((unsigned char)*cursor.at); cursor.at++)
		if (__builtin_mul_overflow(seconds, 10, &seconds) ||
		    __builtin_add_overflow(seconds, *cursor.at - '0', &seconds))
			return -1;
	if (cursor.at == start || (take_byte(&cursor, '.') && !take_fraction(&cursor, &fraction)) ||
	    cursor.at != cursor.end || join(seconds, fraction, ret))
		return -1;
	*ret = is_negative ? -*ret : *ret;
	return 0;
}

int log_time_parse_option(const char *text, int64_t now, int64_t *ret, struct error *err)
{
	int64_t length;

	/* Before durations: to those "0" is one. */
	if (parse_seconds(text, ret) == 0 || parse_date(text, ret) == 0)
		return 0;
	if (duration_parse(text, &length, NULL) == 0 && !__builtin_sub_overflow(now, length, ret))
		return 0;
	return error_set(err, EINVAL,
			 "invalid time '%.100s': wants a date such as 2026-01-02T15:04:05, seconds "
			 "since 1970, or a duration such as 10m",
			 text);
}
