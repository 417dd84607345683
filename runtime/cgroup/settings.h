/* What the command line says about control groups: who makes them, and what a caller without privileges
 * may do without. */
#pragma once

#include <stdbool.h>

#include "spec/base/error.h"

enum cgroup_manager {
	CGROUP_MANAGER_CGROUPFS, /* we, in the cgroup file system */
	CGROUP_MANAGER_SYSTEMD,	 /* systemd makes a scope, we fill it */
	CGROUP_MANAGER_DISABLED, /* nobody: the container stays in the caller's groups */
};

enum cgroup_rootless { CGROUP_ROOTLESS_AUTO, CGROUP_ROOTLESS_TRUE, CGROUP_ROOTLESS_FALSE };

struct cgroup_settings {
	enum cgroup_manager manager;
	enum cgroup_rootless rootless;
};

/* @manager: --cgroup-manager, @systemd: --systemd-cgroup, @rootless: --rootless; NULL where it was not
 * given. Unknown words are EINVAL, and so is a manager other than systemd beside --systemd-cgroup. */
int cgroup_settings_parse(const char *manager, bool systemd, const char *rootless,
			  struct cgroup_settings *ret, struct error *err);

/* The caller is not root, or root of a user namespace only. */
bool cgroup_caller_is_unprivileged(void);

/* Whether refusals of the cgroup file system are to be expected: as the command line says, else as the
 * caller's user id does. */
bool cgroup_is_rootless(enum cgroup_rootless rootless);
