#include "imgtool/base/columns.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "imgtool/base/progress_text.h"
#include "spec/base/json_text.h"
#include "spec/base/owned.h"

void columns_add(struct columns *columns, const char *text)
{
	if (string_list_add(&columns->cells, text && *text ? text : "-"))
		columns->failed = true;
	else
		text_make_printable(columns->cells.v[columns->cells.n - 1]);
}

void columns_add_size(struct columns *columns, int64_t size)
{
	char text[PROGRESS_BYTES_MAX] = "";

	if (size >= 0)
		progress_print_bytes(text, (double)size);
	columns_add(columns, text);
}

/* Characters, not bytes. */
static size_t width_of(const char *text)
{
	size_t width = 0;

	for (; *text; text++)
		width += ((unsigned char)*text & 0xc0) != 0x80;
	return width;
}

static size_t width_of_column(const struct columns *columns, size_t column)
{
	size_t widest = 0;

	for (size_t i = column; i < columns->cells.n; i += columns->per_row) {
		size_t width = width_of(columns->cells.v[i]);

		if (width > widest)
			widest = width;
	}
	return widest;
}

void columns_print(const struct columns *columns, struct buffer *to)
{
	size_t n = columns->per_row;
	owned_memory size_t *widths = calloc(n, sizeof *widths);

	if (!widths || columns->failed) {
		to->failed = true;
		return;
	}
	for (size_t i = 0; i < n; i++)
		widths[i] = width_of_column(columns, i);
	for (size_t i = 0; i < columns->cells.n; i++) {
		const char *cell = columns->cells.v[i];
		bool last = i % n == n - 1;

		buffer_print(to, "%s%*s", cell,
			     last ? 0 : (int)(widths[i % n] - width_of(cell)) + 2, "");
		if (last)
			buffer_add(to, "\n", 1);
	}
}

void columns_finish(struct columns *columns)
{
	string_list_finish(&columns->cells);
}

void buffer_add_line(struct buffer *to, const char *name, const char *text)
{
	if (!text || !*text)
		return;
	owned_string printable = strdup(text);
	if (!printable) {
		to->failed = true;
		return;
	}
	text_make_printable(printable);
	buffer_print(to, "%s:%*s%s\n", name, strlen(name) < 15 ? (int)(15 - strlen(name)) : 1, "",
		     printable);
}

void json_make_printable(const struct buffer *json, struct buffer *to)
{
	const char *text = json->text;
	size_t start = 0;

	to->failed |= json->failed;
	for (size_t i = 0; i < json->length; i++) {
		unsigned char byte = (unsigned char)text[i];
		unsigned char next = i + 1 < json->length ? (unsigned char)text[i + 1] : 0;
		bool is_c1 = byte == 0xc2 && next >= 0x80 && next < 0xa0;

		if (!is_c1 && byte != 0x7f)
			continue;
		buffer_add(to, text + start, i - start);
		buffer_print(to, "\\u%04x", is_c1 ? next : byte);
		i += is_c1;
		start = i + 1;
	}
	buffer_add(to, text + start, json->length - start);
}

int buffer_to_stdout(struct buffer *text, struct error *err)
{
	int failed = text->failed ? ENOMEM : 0;

	if (!failed &&
	    ((text->length && fwrite(text->text, text->length, 1, stdout) != 1) || fflush(stdout)))
		failed = errno;
	buffer_finish(text);
	if (failed)
		error_errno(err, failed, "print");
	return failed ? 1 : 0;
}
