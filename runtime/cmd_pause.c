/* orun pause, orun resume */
#include <errno.h>

#include "runtime/cgroup/cgroup.h"
#include "runtime/commands.h"
#include "runtime/container_cgroup.h"
#include "spec/base/owned.h"

static const struct option options[] = { { 0 } };

static int check_pausable(enum container_status status, struct error *err)
{
	if (status == STATUS_RUNNING || status == STATUS_CREATED)
		return 0;
	error_set(err, EINVAL, "container not running");
	return error_hint(err, "it is %s", container_status_names[status]);
}

static int check_paused(enum container_status status, struct error *err)
{
	if (status == STATUS_PAUSED)
		return 0;
	error_set(err, EINVAL, "container not paused");
	return error_hint(err, "it is %s", container_status_names[status]);
}

static int freeze(const struct container *container, bool frozen, struct error *err)
{
	struct error failure = { 0 };

	if (!cgroup_freeze(&container->state->cgroup_dirs, frozen, &failure))
		return 0;
	error_set(err, failure.code, "%s: %s", frozen ? "pause" : "resume", failure.msg);
	if (failure.code == ENOENT || failure.code == EACCES || failure.code == EPERM ||
	    failure.code == EROFS)
		return error_hint(err, "it takes a control group that the caller may write to");
	return -1;
}

static int change(const struct globals *globals, const char *id, bool frozen, struct error *err)
{
	owned_fd root = container_open_root(globals->root, err);
	struct container container;

	if (root < 0 || container_open(root, id, false, &container, err))
		return 1;
	enum container_status status = container_status(&container);
	int failed = frozen ? check_pausable(status, err) : check_paused(status, err);
	if (!failed)
		failed = container_need_cgroup(container.state, err);
	if (!failed)
		failed = freeze(&container, frozen, err);
	container_close(&container);
	return failed ? 1 : 0;
}

static int pause_container(const struct globals *globals, int argc, char **argv, struct error *err)
{
	(void)argc;
	return change(globals, argv[0], true, err);
}

static int resume_container(const struct globals *globals, int argc, char **argv, struct error *err)
{
	(void)argc;
	return change(globals, argv[0], false, err);
}

const struct verb pause_verb = {
	.name = "pause",
	.arguments = "ID",
	.summary = "stop all processes of a container for a while",
	.options = options,
	.min_arguments = 1,
	.max_arguments = 1,
	.run = pause_container,
};

const struct verb resume_verb = {
	.name = "resume",
	.arguments = "ID",
	.summary = "let a paused container go on",
	.options = options,
	.min_arguments = 1,
	.max_arguments = 1,
	.run = resume_container,
};
