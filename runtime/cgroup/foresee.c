/* What cgroup_create is going to make, known before it makes it. */
#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "runtime/cgroup/cgroup.h"
#include "runtime/cgroup/systemd.h"
#include "spec/base/owned.h"

/* Of a scope only its own groups: the slices above are systemd's. A group where systemd keeps track of its
 * units says that the scope is somebody's, who must not lose it. */
static int foresee_scope(const struct cgroup_plan *plan, struct string_list *made,
			 struct error *err)
{
	for (size_t i = 0; i < plan->n_hierarchies; i++) {
		const struct cgroup_hierarchy *hierarchy = &plan->hierarchies[i];
		bool tracked = hierarchy->version == 2 ||
			       strcmp(hierarchy->name, "name=systemd") == 0;
		if (access(hierarchy->directory, F_OK) == 0) {
			if (tracked)
				return error_set(err, EEXIST, "the systemd scope %s exists already",
						 plan->scope->unit);
		} else if (string_list_add(made, hierarchy->directory)) {
			return error_errno(err, ENOMEM, "control groups");
		}
	}
	return 0;
}

int cgroup_foresee(const struct cgroup_plan *plan, struct string_list *made, struct error *err)
{
	if (plan->scope)
		return foresee_scope(plan, made, err);
	for (size_t i = 0; i < plan->n_hierarchies; i++) {
		const struct cgroup_hierarchy *hierarchy = &plan->hierarchies[i];
		owned_string path = strdup(hierarchy->directory);
		owned_string topmost = NULL;
		if (!path)
			return error_errno(err, ENOMEM, "control groups");
		while (strlen(path) > strlen(hierarchy->mountpoint) && access(path, F_OK)) {
			owned_string shorter = strndup(path, (size_t)(strrchr(path, '/') - path));
			if (!shorter)
				return error_errno(err, ENOMEM, "control groups");
			char *missing = take_pointer(path);
			owned_free(&topmost);
			topmost = missing;
			path = take_pointer(shorter);
		}
		if (topmost && string_list_add(made, topmost))
			return error_errno(err, ENOMEM, "control groups");
	}
	return 0;
}
