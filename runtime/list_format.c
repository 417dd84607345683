#include "runtime/list_format.h"

#include <ctype.h>
#include <errno.h>
#include <stdlib.h>

#define WORD_BITS (8 * sizeof(unsigned long))

/* The number at *at, which moves on behind it and the blanks; -1 when there is none. */
static int parse_number(const char **at, size_t bits, size_t *number)
{
	char *end;

	while (**at == ' ')
		++*at;
	if (!isdigit((unsigned char)**at))
		return -1;
	errno = 0;
	*number = strtoul(*at, &end, 10);
	*at = end;
	while (**at == ' ')
		++*at;
	return errno || *number >= bits ? -1 : 0;
}

static int parse(const char *at, unsigned long *mask, size_t bits)
{
	for (;;) {
		size_t first, last;
		if (parse_number(&at, bits, &first))
			return -1;
		last = first;
		if (*at == '-') {
			at++;
			if (parse_number(&at, bits, &last) || last < first)
				return -1;
		}
		for (size_t bit = first; bit <= last; bit++)
			mask[bit / WORD_BITS] |= 1ul << (bit % WORD_BITS);
		if (!*at)
			return 0;
		if (*at++ != ',')
			return -1;
	}
}

int list_format_parse(const char *text, unsigned long *mask, size_t bits)
{
	if (parse(text, mask, bits) == 0)
		return 0;
	errno = EINVAL;
	return -1;
}
