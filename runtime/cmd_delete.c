/* orun delete */
#include <errno.h>
#include <limits.h>

#include "runtime/commands.h"
#include "runtime/lifecycle.h"
#include "spec/base/owned.h"

static bool force, regex;

static const struct option options[] = {
	{ "force", 'f', OPTION_FLAG, &force, NULL,
	  "kill it first if it runs; no error if it does not exist" },
	{ "regex", 'r', OPTION_FLAG, &regex, NULL,
	  "ID is an extended regular expression: delete all containers that match" },
	{ 0 },
};

static int delete_one(int root, const char *id, struct error *err)
{
	struct container container;

	if (container_open(root, id, true, &container, err)) {
		if (!force || err->code != ENOENT)
			return -1;
		*err = (struct error){ 0 }; /* what is asked for is so already */
		return 0;
	}
	int failed = container_delete(&container, force, err);
	container_close(&container);
	return failed;
}

static int run(const struct globals *globals, int argc, char **argv, struct error *err)
{
	owned_fd root = container_open_root(globals->root, err);

	return root < 0 || each_container(root, regex, argc, argv, delete_one, err) ? 1 : 0;
}

const struct verb delete_verb = {
	.name = "delete",
	.arguments = "ID...",
	.summary = "remove stopped containers and all they hold",
	.options = options,
	.min_arguments = 1,
	.max_arguments = INT_MAX,
	.run = run,
};
