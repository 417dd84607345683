/* state.json: what a container leaves for the commands after create, and what `state` prints.
 * runtime.md, State. */
#pragma once

#include "spec/config.h"

enum container_status {
	STATUS_CREATING,
	STATUS_CREATED,
	STATUS_RUNNING,
	STATUS_STOPPED,
	STATUS_PAUSED
};
extern const char *const container_status_names[];

/* The record below /run/orun/ID. Hooks and cgroup are kept here because later changes to config.json
 * must not affect the container (runtime.md, Lifecycle step 2). */
struct state {
	char *oci_version, *id, *bundle, *rootfs,
		*created; /* created: RFC 3339 with nanoseconds, UTC */
	int64_t pid;	  /* as seen by the runtime; 0 while there is none */
	uint64_t
		start_time; /* field 22 of /proc/PID/stat, clock ticks since boot: tells reused pids */
	uint32_t owner;	    /* uid that created the container, outside any user namespace */
	struct string_list cgroup_dirs; /* absolute host paths of the directories made or joined */
	struct string_list
		cgroup_made; /* the topmost directory we made in each hierarchy, absolute; what delete may remove */
	char *systemd_scope;	/* the unit that systemd made the groups for, or NULL */
	bool systemd_user;	/* the user's instance of systemd has it */
	bool own_pid_namespace; /* killing init kills everything */
	/* The mount on the rootfs, where the container has no mount namespace of its own: its number and the
	 * path of the namespace that was joined (NULL: the runtime's). */
	uint64_t root_mount;
	char *mount_namespace;
	/* linux.intelRdt: absolute host paths of the container's group, of its monitoring group (NULL: none),
	 * and of the directories that delete removes, the inner ones first. */
	char *resctrl_group, *resctrl_monitoring;
	struct string_list resctrl_made;
	struct uint32_list
		live_mounts; /* numbers (mountinfo's first field) of what `mounts add` mounted */
	struct hooks *hooks; /* poststart and poststop only */
	struct string_map annotations;
};
extern const struct type state_type;

/* What `state` prints, and hooks get on stdin: field order and names as runc's.
 * Empty annotations and an empty owner name are left out… unless @owner is given (list). */
struct state_view {
	char *oci_version, *id;
	int64_t pid; /* 0 when stopped */
	int status;  /* enum container_status */
	char *bundle, *rootfs, *created;
	struct string_map annotations;
	char *systemd_scope;
	char *owner;
};
extern const struct type state_view_type;
