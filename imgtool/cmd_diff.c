/* imgtool diff */
#include <stdio.h>
#include <string.h>

#include "imgtool/commands.h"
#include "imgtool/diff/diff.h"
#include "imgtool/rootless.h"
#include "spec/base/json_text.h"
#include "spec/base/owned.h"

static const struct option options[] = { { 0 } };

static int print_json(const struct change *change)
{
	OWNED(buffer_finish) struct buffer line = { 0 };

	buffer_print(&line, "{\"kind\":\"%c\",\"path\":", change->kind);
	buffer_add_json_string(&line, change->path, strlen(change->path));
	buffer_print(&line, "}\n");
	return line.failed || fwrite(line.text, 1, line.length, stdout) != line.length ? -1 : 0;
}

/* As docker prints it, but that no name can give orders to a terminal. */
static int print_line(const struct change *change)
{
	printf("%c /", change->kind);
	for (const char *at = change->path; *at; at++)
		if ((unsigned char)*at < 0x20 || *at == 0x7f)
			printf("\\x%02x", (unsigned char)*at);
		else
			putchar(*at);
	return putchar('\n') == EOF ? -1 : 0;
}

static int print(const struct change *change, void *context, struct error *err)
{
	const struct globals *globals = context;

	if (globals->json ? print_json(change) : print_line(change))
		return error_errno(err, errno, "print");
	return 0;
}

static int run(const struct globals *globals, int argc, char **argv, struct error *err)
{
	struct rootless rootless;
	int result = rootless_look(&rootless, err) || rootless_enter(&rootless, err) ||
				     diff_bundle(argv[0], print, (void *)globals, err)
			     ? 1
			     : 0;

	(void)argc;
	rootless_finish(&rootless);
	return result;
}

const struct verb diff_verb = {
	.name = "diff",
	.arguments = "BUNDLE",
	.summary = "list what a container added (A), changed (C) and deleted (D)",
	.options = options,
	.min_arguments = 1,
	.max_arguments = 1,
	.run = run,
};
