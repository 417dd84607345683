#include "shim/row_format.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "spec/base/json_text.h"
#include "spec/base/owned.h"

/* As docker sets up Go's text/tabwriter. */
#define COLUMN_MINIMUM 10
#define COLUMN_PADDING 3
#define COLUMNS_MAX 64

/* Backslash with t or n: a shell's quotes keep it from being the character. */
static char *with_escapes(const char *text)
{
	char *copy = strdup(text), *to = copy;

	for (; copy && *text; text++)
		if (text[0] == '\\' && (text[1] == 't' || text[1] == 'n'))
			*to++ = *++text == 't' ? '\t' : '\n';
		else
			*to++ = *text;
	if (copy)
		*to = '\0';
	return copy;
}

static const char *without_blanks(const char *text)
{
	return text + strspn(text, " ");
}

int row_format_parse(const char *text, const char *default_template, struct row_format *ret,
		     struct error *err)
{
	text = without_blanks(text ? text : "");
	ret->is_table = text_starts_with(text, "table") && (!text[5] || text[5] == ' ');
	if (ret->is_table)
		text = without_blanks(text + strlen("table"));
	if (!*text) {
		ret->is_table = true;
		text = default_template;
	}
	owned_string template = with_escapes(strcmp(text, "json") == 0 ? "{{json .}}" : text);
	if (!template)
		return error_errno(err, ENOMEM, "format");
	for (size_t end = strlen(template); end && template[end - 1] == ' '; end--)
		template[end - 1] = '\0';
	ret->row = template_parse(template, err);
	return ret->row ? 0 : error_prefix(err, "format");
}

void row_format_finish(struct row_format *format)
{
	template_destroy(format->row);
	format->row = NULL;
}

/* ---- columns ---- */

/* What ends with a tab is a cell; what is behind the last tab of a line has no width. */
static void measure(const char *text, size_t widths[static COLUMNS_MAX])
{
	size_t column = 0;

	while (*text) {
		size_t length = strcspn(text, "\t\n");
		size_t width = utf8_count(text, length) + COLUMN_PADDING;

		if (text[length] == '\t') {
			if (column < COLUMNS_MAX && width > widths[column])
				widths[column] = width;
			column++;
		} else {
			column = 0;
		}
		text += length + (text[length] != '\0');
	}
}

static void align(const char *text, const size_t widths[static COLUMNS_MAX], struct buffer *to)
{
	size_t column = 0;

	while (*text) {
		size_t length = strcspn(text, "\t\n");

		buffer_add(to, text, length);
		if (text[length] == '\t') {
			size_t used = utf8_count(text, length);
			size_t width = column < COLUMNS_MAX ? widths[column] : used + 1;

			buffer_print(to, "%*s", (int)(width - used), "");
			column++;
		} else if (text[length]) {
			buffer_add(to, "\n", 1);
			column = 0;
		}
		text += length + (text[length] != '\0');
	}
}

static int print_lines(const struct row_format *format, struct json_object *titles,
		       struct json_object *rows, struct buffer *to, struct error *err)
{
	if (format->is_table && titles) {
		if (template_run(format->row, titles, true, to, err))
			return -1;
		buffer_add(to, "\n", 1);
	}
	for (size_t i = 0; i < json_object_array_length(rows); i++) {
		if (template_run(format->row, json_object_array_get_idx(rows, i), false, to, err))
			return -1;
		buffer_add(to, "\n", 1);
	}
	return to->failed ? error_errno(err, ENOMEM, "format") : 0;
}

int row_format_print(const struct row_format *format, struct json_object *titles,
		     struct json_object *rows, struct buffer *to, struct error *err)
{
	OWNED(buffer_finish) struct buffer lines = { 0 };
	size_t widths[COLUMNS_MAX];

	if (!format->is_table)
		return print_lines(format, titles, rows, to, err);
	if (print_lines(format, titles, rows, &lines, err))
		return -1;
	for (size_t i = 0; i < COLUMNS_MAX; i++)
		widths[i] = COLUMN_MINIMUM;
	if (lines.text) {
		measure(lines.text, widths);
		align(lines.text, widths, to);
	}
	return to->failed ? error_errno(err, ENOMEM, "format") : 0;
}
