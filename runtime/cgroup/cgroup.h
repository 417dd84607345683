/* The container's control group, on cgroup v1, v2 and the hybrid of both, behind one driver table.
 * Planning reads the host's mounts and the configuration; nothing changes until cgroup_create.
 * Must not know of namespaces, mounts in the container or the order in which a container is made. */
#pragma once

#include <stdbool.h>
#include <sys/types.h>

#include "spec/config.h"

/* One mounted hierarchy of the host. v2 is one whose version is 2 and name "". */
struct cgroup_hierarchy {
	int version;	  /* 1 or 2 */
	char *mountpoint; /* absolute host path, e.g. /sys/fs/cgroup/memory */
	char *name;	  /* v1: as in /proc/self/cgroup, "cpu,cpuacct" or "name=systemd"; v2: "" */
	char *directory;  /* absolute host path of the container's group in this hierarchy */
	char *relative;	  /* the same, relative to the hierarchy's mount: "/orun/ID" */
};

/* One value for one kernel file of the group, in the order in which they must be written. */
struct cgroup_write {
	size_t hierarchy; /* index into cgroup_plan.hierarchies */
	char *file, *value;
	bool ignore_failure; /* only where the specification or the kernel's absence of it allows; says so in the table */
	char *field; /* JSON path for error messages: "linux.resources.memory.limit" */
};

/* Instruction words of an eBPF device program (struct bpf_insn), v2 only; n 0: none. */
struct cgroup_device_program {
	struct bpf_insn *instructions;
	size_t n;
};

struct cgroup_plan {
	struct cgroup_hierarchy *hierarchies;
	size_t n_hierarchies;
	struct cgroup_write *writes;
	size_t n_writes;
	struct cgroup_device_program device_program;
	struct string_list
		made; /* filled by cgroup_create: topmost directory made in each hierarchy */
};

/* Names every group and every write. Default path: /orun/ID (relative cgroupsPath: /orun/PATH… as runc: relative to the cgroup of the caller).
 * Reads /proc/self/mountinfo and /proc/self/cgroup. Errors name the JSON path. */
int cgroup_plan(const struct config *config, const char *id, struct cgroup_plan *plan,
		struct error *err);

/* Makes the directories (and enables v2 controllers on the way down), loads and attaches the device
 * program, writes the limits. On failure removes what it made. */
int cgroup_create(struct cgroup_plan *plan, struct error *err);

/* Moves @pid, and so its future children, into every hierarchy of the plan. The v2 group is skipped
 * when @already_in_v2 (CLONE_INTO_CGROUP). */
int cgroup_enter(const struct cgroup_plan *plan, pid_t pid, bool already_in_v2, struct error *err);

/* O_PATH descriptor of the v2 group for CLONE_INTO_CGROUP, or -1 where v2 is absent. */
int cgroup_v2_open(const struct cgroup_plan *plan);

void cgroup_plan_finish(struct cgroup_plan *plan);

/* The following work from the directories that state.json remembers, so they need no plan and cope
 * with groups that are half made or half gone. */

/* Sends @signal to every process in the groups and the groups below (v2: cgroup.kill for SIGKILL, kernel 5.14;
 * else freeze, signal, thaw so that forking cannot outrun it). No process: returns 0. */
int cgroup_signal_all(const struct string_list *directories, int signal, struct error *err);

/* Number of processes in the groups and below; -1 with err. */
int cgroup_count(const struct string_list *directories, struct error *err);

/* Removes each group with all groups below it (rmdir; retried with backoff up to 2 s while the kernel still
 * counts exiting tasks), then the parents we made upwards to @made if empty. Absent ones are fine. */
int cgroup_remove(const struct string_list *directories, const struct string_list *made,
		  struct error *err);

/* v1 freezer or v2 cgroup.freeze. */
int cgroup_freeze(const struct string_list *directories, bool frozen, struct error *err);
bool cgroup_is_frozen(const struct string_list *directories);
