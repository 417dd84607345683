/* orun kill */
#include <errno.h>

#include "runtime/commands.h"
#include "runtime/lifecycle.h"
#include "runtime/signals.h"
#include "spec/base/owned.h"

static bool all;

static const struct option options[] = {
	{ "all", 'a', OPTION_FLAG, &all, NULL, "signal every process of the container" },
	{ 0 },
};

static int run(const struct globals *globals, int argc, char **argv, struct error *err)
{
	int signal = signal_parse(argc > 1 ? argv[1] : "SIGTERM", err);
	owned_fd root = signal < 0 ? -1 : container_open_root(globals->root, err);
	struct container container;

	if (root < 0 || container_open(root, argv[0], false, &container, err))
		return 1;
	int failed = container_kill(&container, signal, all, err);
	container_close(&container);
	return failed ? 1 : 0;
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
