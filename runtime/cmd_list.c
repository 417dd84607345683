/* orun list */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>

#include "runtime/commands.h"
#include "runtime/container_ids.h"
#include "runtime/passwd.h"
#include "spec/base/owned.h"

static const char *format = "table";
static bool quiet;

static const struct option options[] = {
	{ "format", 'f', OPTION_TEXT, &format, "table|json", "how to print (default: table)" },
	{ "quiet", 'q', OPTION_FLAG, &quiet, NULL, "print ids only" },
	{ 0 },
};

static char *owner_name(uint32_t uid)
{
	owned_fd passwd = open("/etc/passwd", O_RDONLY | O_CLOEXEC);
	char *name = passwd_name(passwd, uid);

	return name ? name : text_format("#%u", uid);
}

static void add_json(const struct state *state, enum container_status status, int64_t pid,
		     const char *owner, struct buffer *text)
{
	owned_string view = container_view(state, status, pid, owner, 0);

	if (!view)
		text->failed = true;
	else
		buffer_print(text, "%s%s", text->length > 1 ? "," : "", view);
}

static void add_row(int root, const char *id, struct buffer *text)
{
	struct container container;
	struct error ignored = { 0 };

	/* One that vanishes meanwhile, or was never finished, is not in the list. */
	if (container_peek(root, id, &container, &ignored))
		return;
	const struct state *state = container.state;
	enum container_status status = container_status(&container);
	int64_t pid = status == STATUS_STOPPED ? 0 : state->pid;
	owned_string owner = owner_name(state->owner);
	if (!owner)
		text->failed = true;
	else if (quiet)
		buffer_print(text, "%s\n", id);
	else if (strcmp(format, "json") == 0)
		add_json(state, status, pid, owner, text);
	else
		buffer_print(text, "%-12s %-8lld %-8s %-24s %-32s %s\n", id, (long long)pid,
			     container_status_names[status], state->bundle, state->created, owner);
	container_close(&container);
}

static int run(const struct globals *globals, int argc, char **argv, struct error *err)
{
	bool json = strcmp(format, "json") == 0;
	OWNED(string_list_finish) struct string_list ids = { 0 };
	struct buffer text = { 0 };

	(void)argc;
	(void)argv;
	if (!json && strcmp(format, "table") != 0) {
		error_set(err, EINVAL, "--format '%s': is neither table nor json", format);
		return 1;
	}
	owned_fd root = container_open_root(globals->root, err);
	if (root < 0 || container_ids(root, &ids, err))
		return 1;
	buffer_print(&text, "%s",
		     quiet  ? ""
		     : json ? "["
			    : "ID           PID      STATUS   BUNDLE                   "
			      "CREATED                          OWNER\n");
	for (size_t i = 0; i < ids.n; i++)
		add_row(root, ids.v[i], &text);
	if (json && !quiet)
		buffer_print(&text, "]\n");
	int failed = text.failed || fputs(text.text, stdout) < 0 || fflush(stdout);
	buffer_finish(&text);
	if (failed)
		error_errno(err, errno, "print the list");
	return failed ? 1 : 0;
}

const struct verb list_verb = {
	.name = "list",
	.arguments = "",
	.summary = "list the containers below the state root",
	.options = options,
	.min_arguments = 0,
	.max_arguments = 0,
	.run = run,
};
