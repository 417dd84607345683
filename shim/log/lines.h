/* The lines of a file, forwards from an offset or backwards from the end, in blocks and bounded memory.
 * Knows nothing of what they mean. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "spec/base/error.h"

struct log_line {
	const char *text; /* without its newline; valid until the next call */
	size_t length;
	int64_t offset; /* in the file */
};

struct log_lines {
	int fd;		/* not owned */
	int64_t offset; /* of the buffer's first byte */
	int64_t end;	/* nothing behind it is read; INT64_MAX: up to where the file ends */
	char *buffer;
	size_t used, length; /* bytes given out (forwards only), bytes there */
	bool is_passing;     /* over a line, or what is left of one */
	uint64_t too_long;   /* lines passed over because they are longer than LOG_RECORD_MAX */
};

/* Errors: ENOMEM. */
int log_lines_init(struct log_lines *lines, struct error *err);
void log_lines_finish(struct log_lines *lines);

/* Forwards from @offset, where a line begins, up to @end. */
void log_lines_start(struct log_lines *lines, int fd, int64_t offset, int64_t end);

/* Returns 1 with a line, 0 when there is no further whole line, or -1. May be called again after a 0: when the
 * file has grown it goes on. A last line without its newline is read anew then, since its writer may have taken
 * it back; and when the file is shorter than what was read, somebody has emptied it: it begins again. */
int log_lines_next(struct log_lines *lines, struct log_line *ret, struct error *err);

/* Backwards from @end; what has no newline before there is left out. */
void log_lines_start_back(struct log_lines *lines, int fd, int64_t end);
int log_lines_previous(struct log_lines *lines, struct log_line *ret, struct error *err);
