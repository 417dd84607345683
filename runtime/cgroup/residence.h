/* The groups that a further process of a running container belongs to. */
#pragma once

#include "runtime/cgroup/cgroup.h"

/* Appends to @ret the group of each hierarchy in @directories (state.json's cgroup_dirs) in which a process of exec
 * is to be: the container's own; on v2, where the container has handed its controllers on to groups of
 * its own making and so holds no process itself, the one in which its init @pid is.
 * @arguments (may be empty) name groups below the container's: "PATH" for every hierarchy, or
 * "CONTROLLER[,CONTROLLER…]:PATH" for the hierarchies of these. They must exist, and the path may not
 * lead out (EINVAL). */
int cgroup_residence(const struct string_list *directories, pid_t pid,
		     const struct string_list *arguments, struct string_list *ret,
		     struct error *err);

/* The same on a given layout, so that it is tested without the host's. @self: text of /proc/PID/cgroup. */
struct cgroup_layout;
int cgroup_residence_in(const struct cgroup_layout *layout, const char *self,
			const struct string_list *directories, const struct string_list *arguments,
			struct string_list *ret, struct error *err);
