/* Which descriptors init has: what the container may see of its runtime's (CVE-2024-21626). Knows
 * numbers, not what they stand for. */
#pragma once

#include <stddef.h>

#include "spec/base/error.h"

/* Makes all descriptors from @first on close at execve(2), whoever opened them. */
int descriptors_shield(unsigned first, struct error *err);

/* Closes all descriptors from 3 on but the @n of @keep (-1: none) and, below @first, those that are to
 * live through execve(2). */
int descriptors_keep(unsigned first, const int *keep, size_t n, struct error *err);
