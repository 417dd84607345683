/* "0-3,7": lists of processors and memory nodes. cpuset(7), List format. */
#pragma once

#include <stddef.h>

/* Words of unsigned long that hold @bits bits. */
#define LIST_FORMAT_WORDS(bits) \
	(((bits) + 8 * sizeof(unsigned long) - 1) / (8 * sizeof(unsigned long)))

/* Sets the bits of @mask (LIST_FORMAT_WORDS(bits) words, cleared by the caller) that @text names. Blanks
 * around numbers are allowed. Returns -1 with errno EINVAL for anything else and for numbers from @bits on. */
int list_format_parse(const char *text, unsigned long *mask, size_t bits);
