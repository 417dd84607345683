/* What an image says, on a terminal: rows of cells below one another, and nothing that a terminal would act on. */
#pragma once

#include <stddef.h>

#include "spec/base/error.h"
#include "spec/base/text.h"

struct columns {
	struct string_list cells; /* row by row */
	size_t per_row;
	bool failed; /* memory was out */
};

/* The next cell; NULL and "" are shown as "-". Control characters become '?'. */
void columns_add(struct columns *columns, const char *text);
/* All rows, each column as wide as its widest cell, the last one as it is. */
void columns_print(const struct columns *columns, struct buffer *to);
void columns_finish(struct columns *columns);

/* "Name:" padded, and the printable @text; nothing when that is NULL or "". */
void buffer_add_line(struct buffer *to, const char *name, const char *text);

/* "12.3 MB", and "-" for a negative size. */
void columns_add_size(struct columns *columns, int64_t size);

/* Escapes what a terminal would act on and JSON allows in strings: DEL and the C1 control characters. */
void json_make_printable(const struct buffer *json, struct buffer *to);

/* Writes it to stdout and finishes it. The exit status of a verb. */
int buffer_to_stdout(struct buffer *text, struct error *err);
