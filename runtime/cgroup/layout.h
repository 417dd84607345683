/* Which hierarchies the host has mounted, and where the caller is in them.
 * Works on the texts of /proc/self/mountinfo and /proc/self/cgroup, so that it is tested without them. */
#pragma once

#include "runtime/cgroup/cgroup.h"

struct cgroup_layout {
	struct cgroup_hierarchy *hierarchies; /* directory and relative are NULL; v2 is the first */
	size_t n;
	bool v2_only;	      /* no v1 hierarchy with a controller */
	char *v2_controllers; /* words of the v2 root's cgroup.controllers; NULL: not read yet */
};

/* Both texts are changed (cut into words) on the way. */
int cgroup_layout_parse(char *mountinfo, char *self_cgroup, struct cgroup_layout *layout,
			struct error *err);
int cgroup_layout_read(struct cgroup_layout *layout, struct error *err);
void cgroup_layout_finish(struct cgroup_layout *layout);

/* Index of the hierarchy that has @controller: a v1 one first, else v2 if its root lists it (which is
 * read at the first question). -1: nobody has it. */
ssize_t cgroup_layout_find(struct cgroup_layout *layout, const char *controller);

/* Index of the v2 hierarchy, or -1. */
ssize_t cgroup_layout_v2(const struct cgroup_layout *layout);

/* Is @word one of the words of @text, which are separated by @separator? */
bool cgroup_word_in(const char *text, const char *word, char separator);

void cgroup_hierarchy_finish(struct cgroup_hierarchy *hierarchy);
