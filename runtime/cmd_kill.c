/* orun kill */
#include <errno.h>

#include "runtime/commands.h"
#include "runtime/lifecycle.h"
#include "runtime/signals.h"
#include "spec/base/owned.h"

static bool all, regex;
static int signal_number;

static const struct option options[] = {
	{ "all", 'a', OPTION_FLAG, &all, NULL, "signal every process of the container" },
	{ "regex", 'r', OPTION_FLAG, &regex, NULL,
	  "ID is an extended regular expression: signal all containers that match" },
	{ 0 },
};

static int kill_one(int root, const char *id, struct error *err)
{
	struct container container;

	if (container_open(root, id, false, &container, err))
		return -1;
	int failed = container_kill(&container, signal_number, all, err);
	container_close(&container);
	return failed;
}

static int run(const struct globals *globals, int argc, char **argv, struct error *err)
{
	signal_number = signal_parse(argc > 1 ? argv[1] : "SIGTERM", err);
	owned_fd root = signal_number < 0 ? -1 : container_open_root(globals->root, err);

	return root < 0 || each_container(root, regex, 1, argv, kill_one, err) ? 1 : 0;
}

const struct verb kill_verb = {
	.name = "kill",
	.arguments = "ID [SIGNAL]",
	.summary = "send a signal (default SIGTERM) to a container",
	.options = options,
	.min_arguments = 1,
	.max_arguments = 2,
	.run = run,
};
