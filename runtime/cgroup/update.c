/* Other limits for a container that has its groups already.
 * Must not make a group, nor touch device rules. */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <string.h>

#include "runtime/cgroup/plan.h"
#include "spec/base/io.h"
#include "spec/base/owned.h"

/* The container's directory in @hierarchy is the one below its mount point. */
static int find_group(struct cgroup_hierarchy *hierarchy, const struct string_list *directories,
		      struct error *err)
{
	size_t length = strlen(hierarchy->mountpoint);

	for (size_t i = 0; i < directories->n; i++) {
		const char *directory = directories->v[i];
		if (!text_starts_with(directory, hierarchy->mountpoint) || directory[length] != '/')
			continue;
		hierarchy->directory = strdup(directory);
		hierarchy->relative = strdup(directory + length);
		return hierarchy->directory && hierarchy->relative
			       ? 0
			       : error_errno(err, ENOMEM, "cgroup plan");
	}
	return 0;
}

/* memory.checkBeforeUpdate: v1's kernel refuses a limit below what is in use, v2's kills until it fits. */
static int check_usage(const struct cgroup_plan *plan, const struct resources *resources,
		       struct error *err)
{
	const struct memory *memory = resources->memory;
	char usage[32];
	uint64_t used;

	if (!memory || !memory->check_before_update.value || memory->limit.value <= 0)
		return 0;
	for (size_t i = 0; i < plan->n_writes; i++) {
		const char *directory = plan->hierarchies[plan->writes[i].hierarchy].directory;
		if (strcmp(plan->writes[i].file, "memory.max") != 0)
			continue;
		owned_string path = text_format("%s/memory.current", directory);
		if (!path)
			return error_errno(err, ENOMEM, "%s", plan->writes[i].field);
		if (read_line_at(AT_FDCWD, path, usage, sizeof usage, err))
			return error_prefix(err, "%s", plan->writes[i].field);
		if (text_to_uint64(usage, &used))
			return error_set(err, EINVAL, "%s: '%s' is no number", path, usage);
		if (used > (uint64_t)memory->limit.value)
			return error_set(err, EBUSY, "%s: %" PRId64 " is less than the %s in use",
					 plan->writes[i].field, memory->limit.value, usage);
	}
	return 0;
}

static int check_groups(const struct cgroup_plan *plan, struct error *err)
{
	for (size_t i = 0; i < plan->n_writes; i++) {
		const struct cgroup_hierarchy *hierarchy =
			&plan->hierarchies[plan->writes[i].hierarchy];
		if (!hierarchy->directory)
			return error_set(err, ENOENT, "%s: the container has no group in %s",
					 plan->writes[i].field, hierarchy->mountpoint);
	}
	return 0;
}

int cgroup_plan_update_in(struct cgroup_layout *layout, const struct resources *resources,
			  const struct string_list *directories, struct cgroup_plan *plan,
			  struct error *err)
{
	struct cgroup_completed completed;
	int ret = 0;

	cgroup_plan_start(plan, layout);
	for (size_t i = 0; i < plan->n_hierarchies && !ret; i++)
		ret = find_group(&plan->hierarchies[i], directories, err);
	if (!ret) {
		cgroup_complete(resources, plan, layout, &completed);
		ret = cgroup_plan_resources(plan, layout, &completed.resources, err);
	}
	layout->hierarchies = NULL;
	layout->n = 0;
	if (!ret)
		ret = check_groups(plan, err);
	if (!ret)
		ret = check_usage(plan, resources, err);
	if (ret)
		cgroup_plan_finish(plan);
	return ret;
}

int cgroup_plan_update(const struct resources *resources, const struct string_list *directories,
		       struct cgroup_plan *plan, struct error *err)
{
	struct cgroup_layout layout;

	*plan = (struct cgroup_plan){ 0 };
	if (cgroup_layout_read(&layout, err))
		return -1;
	int ret = cgroup_plan_update_in(&layout, resources, directories, plan, err);
	cgroup_layout_finish(&layout);
	return ret;
}
