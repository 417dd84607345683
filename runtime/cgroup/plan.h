/* The plan made from a given layout, so that it is tested without the host's. */
#pragma once

#include "runtime/cgroup/layout.h"

/* Takes the hierarchies out of @layout, and @scope (NULL: none). */
int cgroup_plan_in(struct cgroup_layout *layout, const struct config *config, const char *id,
		   struct systemd_scope *scope, struct cgroup_plan *plan, struct error *err);
int cgroup_plan_update_in(struct cgroup_layout *layout, const struct resources *resources,
			  const struct string_list *directories, struct cgroup_plan *plan,
			  struct error *err);

/* Resources with more than was given, which borrow the rest of what was. */
struct cgroup_completed {
	struct resources resources;
	struct cpu cpu;
	struct memory memory;
};

/* For an update: gives the half of a pair that @given leaves out the value that it has in the groups of @plan,
 * where both are written in one file (v2's cpu.max, systemd's quota), or where the given half counts from the
 * other (v2's memory and swap). */
void cgroup_complete(const struct resources *given, const struct cgroup_plan *plan,
		     struct cgroup_layout *layout, struct cgroup_completed *to);

/* Takes the hierarchy @index and its writes out of the plan. */
void cgroup_plan_forget(struct cgroup_plan *plan, size_t index);

/* The parts of planning: a plan that has the hierarchies of @layout, which both own until the caller empties
 * the layout; and the writes for @resources without devices. */
void cgroup_plan_start(struct cgroup_plan *plan, const struct cgroup_layout *layout);
int cgroup_plan_resources(struct cgroup_plan *plan, struct cgroup_layout *layout,
			  const struct resources *resources, struct error *err);
