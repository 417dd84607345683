/* The container's control group, on cgroup v1, v2 and the hybrid of both, behind one driver table.
 * Planning reads the host's mounts and the configuration; nothing changes until cgroup_create.
 * Must not know of namespaces, mounts in the container or the order in which a container is made. */
#pragma once

#include <stdbool.h>
#include <sys/types.h>

#include "runtime/cgroup/settings.h"
#include "spec/config.h"

/* One mounted hierarchy of the host. v2 is one whose version is 2 and name "". */
struct cgroup_hierarchy {
	int version;	  /* 1 or 2 */
	char *mountpoint; /* absolute host path, e.g. /sys/fs/cgroup/memory */
	char *name;	  /* v1: as in /proc/self/cgroup, "cpu,cpuacct" or "name=systemd"; v2: "" */
	char *caller; /* group of the calling process, relative to the mount: "/user.slice" or "/" */
	char *directory; /* absolute host path of the container's group in this hierarchy */
	char *relative;	 /* the same, relative to the hierarchy's mount: "/orun/ID" */
};

/* What a write may meet without being a failure. */
enum cgroup_tolerance {
	CGROUP_STRICT = 0,
	CGROUP_MAY_LACK =
		1, /* the kernel has no such file, and the value asks for nothing it lacks */
	CGROUP_MAY_FAIL = 2, /* any refusal: the specification calls the field not recommended */
	CGROUP_RETRY = 4,    /* EINVAL: once more after the group's other writes, because the kernel
			      * checks pairs such as limit and swap, quota and period */
};

/* One value for one kernel file of the group, in the order in which they must be written. */
struct cgroup_write {
	size_t hierarchy; /* index into cgroup_plan.hierarchies */
	char *file, *value;
	/* Tried when file does not exist; NULL: none, and alternative_value NULL: the same value. */
	char *alternative_file, *alternative_value;
	int tolerance; /* enum cgroup_tolerance */
	char *field;   /* JSON path for error messages: "linux.resources.memory.limit" */
};

/* Instruction words of an eBPF device program (struct bpf_insn), v2 only; n 0: none. */
struct cgroup_device_program {
	struct bpf_insn *instructions;
	size_t n;
};

struct systemd_scope;

struct cgroup_plan {
	struct cgroup_hierarchy *hierarchies;
	size_t n_hierarchies;
	struct cgroup_write *writes;
	size_t n_writes;
	struct cgroup_device_program device_program;
	bool default_path; /* linux.cgroupsPath is absent: an unprivileged caller may go without */
	bool every_v2_controller; /* v2 is the only hierarchy: enable all it has, for statistics */
	enum cgroup_rootless rootless; /* what refusals are to be expected */
	struct systemd_scope *scope;   /* systemd makes the groups; NULL: we do */
	struct string_list
		made; /* filled by cgroup_create: topmost directory made in each hierarchy */
};

/* Names every group and every write.
 * Where: an absolute linux.cgroupsPath is relative to the mount of each hierarchy. A relative one is
 * beneath the caller's own group in each hierarchy, and an absent one means the relative path ID.
 * Where v2 is the only hierarchy, "beneath the caller's own group" means beside it, in its parent:
 * the caller's own group has processes, so v2 would let no controller pass through it.
 * "/" and "." are refused: the container would share a group with processes that are not its own.
 * With systemd, linux.cgroupsPath is "slice:prefix:name" and names the scope, see cgroup/systemd.h. With no
 * manager the plan is empty.
 * Reads /proc/self/mountinfo and /proc/self/cgroup, and asks the user's instance of systemd, when that is
 * to make the scope, for its group. Errors name the JSON path. */
int cgroup_plan(const struct config *config, const char *id, const struct cgroup_settings *settings,
		struct cgroup_plan *plan, struct error *err);

/* For changing the limits of an existing container: the writes that @resources ask for, in the groups
 * @directories. Device rules stay as they are; memory.checkBeforeUpdate is honoured here. Half of a pair
 * (quota and period, v2's memory and swap) is completed with what the group has. Apply with cgroup_write_all,
 * and take back with cgroup/undo.h. */
int cgroup_plan_update(const struct resources *resources, const struct string_list *directories,
		       struct cgroup_plan *plan, struct error *err);

/* Makes the directories (and enables v2 controllers on the way down), loads and attaches the device
 * program, writes the limits. On failure removes what it made. A group that exists already is used
 * if it has no process (EBUSY) and is not frozen (EBUSY); it stays out of @made, so that it is
 * never removed. Afterwards the plan has only hierarchies with a group: an unprivileged caller
 * without linux.cgroupsPath loses those where it may not make one, unless a limit needs them. */
int cgroup_create(struct cgroup_plan *plan, struct error *err);

/* The same for a plan with a scope that systemd has started with the process @pid in it: the groups in
 * hierarchies that systemd does not manage are made, and the process moved into them. What it made before a
 * failure stays, for cgroup_remove. */
int cgroup_fill_scope(struct cgroup_plan *plan, pid_t pid, struct error *err);

/* Appends what cgroup_create would add to made, without making it: recorded beforehand, it lets a later
 * command remove what a killed one has made. */
int cgroup_foresee(const struct cgroup_plan *plan, struct string_list *made, struct error *err);

/* The writes of the plan alone. */
int cgroup_write_all(const struct cgroup_plan *plan, struct error *err);

/* Appends the container's directories, for state.json (cgroup_dirs; made is cgroup_made). */
int cgroup_directories(const struct cgroup_plan *plan, struct string_list *directories,
		       struct error *err);

/* Ownership for delegation (config-linux.md, "Cgroup ownership"; the caller checks its conditions):
 * gives the v2 group and the files of /sys/kernel/cgroup/delegate in it to @uid and @gid of the
 * host; (gid_t)-1 keeps the group. Does nothing where v1 is in use: delegation is not secure there. */
int cgroup_delegate(const struct cgroup_plan *plan, uid_t uid, gid_t gid, struct error *err);

/* Ways in, cheapest first. Writing another process's id to cgroup.procs makes the kernel wait for
 * an RCU grace period (5 to 20 ms when the machine is idle); a task of a single thread that moves
 * itself, and a clone3 with CLONE_INTO_CGROUP, do not wait. So: open the entries in the parent, clone with
 * entries.v2, and let the child call cgroup_enter_self before anything else. */
struct cgroup_entries {
	int *v1; /* `tasks` of each v1 group but memory's, for writing */
	size_t n_v1;
	int memory; /* `tasks` of v1's memory group; -1: there is none */
	int v2; /* O_PATH descriptor of the v2 group for CLONE_INTO_CGROUP; -1: v2 is absent. A clone
		 * may be refused (pids.max 0: EAGAIN; a threaded group: EOPNOTSUPP) where the move
		 * by cgroup_enter_self is not. */
	int v2_processes; /* cgroup.procs of the v2 group, for writing; -1: v2 is absent */
};

/* Opens the groups of @directories (state.json's, or cgroup_directories of a plan). All descriptors
 * are close-on-exec. Groups that are gone: an error. */
int cgroup_entries_open(const struct string_list *directories, struct cgroup_entries *entries,
			struct error *err);

/* Moves the calling process, which must have one thread, into all groups but v1's memory group. The v2 group is skipped when @already_in_v2
 * (CLONE_INTO_CGROUP); otherwise that one move costs the grace period. Needs no memory and no
 * path, so a cloned child may call it in any namespace. */
int cgroup_enter_self(const struct cgroup_entries *entries, bool already_in_v2, struct error *err);

/* And into that one, as late as possible: what was allocated before stays charged to the runtime's own
 * group, so that a container's limit need not hold more than its program. (On v2, where all controllers are one
 * hierarchy, moving later would cost the grace period.) */
int cgroup_enter_memory(const struct cgroup_entries *entries, struct error *err);
void cgroup_entries_close(struct cgroup_entries *entries);

/* Moves @pid, and so its future children, into every hierarchy of the plan: the slow way, for a process that
 * cannot move itself. The v2 group is skipped when @already_in_v2. */
int cgroup_enter(const struct cgroup_plan *plan, pid_t pid, bool already_in_v2, struct error *err);

void cgroup_plan_finish(struct cgroup_plan *plan);

/* For a mount of type "cgroup" in the container: the data that mounts this hierarchy again, "cpu,cpuacct",
 * "none,name=systemd" or "" for v2. For the caller to free; NULL when memory is out. */
char *cgroup_mount_options(const struct cgroup_hierarchy *hierarchy);

/* Appends the names by which the host reaches a hierarchy of several controllers beside its
 * directory: "cpu" and "cpuacct" for …/cpu,cpuacct. Each is a symlink to the mount point's last
 * component. */
int cgroup_mount_symlinks(const struct cgroup_hierarchy *hierarchy, struct string_list *names,
			  struct error *err);

/* The following work from the directories that state.json remembers, so they need no plan and cope
 * with groups that are half made or half gone. */

/* Sends @signal to every process in the groups and the groups below (v2: cgroup.kill for SIGKILL, kernel 5.14;
 * else freeze, signal, thaw so that forking cannot outrun it). A frozen group stays frozen unless
 * the signal is SIGKILL. No process: returns 0. */
int cgroup_signal_all(const struct string_list *directories, int signal, struct error *err);

/* The processes in the groups and below, as ids of the caller's pid namespace, for the caller to free.
 * Processes of a namespace that the caller cannot see are left out. */
int cgroup_processes(const struct string_list *directories, pid_t **pids, size_t *n,
		     struct error *err);

/* Number of processes in the groups and below; -1 with err. */
int cgroup_count(const struct string_list *directories, struct error *err);

/* Removes each group that @made covers, with all groups below it (rmdir; retried with backoff up to 2 s in
 * all while the kernel still counts exiting tasks), then its parents upwards to the entry of @made,
 * if empty. A directory that is neither in @made nor beneath an entry of it existed before the container, and is
 * left as it is (config-linux.md: resources not made by the container MUST NOT be deleted).
 * Absent ones are fine. */
int cgroup_remove(const struct string_list *directories, const struct string_list *made,
		  struct error *err);

/* v1 freezer or v2 cgroup.freeze; waits until the kernel reports the state (at most 2 s). */
int cgroup_freeze(const struct string_list *directories, bool frozen, struct error *err);
bool cgroup_is_frozen(const struct string_list *directories);
