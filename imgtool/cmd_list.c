/* imgtool list */
#include <errno.h>
#include <inttypes.h>
#include <string.h>

#include "imgtool/base/columns.h"
#include "imgtool/commands.h"
#include "imgtool/image/image.h"
#include "spec/base/json_text.h"
#include "spec/base/owned.h"

static const char *format = "table";

static const struct option options[] = {
	{ "format", 'f', OPTION_TEXT, &format, "table|json", "how to print (default: table)" },
	{ 0 },
};

static int add_row(const struct image_line *line, void *context)
{
	struct columns *rows = context;

	columns_add(rows, line->name);
	columns_add(rows, line->platform);
	columns_add_size(rows, line->size);
	columns_add(rows, line->digest);
	return rows->failed ? -1 : 0;
}

static void add_member(struct buffer *json, const char *name, const char *value)
{
	buffer_print(json, "\"%s\":", name);
	buffer_add_json_string(json, value, strlen(value));
	buffer_add(json, ",", 1);
}

static int add_object(const struct image_line *line, void *context)
{
	struct buffer *json = context;

	buffer_print(json, "%s\n{", json->length > 1 ? "," : "");
	add_member(json, "name", line->name);
	add_member(json, "digest", line->digest);
	add_member(json, "platform", line->platform);
	if (line->size < 0)
		buffer_print(json, "\"size\":null}");
	else
		buffer_print(json, "\"size\":%" PRId64 "}", line->size);
	return json->failed ? -1 : 0;
}

static int print_table(const struct reference *reference, struct buffer *text, struct error *err)
{
	OWNED(columns_finish) struct columns rows = { .per_row = 4 };

	columns_add(&rows, "NAME");
	columns_add(&rows, "PLATFORM");
	columns_add(&rows, "SIZE");
	columns_add(&rows, "DIGEST");
	if (image_list(reference, add_row, &rows, err))
		return -1;
	columns_print(&rows, text);
	return 0;
}

static int print_json(const struct reference *reference, struct buffer *text, struct error *err)
{
	OWNED(buffer_finish) struct buffer json = { 0 };

	buffer_add(&json, "[", 1);
	if (image_list(reference, add_object, &json, err))
		return -1;
	buffer_add(&json, "\n]\n", 3);
	json_make_printable(&json, text);
	return 0;
}

static int run(const struct globals *globals, int argc, char **argv, struct error *err)
{
	bool json = strcmp(format, "json") == 0;
	OWNED(reference_finish) struct reference reference = { .index = -1 };
	OWNED(buffer_finish) struct buffer text = { 0 };

	(void)globals;
	(void)argc;
	if (!json && strcmp(format, "table") != 0) {
		error_set(err, EINVAL, "--format '%s': is neither table nor json", format);
		return 1;
	}
	if (reference_parse(argv[0], &reference, err) ||
	    (json ? print_json : print_table)(&reference, &text, err))
		return 1;
	return buffer_to_stdout(&text, err);
}

const struct verb list_verb = {
	.name = "list",
	.arguments = "IMAGE",
	.summary = "list the images in a layout or an archive",
	.options = options,
	.min_arguments = 1,
	.max_arguments = 1,
	.run = run,
};
