/* The time stamps of log records and of `logs --since`: RFC 3339, to and from nanoseconds since 1970 (UTC).
 * Knows no log. */
#pragma once

#include <stddef.h>
#include <stdint.h>

#include "spec/base/error.h"

/* Room for every stamp, without a NUL. */
#define LOG_TIME_TEXT 40

/* "2026-01-02T03:04:05.000000060Z": always nine digits, so always LOG_TIME_FIXED bytes for the years that
 * 64 bits of nanoseconds hold. CRI's records and docker's `logs -t` have it. Returns the length. */
#define LOG_TIME_FIXED 30
size_t log_time_print_fixed(int64_t time, char text[static LOG_TIME_TEXT]);

/* The same without the fraction's zeros at its end, as Go's RFC3339Nano: "2026-01-02T03:04:05.5Z",
 * "2026-01-02T03:04:05Z". Docker's json-file has it. */
size_t log_time_print(int64_t time, char text[static LOG_TIME_TEXT]);

/* RFC 3339, section 5.6, date-time: with any fraction (what is below a nanosecond is dropped) and "Z" or
 * an offset. The whole of @text must be one. Returns 0, or -1: it is none, or beyond 64 bits. */
int log_time_parse(const char *text, size_t length, int64_t *ret);

/* What --since and --until take, as docker does: a duration before @now ("10m", "1h30m"), a date or a date
 * and time with or without zone (without: the local one), or seconds since 1970 with or without fraction.
 * Errors: EINVAL, with words. */
int log_time_parse_option(const char *text, int64_t now, int64_t *ret, struct error *err);
