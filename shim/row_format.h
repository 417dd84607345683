/* --format of the commands that list: "table", "json", a template, or "table " and a template with tabs, whose columns
 * are then as wide as what they hold (docker, cli formatter). Knows no container. */
#pragma once

#include "shim/template/template.h"

struct row_format {
	struct template *row;
	bool is_table;
};

/* @text NULL, "" or "table": @default_template, as a table. \t and \n in it are the characters. EINVAL, as
 * template_parse. */
int row_format_parse(const char *text, const char *default_template, struct row_format *ret,
		     struct error *err);
void row_format_finish(struct row_format *format);

/* Appends a line for each of @rows, an array of objects. @titles has the same members with the titles of their columns, for
 * a table's first line; NULL: none. */
int row_format_print(const struct row_format *format, struct json_object *titles,
		     struct json_object *rows, struct buffer *to, struct error *err);
