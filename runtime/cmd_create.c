/* orun create */
#include "runtime/commands.h"
#include "runtime/exe.h"

static struct create_arguments arguments = { .bundle = "." };

static const struct option options[] = { CREATE_OPTIONS(arguments), { 0 } };

static int run(const struct globals *globals, int argc, char **argv, struct error *err)
{
	struct created created;

	(void)argc;
	if (create_from_arguments(globals, &arguments, argv[0], false, &created, err))
		return 1;
	created_finish(&created);
	return 0;
}

const struct verb create_verb = {
	.name = "create",
	.arguments = "ID",
	.summary = "make a container that waits for start",
	.options = options,
	.min_arguments = 1,
	.max_arguments = 1,
	.run = run,
	.prepare = exe_protect, /* a process of ours can be seen in there */
};
