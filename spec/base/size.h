/* Sizes as people write them on the command lines of docker and runc: "1.5g". */
#pragma once

#include <stdint.h>

#include "spec/base/error.h"

/* A number of bytes, which may have a fraction, then perhaps a blank, then b, or k, m, g, t or p (powers of 1024, in any
 * case) with b or ib behind them or not: "512m", "1.5 GiB". Fractions of a byte are dropped. What does not fit 63 bits is an error; there are no negative sizes. */
int size_parse(const char *text, int64_t *ret, struct error *err);
