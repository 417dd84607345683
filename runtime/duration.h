/* Durations as Go programs write them: "5s", "1m30s", "1.5h". */
#pragma once

#include <stdint.h>

#include "spec/base/error.h"

/* An optional sign, then numbers with a unit each (ns, us, µs, ms, s, m, h), of which any may have a
 * fraction; "0" needs no unit. *ret in nanoseconds. What does not fit 63 bits is an error, and so is
 * everything else. */
int duration_parse(const char *text, int64_t *ret, struct error *err);
