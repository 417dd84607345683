/* Making the container's first process in its namespaces. namespaces(7), clone(2). */
#pragma once

#include <sys/types.h>

#include "runtime/plan.h"

struct init_process {
	pid_t pid; /* in the runtime's pid namespace; a child of the caller */
	int pidfd;
};

/* Makes a child of the caller in the plan's namespaces: new ones by one clone3, those given by path
 * entered before it. @cgroup_fd: v2 group to start in (CLONE_INTO_CGROUP), or -1; *into_cgroup tells whether
 * the kernel did it. Returns 1 in the parent, 0 in the child, -1 on failure. A second process is made
 * only to join a user namespace, from which there is no way back. */
int namespace_spawn(const struct plan *plan, int cgroup_fd, bool *into_cgroup,
		    struct init_process *ret, struct error *err);

/* Makes a child of the caller in the namespaces of the running process @container (pidfd), for exec. A caller with
 * CAP_SYS_ADMIN enters the pid namespace itself for the time of the clone, and the child calls namespace_join_running;
 * for others a process in between joins all of them, user namespace first. The rest as namespace_spawn. */
int namespace_spawn_into(const struct plan *plan, int container, int cgroup_fd, bool *into_cgroup,
			 struct init_process *ret, struct error *err);
int namespace_join_running(const struct plan *plan, int container, struct error *err);

/* The child's part: the mount namespace that it joins. */
int namespace_join_mount(const struct plan *plan, struct error *err);

/* A new cgroup namespace, whose root is the groups that the caller is in now: once it is in all of its own. */
int namespace_new_cgroup(const struct plan *plan, struct error *err);
