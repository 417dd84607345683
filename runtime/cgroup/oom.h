/* Tells when the kernel runs a group out of memory. Must not know what is done about it. */
#pragma once

#include "spec/base/error.h"
#include "spec/base/text.h"

struct cgroup_oom {
	int fd;	   /* readable when cgroup_oom_happened should be asked; -1: not watched */
	int group; /* the group of the memory controller */
	int version;
	uint64_t kills;
};

/* Watches the group of @directories that has the memory controller. None of them: ENOENT. */
int cgroup_oom_watch(const struct string_list *directories, struct cgroup_oom *watch,
		     struct error *err);

/* Whether memory ran out since the last call: on v1 also when nobody was killed because
 * memory.disableOOMKiller is set. Does not wait. A group that is gone: no. */
bool cgroup_oom_happened(struct cgroup_oom *watch);

void cgroup_oom_close(struct cgroup_oom *watch);
