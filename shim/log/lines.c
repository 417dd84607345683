#include "shim/log/lines.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "shim/log/entry.h"

/* The longest line and its newline, and a block more. */
enum { BLOCK = 65536, CAPACITY = LOG_RECORD_MAX + 1 + BLOCK };

int log_lines_init(struct log_lines *lines, struct error *err)
{
	*lines = (struct log_lines){ .fd = -1, .buffer = malloc(CAPACITY) };
	return lines->buffer ? 0 : error_errno(err, ENOMEM, "read the log");
}

void log_lines_finish(struct log_lines *lines)
{
	free(lines->buffer);
	lines->buffer = NULL;
}

static ssize_t read_at(int fd, char *to, size_t length, int64_t offset)
{
	ssize_t got;

	do
		got = pread(fd, to, length, offset);
	while (got < 0 && errno == EINTR);
	return got;
}

/* ---- forwards ---- */

void log_lines_start(struct log_lines *lines, int fd, int64_t offset, int64_t end)
{
	lines->fd = fd;
	lines->offset = offset;
	lines->end = end;
	lines->used = lines->length = 0;
	lines->is_passing = false;
}

static void drop_used(struct log_lines *lines)
{
	lines->length -= lines->used;
	lines->offset += (int64_t)lines->used;
	memmove(lines->buffer, lines->buffer + lines->used, lines->length);
	lines->used = 0;
}

static bool was_emptied(const struct log_lines *lines)
{
	struct stat st;

	return fstat(lines->fd, &st) == 0 && st.st_size < lines->offset;
}

/* Returns 1 when there is more in the buffer now, 0 at the end. */
static int read_more(struct log_lines *lines, struct error *err)
{
	drop_used(lines);
	if (lines->length == CAPACITY) {
		lines->too_long += !lines->is_passing;
		lines->is_passing = true;
		lines->offset += (int64_t)lines->length;
		lines->length = 0;
	}
	int64_t at = lines->offset + (int64_t)lines->length, left = lines->end - at;
	size_t room = CAPACITY - lines->length, wanted = room < BLOCK ? room : BLOCK;
	if (left < (int64_t)wanted)
		wanted = left > 0 ? (size_t)left : 0;
	ssize_t got = read_at(lines->fd, lines->buffer + lines->length, wanted, at);
	if (got < 0)
		return error_errno(err, errno, "read the log");
	lines->length += (size_t)got;
	if (got > 0)
		return 1;
	lines->length = 0;
	if (was_emptied(lines)) {
		lines->offset = 0;
		lines->is_passing = false;
	}
	return 0;
}

int log_lines_next(struct log_lines *lines, struct log_line *ret, struct error *err)
{
	for (;;) {
		char *start = lines->buffer + lines->used;
		const char *newline = memchr(start, '\n', lines->length - lines->used);
		if (!newline) {
			int more = read_more(lines, err);
			if (more <= 0)
				return more;
			continue;
		}
		bool is_rest = lines->is_passing;
		*ret = (struct log_line){ start, (size_t)(newline - start),
					  lines->offset + (int64_t)lines->used };
		lines->used += ret->length + 1;
		lines->is_passing = false;
		if (is_rest)
			continue;
		if (ret->length <= LOG_RECORD_MAX)
			return 1;
		lines->too_long++;
	}
}

/* ---- backwards ---- */

void log_lines_start_back(struct log_lines *lines, int fd, int64_t end)
{
	log_lines_start(lines, fd, end, end);
	lines->is_passing = true;
}

/* Puts a block before what is in the buffer. Returns 1, 0 at the start of the file. */
static int read_before(struct log_lines *lines, struct error *err)
{
	if (lines->offset == 0)
		return 0;
	if (lines->length + BLOCK > CAPACITY) {
		lines->too_long++;
		lines->is_passing = true;
		lines->length = 0;
	}
	size_t wanted = lines->offset < BLOCK ? (size_t)lines->offset : BLOCK;
	memmove(lines->buffer + wanted, lines->buffer, lines->length);
	ssize_t got = read_at(lines->fd, lines->buffer, wanted, lines->offset - (int64_t)wanted);
	if (got < 0)
		return error_errno(err, errno, "read the log");
	/* Somebody has emptied the file: nothing of it is left to be read. */
	if ((size_t)got < wanted) {
		lines->offset = 0;
		lines->length = 0;
		return 0;
	}
	lines->offset -= (int64_t)wanted;
	lines->length += wanted;
	return 1;
}

/* The buffer ends with the newline of the line that is wanted, or is empty. */
static bool take_last(struct log_lines *lines, struct log_line *ret)
{
	if (lines->length == 0)
		return false;
	const char *newline = memrchr(lines->buffer, '\n', lines->length - 1);
	if (!newline && lines->offset > 0)
		return false;
	const char *start = newline ? newline + 1 : lines->buffer;
	size_t before = (size_t)(start - lines->buffer);
	*ret = (struct log_line){ start, lines->length - 1 - before,
				  lines->offset + (int64_t)before };
	lines->length = before;
	return true;
}

int log_lines_previous(struct log_lines *lines, struct log_line *ret, struct error *err)
{
	for (;;) {
		if (lines->is_passing) {
			const char *newline = memrchr(lines->buffer, '\n', lines->length);
			lines->is_passing = !newline;
			lines->length = newline ? (size_t)(newline - lines->buffer) + 1 : 0;
		}
		if (!lines->is_passing && take_last(lines, ret)) {
			if (ret->length <= LOG_RECORD_MAX)
				return 1;
			lines->too_long++;
			continue;
		}
		int more = read_before(lines, err);
		if (more <= 0)
			return more;
	}
}
