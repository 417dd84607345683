/* The parts of cgroup_create. */
#pragma once

#include "runtime/cgroup/cgroup.h"

/* Text of the file @file in the group @directory, without the newline; a missing file is an error. */
int cgroup_read(const char *directory, const char *file, char *text, size_t size,
		struct error *err);
int cgroup_write_file(const char *directory, const char *file, const char *text, struct error *err);

/* v1's cpuset starts without a CPU, and then takes no process: gives the new group @directory what its
 * nearest ancestor below @mountpoint has, and the empty groups between the same. Files that @plan writes itself
 * are left out in the group, but not between. */
int cgroup_cpuset_inherit(const struct cgroup_plan *plan, size_t hierarchy, struct error *err);

/* v2: sees to it that the group can hold processes and has the controllers that the plan writes to, enabling
 * them on the way down from the root. */
int cgroup_v2_prepare(const struct cgroup_plan *plan, size_t hierarchy, struct error *err);
