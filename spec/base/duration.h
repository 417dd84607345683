/* Lengths of time as people write them on docker's command line: Go's time.ParseDuration and
 * Duration.String. Knows nothing of clocks. */
#pragma once

#include <stdint.h>

#include "spec/base/error.h"

#define NANOSECONDS_PER_SECOND INT64_C(1000000000)

/* "300ms", "1.5h", "1h30m", "-2s", "0": a sequence of decimal numbers, each with a fraction if wished and with
 * a unit (ns, us, µs, ms, s, m, h). *ret in nanoseconds. A text that is none gives EINVAL and Go's words for it. */
int duration_parse(const char *text, int64_t *ret, struct error *err);

/* Room for the longest that duration_to_text gives, with its NUL. */
#define DURATION_TEXT 32

/* As Go prints it: "1h0m0s", "1m30s", "1.5s", "100ms", "0s". Returns @text. */
const char *duration_to_text(int64_t nanoseconds, char text[static DURATION_TEXT]);
