/* What cgroup_create is going to make, known before it makes it. */
#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "runtime/cgroup/cgroup.h"
#include "spec/base/owned.h"

int cgroup_foresee(const struct cgroup_plan *plan, struct string_list *made, struct error *err)
{
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
