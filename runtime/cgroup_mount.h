/* The container's view of its control groups: a mount of type "cgroup". */
#pragma once

#include "runtime/plan.h"

/* v2 alone: the container's group at @target. v1 and hybrid: a tmpfs at @target with one directory per
 * hierarchy and the host's links between co-mounted controllers ("cpu" → "cpu,cpuacct"). Each is a
 * bind mount of the container's own group, so that nothing above it is in sight, with or without a
 * cgroup namespace; read-only when the options say so (CVE-2023-25809). */
int cgroup_mount(const struct plan *plan, const struct mount_plan *mount, int target,
		 struct error *err);
