/* What other programs have written, cut and cleaned for an error message. Knows no program. */
#pragma once

#include <stddef.h>

/* The first line of @text, at most @size - 1 bytes, with '?' in place of control characters: a terminal
 * would act on them. */
void quote_line(const char *text, char *quoted, size_t size);

/* The same of the last lines of the file @fd that have @word in them ("": of any that are not empty), at most
 * @n, with " | " between them, within the file's last 64 KiB; "" when there are none. */
void quote_last_lines(int fd, const char *word, size_t n, char *quoted, size_t size);
