/* orun delete */
#include <errno.h>

#include "runtime/commands.h"
#include "runtime/lifecycle.h"
#include "spec/base/owned.h"

static bool force;

static const struct option options[] = {
	{ "force", 'f', OPTION_FLAG, &force, NULL,
	  "kill it first if it runs; no error if it does not exist" },
	{ 0 },
};

static int run(const struct globals *globals, int argc, char **argv, struct error *err)
{
	owned_fd root = container_open_root(globals->root, err);
	struct container container;

	(void)argc;
	if (root < 0)
		return 1;
	if (container_open(root, argv[0], true, &container, err)) {
		if (!force || err->code != ENOENT)
			return 1;
		*err = (struct error){ 0 }; /* what is asked for is so already */
		return 0;
	}
	int failed = container_delete(&container, force, err);
	container_close(&container);
	return failed ? 1 : 0;
}

const struct verb delete_verb = {
	.name = "delete",
	.arguments = "ID",
	.summary = "remove a stopped container and all it holds",
	.options = options,
	.min_arguments = 1,
	.max_arguments = 1,
	.run = run,
};
