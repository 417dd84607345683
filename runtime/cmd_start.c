/* orun start */
#include "runtime/commands.h"
#include "runtime/lifecycle.h"
#include "spec/base/owned.h"

static const struct option options[] = { { 0 } };

static int run(const struct globals *globals, int argc, char **argv, struct error *err)
{
	owned_fd root = container_open_root(globals->root, err);
	struct container container;

	(void)argc;
	if (root < 0 || container_open(root, argv[0], false, &container, err))
		return 1;
	int failed = container_start(&container, err);
	container_close(&container);
	return failed ? 1 : 0;
}

const struct verb start_verb = {
	.name = "start",
	.arguments = "ID",
	.summary = "execute the program of a created container",
	.options = options,
	.min_arguments = 1,
	.max_arguments = 1,
	.run = run,
};
