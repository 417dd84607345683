/* A walk over a group and the groups below it, by descriptors, so that nothing outside can be reached
 * and a tree of any depth needs two of them. Must not know what the groups are for. */
#pragma once

#include "spec/base/error.h"

struct cgroup_visitor {
	/* Before the groups below @directory_fd. NULL: nothing to do. */
	int (*enter)(int directory_fd, void *context, struct error *err);
	/* After the groups below it, with the descriptor of the group above and the name in it. Not called for the
	 * first group. NULL: nothing to do. */
	int (*leave)(int parent_fd, const char *name, void *context, struct error *err);
	void *context;
};

/* Groups that vanish on the way are passed over. A missing @directory is no error: returns 0. */
int cgroup_walk(const char *directory, const struct cgroup_visitor *visitor, struct error *err);
