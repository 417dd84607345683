/* orun spec */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>

#include "runtime/commands.h"
#include "runtime/default_config.h"
#include "spec/base/io.h"
#include "spec/base/owned.h"

static const char *bundle = ".";
static bool rootless;

static const struct option options[] = {
	{ "bundle", 'b', OPTION_TEXT, &bundle, "DIR",
	  "where config.json is written (default: the working directory)" },
	{ "rootless", 0, OPTION_FLAG, &rootless, NULL, "for a caller who is not root" },
	{ 0 },
};

static int write_new(const char *directory, const struct buffer *text, struct error *err)
{
	owned_fd dir = open(directory, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	if (dir < 0)
		return error_errno(err, errno, "bundle '%s'", directory);
	/* A configuration that is there may be somebody's work. */
	owned_fd fd = openat(dir, "config.json",
			     O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0644);
	if (fd < 0) {
		error_errno(err, errno, "create %s/config.json", directory);
		return errno == EEXIST ? error_hint(err, "remove it first") : -1;
	}
	if (write_all(fd, text->text, text->length)) {
		error_errno(err, errno, "write %s/config.json", directory);
		unlinkat(dir, "config.json", 0);
		return -1;
	}
	return 0;
}

static int run(const struct globals *globals, int argc, char **argv, struct error *err)
{
	struct config *config = default_config(rootless, err);
	struct buffer text = { 0 };

	(void)globals;
	(void)argc;
	(void)argv;
	if (!config)
		return 1;
	table_print(&config_type, config, 4, &text);
	buffer_print(&text, "\n");
	int failed = text.failed ? error_errno(err, ENOMEM, "config.json")
				 : write_new(bundle, &text, err);
	buffer_finish(&text);
	config_free(config);
	return failed ? 1 : 0;
}

const struct verb spec_verb = {
	.name = "spec",
	.arguments = "",
	.summary = "write a config.json that runs",
	.options = options,
	.min_arguments = 0,
	.max_arguments = 0,
	.run = run,
};
