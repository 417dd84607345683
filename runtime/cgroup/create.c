/* Makes the groups that a plan names, fills them, and takes them back if that fails.
 * Must not know what a limit means, nor what the processes are that enter. */
#include "runtime/cgroup/create.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "runtime/cgroup/devices.h"
#include "runtime/cgroup/plan.h"
#include "spec/base/owned.h"

/* Another runtime may remove an empty parent between our two mkdirs. */
#define TRIES 100

/* A group that was there before: with foreign processes in it, or frozen, it is not fit for use. @own: the
 * process that may be there already, or 0. */
static int check_existing(const char *directory, pid_t own, struct error *err)
{
	const struct string_list one = { .v = (char *[]){ (char *)directory, NULL }, .n = 1 };
	owned_memory pid_t *pids = NULL;
	size_t n, foreign = 0;

	if (cgroup_processes(&one, &pids, &n, err))
		return -1;
	for (size_t i = 0; i < n; i++)
		foreign += pids[i] != own;
	if (foreign)
		return error_set(err, EBUSY,
				 "container's cgroup is not empty: %zu process(es) found in %s",
				 foreign, directory);
	if (cgroup_is_frozen(&one))
		return error_set(err, EBUSY, "container's cgroup unexpectedly frozen: %s",
				 directory);
	return 0;
}

/* Makes the groups above. *top gets the first one that was not there. */
static int make_parents(const struct cgroup_hierarchy *hierarchy, char **top, struct error *err)
{
	owned_string path = strdup(hierarchy->directory);

	if (!path)
		return error_errno(err, ENOMEM, "mkdir %s", hierarchy->directory);
	for (char *slash = strchr(path + strlen(hierarchy->mountpoint) + 1, '/'); slash;
	     slash = strchr(slash + 1, '/')) {
		*slash = '\0';
		if (!mkdir(path, 0755)) {
			if (!*top)
				*top = strdup(path);
			if (!*top) {
				rmdir(path);
				return error_errno(err, ENOMEM, "mkdir %s", path);
			}
		} else if (errno == ENOENT) {
			return 0;
		} else if (errno != EEXIST) {
			return error_errno(err, errno, "mkdir %s", path);
		}
		*slash = '/';
	}
	return 0;
}

static int make_group(const struct cgroup_hierarchy *hierarchy, pid_t own, char **top,
		      struct error *err)
{
	for (int tries = TRIES;; tries--) {
		if (!mkdir(hierarchy->directory, 0755)) {
			if (!*top)
				*top = strdup(hierarchy->directory);
			if (*top)
				return 0;
			rmdir(hierarchy->directory);
			return error_errno(err, ENOMEM, "mkdir %s", hierarchy->directory);
		}
		if (errno == EEXIST)
			return check_existing(hierarchy->directory, own, err);
		if (errno != ENOENT || tries == 0)
			return error_errno(err, errno, "mkdir %s", hierarchy->directory);
		if (make_parents(hierarchy, top, err))
			return -1;
	}
}

static const char *field_in(const struct cgroup_plan *plan, size_t hierarchy)
{
	for (size_t i = 0; i < plan->n_writes; i++)
		if (plan->writes[i].hierarchy == hierarchy &&
		    strcmp(plan->writes[i].field, "linux.resources.devices") != 0)
			return plan->writes[i].field;
	return NULL;
}

static bool is_refusal(int code)
{
	return code == EACCES || code == EPERM || code == EROFS;
}

/* An unprivileged caller that asked for no path and no limit can do without a group. */
static int go_without(struct cgroup_plan *plan, size_t index, struct error *failure,
		      struct error *err)
{
	const char *field = field_in(plan, index);

	if (!plan->default_path || !is_refusal(failure->code) ||
	    !cgroup_is_rootless(plan->rootless))
		return error_set(err, failure->code, "%s", failure->msg);
	if (field)
		return error_set(err, failure->code,
				 "%s: container could not join or create cgroup: %s", field,
				 failure->msg);
	cgroup_plan_forget(plan, index);
	return 0;
}

static int make_groups(struct cgroup_plan *plan, struct error *err)
{
	for (size_t i = 0; i < plan->n_hierarchies;) {
		struct error failure = { 0 };
		owned_string top = NULL;
		int failed = make_group(&plan->hierarchies[i], 0, &top, &failure);
		/* Also of a group that could only be made in part. */
		if (top && string_list_add(&plan->made, top))
			return error_errno(err, ENOMEM, "mkdir %s", top);
		if (!failed)
			i++;
		else if (go_without(plan, i, &failure, err))
			return -1;
	}
	return 0;
}

static int attach_program(const struct cgroup_plan *plan, const char *directory, struct error *err)
{
	struct error failure = { 0 };

	if (!plan->device_program.n)
		return 0;
	owned_fd fd = open(directory, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (fd < 0)
		return error_errno(err, errno, "open %s", directory);
	if (!cgroup_device_program_attach(&plan->device_program, fd, &failure))
		return 0;
	/* The rules of the groups above hold in any case, and the root of a user namespace can make no
	 * device. */
	if (is_refusal(failure.code) && cgroup_is_rootless(plan->rootless))
		return 0;
	return error_set(err, failure.code, "%s", failure.msg);
}

static int prepare_groups(const struct cgroup_plan *plan, struct error *err)
{
	for (size_t i = 0; i < plan->n_hierarchies; i++) {
		const struct cgroup_hierarchy *hierarchy = &plan->hierarchies[i];
		if (hierarchy->version == 2) {
			if (cgroup_v2_prepare(plan, i, err) ||
			    attach_program(plan, hierarchy->directory, err))
				return -1;
		} else if (cgroup_word_in(hierarchy->name, "cpuset", ',')) {
			if (cgroup_cpuset_inherit(plan, i, err))
				return -1;
		}
	}
	return 0;
}

static void undo(const struct cgroup_plan *plan)
{
	OWNED(string_list_finish) struct string_list directories = { 0 };

	for (size_t i = 0; i < plan->n_hierarchies; i++)
		string_list_add(&directories, plan->hierarchies[i].directory);
	cgroup_remove(&directories, &plan->made, NULL);
}

int cgroup_create(struct cgroup_plan *plan, struct error *err)
{
	if (make_groups(plan, err) || prepare_groups(plan, err) || cgroup_write_all(plan, err)) {
		undo(plan);
		string_list_finish(&plan->made);
		return -1;
	}
	return 0;
}

int cgroup_fill_scope(struct cgroup_plan *plan, pid_t pid, struct error *err)
{
	bool v2_only = plan->every_v2_controller;

	for (size_t i = 0; i < plan->n_hierarchies; i++) {
		const char *directory = plan->hierarchies[i].directory;
		owned_string top = NULL;
		if (make_group(&plan->hierarchies[i], pid, &top, err))
			return -1;
		/* The slices above are systemd's, also in hierarchies where it has not made them yet. */
		if (string_list_add(&plan->made, directory))
			return error_errno(err, ENOMEM, "%s", directory);
	}
	if (prepare_groups(plan, err) || cgroup_write_all(plan, err))
		return -1;
	return cgroup_enter(plan, pid, v2_only, err);
}
