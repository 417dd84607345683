#include "runtime/quote.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/types.h>
#include <unistd.h>

#include "spec/base/owned.h"

#define TAIL_MAX 65536

void quote_line(const char *text, char *quoted, size_t size)
{
	size_t length = strcspn(text, "\n");

	if (length > size - 1)
		length = size - 1;
	for (size_t i = 0; i < length; i++) {
		unsigned char c = (unsigned char)text[i];
		quoted[i] = c < ' ' || c == 0x7f ? '?' : text[i];
	}
	quoted[length] = '\0';
}

static bool counts(const char *line, const char *word)
{
	return *line && strstr(line, word);
}

/* Cuts @text into lines, with a NUL in place of each newline. Returns how many count. */
static size_t cut(char *text, size_t length, const char *word)
{
	size_t n = 0;

	for (char *line = text; line < text + length; line += strlen(line) + 1) {
		line[strcspn(line, "\n")] = '\0';
		n += counts(line, word);
	}
	return n;
}

void quote_last_lines(int fd, const char *word, size_t n, char *quoted, size_t size)
{
	off_t length = lseek(fd, 0, SEEK_END);
	off_t start = length > TAIL_MAX ? length - TAIL_MAX : 0;
	owned_string text = length > 0 ? calloc(1, TAIL_MAX + 1) : NULL;
	ssize_t got = text ? pread(fd, text, TAIL_MAX, start) : -1;
	size_t used = 0;

	quoted[0] = '\0';
	size_t left = got > 0 ? cut(text, (size_t)got, word) : 0;
	for (const char *line = text; left; line += strlen(line) + 1) {
		if (!counts(line, word) || left-- > n)
			continue;
		if (used && size - used <= sizeof " | ")
			return; /* no room for more */
		if (used)
			used = (size_t)(stpcpy(quoted + used, " | ") - quoted);
		quote_line(line, quoted + used, size - used);
		used += strlen(quoted + used);
	}
}
