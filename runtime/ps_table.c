#include "runtime/ps_table.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define BLANK " \t\v\f\r"

/* Word number @index of @line, which is not changed; NULL: the line has fewer. */
static const char *word_at(const char *line, size_t index, size_t *length)
{
	for (;; index--) {
		line += strspn(line, BLANK);
		*length = strcspn(line, BLANK);
		if (*length == 0)
			return NULL;
		if (index == 0)
			return line;
		line += *length;
	}
}

static int find_column(const char *header, size_t *ret, struct error *err)
{
	const char *word;
	size_t length;

	for (size_t i = 0; (word = word_at(header, i, &length)); i++)
		if (length == strlen("PID") && strncmp(word, "PID", length) == 0) {
			*ret = i;
			return 0;
		}
	return error_set(err, EINVAL, "couldn't find PID field in ps output");
}

static int process_of(const char *line, size_t column, pid_t *ret, struct error *err)
{
	char digits[16] = "";
	int64_t number;
	size_t length;
	const char *word = word_at(line, column, &length);

	if (word && length < sizeof digits)
		memcpy(digits, word, length);
	if (text_to_int64(digits, &number) || number <= 0 || number > INT32_MAX)
		return error_set(err, EINVAL, "unable to parse pid: '%.200s'", line);
	*ret = (pid_t)number;
	return 0;
}

static int compare(const void *a, const void *b)
{
	pid_t left = *(const pid_t *)a, right = *(const pid_t *)b;

	return (left > right) - (left < right);
}

int ps_table_filter(char *output, const pid_t *pids, size_t n, struct buffer *to, struct error *err)
{
	char *rest = output, *line = strsep(&rest, "\n");
	size_t column = 0;
	pid_t pid = 0;

	if (find_column(line, &column, err))
		return -1;
	buffer_print(to, "%s\n", line);
	while ((line = strsep(&rest, "\n"))) {
		if (!*line)
			continue;
		if (process_of(line, column, &pid, err))
			return -1;
		if (n && bsearch(&pid, pids, n, sizeof pid, compare))
			buffer_print(to, "%s\n", line);
	}
	return to->failed ? error_errno(err, ENOMEM, "print the processes") : 0;
}
