/* orun run: create, start and, in the foreground, wait and delete. */
#include <errno.h>

#include "runtime/commands.h"
#include "runtime/exe.h"
#include "runtime/foreground.h"
#include "runtime/lifecycle.h"
#include "runtime/terminal.h"
#include "spec/base/log.h"
#include "spec/base/owned.h"

static struct create_arguments arguments = { .bundle = "." };
static bool detach, keep;

static const struct option options[] = {
	CREATE_OPTIONS(arguments),
	{ "detach", 'd', OPTION_FLAG, &detach, NULL, "return when the program runs" },
	{ "keep", 0, OPTION_FLAG, &keep, NULL, "do not delete the container when it has ended" },
	{ "explain", 0, OPTION_FLAG, &arguments.explain, NULL,
	  "say which system calls the seccomp profile refuses" },
	{ 0 },
};

int delete_ended(int root, const char *id, struct error *err)
{
	struct container container;

	if (container_open(root, id, true, &container, err))
		return err->code == ENOENT ? 0 : -1; /* deleted by somebody else meanwhile */
	int failed = container_delete(&container, true, err);
	container_close(&container);
	return failed;
}

static int run(const struct globals *globals, int argc, char **argv, struct error *err)
{
	struct created created;
	struct error later = { 0 };
	const char *id = argv[0];
	bool foreground = !detach && !arguments.console_socket;

	(void)argc;
	if (arguments.explain && detach)
		return -error_set(err, EINVAL, "--explain: needs the foreground, not --detach");
	if (create_from_arguments(globals, &arguments, id, foreground, &created, err))
		return 1;
	owned_fd root = created.container.root;
	if (created.console >= 0)
		terminal_copy_size(created.console);
	int failed = container_start(&created.container, err);
	container_close(&created.container);
	if (detach && !failed) {
		created_finish(&created);
		return 0;
	}
	int status = failed ? 1 : foreground_attend(&created.init, created.console, err);
	created_finish(&created);
	if ((failed || !keep) && delete_ended(root, id, &later))
		log_warning("%s", later.msg);
	seccomp_explainer_wait(&created.explainer);
	return status;
}

const struct verb run_verb = {
	.name = "run",
	.arguments = "ID",
	.summary = "create and start a container and wait for its end",
	.options = options,
	.min_arguments = 1,
	.max_arguments = 1,
	.run = run,
	.prepare = exe_protect, /* a process of ours can be seen in there */
};
