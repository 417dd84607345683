/* orun state */
#include <errno.h>
#include <stdio.h>

#include "runtime/commands.h"
#include "spec/base/owned.h"

static const struct option options[] = { { 0 } };

static int run(const struct globals *globals, int argc, char **argv, struct error *err)
{
	owned_fd root = container_open_root(globals->root, err);
	struct container container;

	(void)argc;
	if (root < 0 || container_peek(root, argv[0], &container, err))
		return 1;
	enum container_status status = container_status(&container);
	int64_t pid = status == STATUS_STOPPED ? 0 : container.state->pid;
	owned_string view = container_view(container.state, status, pid, "", 2);
	container_close(&container);
	if (!view || printf("%s\n", view) < 0 || fflush(stdout)) {
		error_errno(err, errno, "print the state");
		return 1;
	}
	return 0;
}

const struct verb state_verb = {
	.name = "state",
	.arguments = "ID",
	.summary = "print the state of a container as JSON",
	.options = options,
	.min_arguments = 1,
	.max_arguments = 1,
	.run = run,
};
