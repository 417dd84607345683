/* Numbers with a unit as Go programs take them: durations such as "1m30s", sizes such as "1.5g". */
#pragma once

#include <stdint.h>

#include "spec/base/error.h"

/* An optional sign, then numbers with a unit each (ns, us, µs, ms, s, m, h), of which any may have a
 * fraction; "0" needs no unit. *ret in nanoseconds. What does not fit 63 bits is an error, and so is
 * everything else. */
int duration_parse(const char *text, int64_t *ret, struct error *err);

/* A number of bytes, which may have a fraction, then perhaps a blank, then b, or k, m, g, t or p (powers of 1024, in any
 * case) with b or ib behind them or not: "512m", "1.5 GiB". Fractions of a byte are dropped. Errors as
 * above; there are no negative sizes. */
int size_parse(const char *text, int64_t *ret, struct error *err);
