/* Sizes as people write them. */
#pragma once

#include <stdint.h>

/* "512m", "1.5g", "64G", "100", "10kb", "2MiB": bytes; units are powers of 1024, upper or lower case, with or without "b"
 * or "ib", as docker's --memory takes them. Returns 0, or -1 with errno EINVAL or ERANGE. */
int size_parse(const char *text, uint64_t *ret);
