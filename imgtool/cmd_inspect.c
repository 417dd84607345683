/* imgtool inspect */
#include <errno.h>
#include <inttypes.h>
#include <string.h>

#include "imgtool/base/columns.h"
#include "imgtool/commands.h"
#include "imgtool/image/report.h"
#include "spec/base/owned.h"

static const char *platform, *raw;
static const char *format = "table";

static const struct option options[] = {
	{ "format", 'f', OPTION_TEXT, &format, "table|json", "how to print (default: table)" },
	{ "platform", 'p', OPTION_TEXT, &platform, "OS/ARCH[/VARIANT]",
	  "which image of several (default: this machine's)" },
	{ "raw", 0, OPTION_TEXT, &raw, "manifest|config",
	  "print the document alone, byte for byte as it is in the image" },
	{ 0 },
};

static int check_options(struct error *err)
{
	if (strcmp(format, "table") != 0 && strcmp(format, "json") != 0)
		return error_set(err, EINVAL, "--format '%s': is neither table nor json", format);
	if (raw && strcmp(raw, "manifest") != 0 && strcmp(raw, "config") != 0)
		return error_set(err, EINVAL, "--raw '%s': is neither manifest nor config", raw);
	return 0;
}

/* Documents have no NUL: the parser refuses it. */
static int print_raw(const struct image *image, struct buffer *text, struct error *err)
{
	const char *document = strcmp(raw, "config") == 0 ? image->config_text
							  : image->manifest_text;

	if (!document)
		return error_set(err, ENOENT, "a docker-archive has no manifest of its image");
	buffer_add(text, document, strlen(document));
	return 0;
}

static int run(const struct globals *globals, int argc, char **argv, struct error *err)
{
	OWNED(image_finish) struct image image = { 0 };
	OWNED(buffer_finish) struct buffer text = { 0 };

	(void)globals;
	(void)argc;
	if (check_options(err) || image_open_named(argv[0], platform, &image, err))
		return 1;
	if (raw && print_raw(&image, &text, err))
		return 1;
	if (!raw && strcmp(format, "json") == 0)
		image_report_json(&image, &text);
	else if (!raw)
		image_report_table(&image, &text);
	return buffer_to_stdout(&text, err);
}

const struct verb inspect_verb = {
	.name = "inspect",
	.arguments = "IMAGE",
	.summary = "show what an image says of itself, its layers and its history",
	.options = options,
	.min_arguments = 1,
	.max_arguments = 1,
	.run = run,
};
