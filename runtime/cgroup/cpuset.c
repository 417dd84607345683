/* cgroup v1's cpuset: a new group has no CPU and no memory node until someone gives it some.
 * Must not know of other controllers. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "runtime/cgroup/create.h"
#include "spec/base/owned.h"

/* The kernel takes no more than a page in one write. */
#define VALUE_MAX 4096

static bool plan_writes(const struct cgroup_plan *plan, size_t hierarchy, const char *file)
{
	for (size_t i = 0; i < plan->n_writes; i++)
		if (plan->writes[i].hierarchy == hierarchy &&
		    strcmp(plan->writes[i].file, file) == 0)
			return true;
	return false;
}

/* Cuts @path, which starts at the mount point, down to its nearest group that has a value. */
static int find_value(char *path, size_t mountpoint_length, const char *file, char *value,
		      struct error *err)
{
	for (;;) {
		if (cgroup_read(path, file, value, VALUE_MAX, err))
			return -1;
		if (*value || strlen(path) <= mountpoint_length)
			return 0;
		*strrchr(path, '/') = '\0';
	}
}

/* @path is a prefix of @directory in the same buffer size: puts back one component. */
static bool next_component(char *path, const char *directory)
{
	size_t length = strlen(path);

	if (!directory[length])
		return false;
	size_t part = 1 + strcspn(directory + length + 1, "/");
	memcpy(path + length, directory + length, part);
	path[length + part] = '\0';
	return true;
}

static int inherit_file(const struct cgroup_hierarchy *hierarchy, const char *file,
			bool leave_group, struct error *err)
{
	char value[VALUE_MAX];
	owned_string path = strdup(hierarchy->directory);

	if (!path)
		return error_errno(err, ENOMEM, "%s", file);
	*strrchr(path, '/') = '\0';
	if (find_value(path, strlen(hierarchy->mountpoint), file, value, err))
		return -1;
	while (next_component(path, hierarchy->directory)) {
		bool is_group = strcmp(path, hierarchy->directory) == 0;
		if (is_group && leave_group)
			continue;
		if (cgroup_write_file(path, file, value, err))
			return -1;
	}
	return 0;
}

int cgroup_cpuset_inherit(const struct cgroup_plan *plan, size_t hierarchy, struct error *err)
{
	static const char *const files[] = { "cpuset.cpus", "cpuset.mems" };

	for (size_t i = 0; i < 2; i++)
		if (inherit_file(&plan->hierarchies[hierarchy], files[i],
				 plan_writes(plan, hierarchy, files[i]), err))
			return -1;
	return 0;
}
