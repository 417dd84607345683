/* Takes limits back: what the files of a plan's writes held before. Must not know what the limits mean. */
#pragma once

#include "runtime/cgroup/cgroup.h"

/* One line of a file, or a file of one line. */
struct cgroup_old_value {
	size_t hierarchy;    /* as in the plan */
	const char *file;    /* borrowed from the plan */
	const char *written; /* the plan's value, which may name the line; borrowed */
	char *value;
	char *equivalent; /* another value that has the same effect; NULL: none */
};

struct cgroup_undo {
	const struct cgroup_plan *plan; /* borrowed */
	struct cgroup_old_value *v;
	size_t n;
};

/* Reads what the writes of @plan are going to change. */
int cgroup_remember(const struct cgroup_plan *plan, struct cgroup_undo *undo, struct error *err);

/* Writes it back where it differs, the last first. What cannot be put back is named in a hint to @err,
 * which has the reason for the undoing. */
void cgroup_restore(const struct cgroup_undo *undo, struct error *err);

/* The plan of undoing, in the order of the original: @ret->writes is for the caller to free, all else is
 * borrowed. */
int cgroup_undo_plan(const struct cgroup_undo *undo, struct cgroup_plan *ret, struct error *err);

void cgroup_undo_finish(struct cgroup_undo *undo);
