/* config.json of runtime-spec 1.3.0, the Linux part, as C. Field names follow the JSON names.
 * Ids are as seen inside the container's user namespace unless a comment says otherwise.
 * https://github.com/opencontainers/runtime-spec config.md, config-linux.md */
#pragma once

#include "spec/table.h"

#define SPEC_VERSION "1.3.0"

struct root {
	char *path; /* absolute or relative to the bundle */
	bool readonly;
};

struct console_size {
	uint32_t height, width; /* characters */
};

struct user {
	uint32_t uid, gid;
	struct opt_uint32 umask;
	struct uint32_list additional_gids;
};

struct capabilities {
	struct string_list bounding, effective, inheritable, permitted, ambient;
};

struct resource_limit {
	int type; /* RLIMIT_… of <sys/resource.h> */
	uint64_t soft, hard;
};
LIST_OF(resource_limit);

struct scheduler {
	int policy; /* SCHED_… of <linux/sched.h> */
	int64_t nice, priority;
	uint64_t flags;			    /* SCHED_FLAG_… of <linux/sched.h> */
	uint64_t runtime, deadline, period; /* nanoseconds */
};

struct io_priority {
	int class; /* IOPRIO_CLASS_… of <linux/ioprio.h> */
	int64_t priority;
};

struct exec_cpu_affinity {
	char *initial, *final; /* lists such as 0-3,7 */
};

struct process {
	bool terminal;
	struct console_size *console_size;
	struct user *user;
	struct string_list args, env;
	char *cwd;
	struct capabilities *capabilities;
	struct resource_limit_list rlimits;
	bool no_new_privileges;
	char *apparmor_profile, *selinux_label;
	struct opt_int64 oom_score_adj;
	struct scheduler *scheduler;
	struct io_priority *io_priority;
	struct exec_cpu_affinity *exec_cpu_affinity;
};

struct id_mapping {
	uint32_t container_id, host_id, size;
};
LIST_OF(id_mapping);

struct mount {
	char *destination, *type, *source;
	struct string_list options;
	struct id_mapping_list uid_mappings, gid_mappings;
};
LIST_OF(mount);

struct hook {
	char *path;
	struct string_list args, env;
	struct opt_int64 timeout; /* seconds */
};
LIST_OF(hook);

struct hooks {
	struct hook_list prestart, create_runtime, create_container, start_container, poststart,
		poststop;
};

enum namespace_type {
	NAMESPACE_PID,
	NAMESPACE_NETWORK,
	NAMESPACE_MOUNT,
	NAMESPACE_IPC,
	NAMESPACE_UTS,
	NAMESPACE_USER,
	NAMESPACE_CGROUP,
	NAMESPACE_TIME,
	NAMESPACE_TYPES
};
struct namespace
{
	int type;   /* enum namespace_type */
	char *path; /* NULL: a new one */
};
LIST_OF(namespace);

struct time_offset {
	char *key; /* "monotonic" or "boottime" */
	int64_t secs;
	uint32_t nanosecs;
};
LIST_OF(time_offset);

struct device {
	char *path;
	int type; /* 'c', 'b', 'u' or 'p' */
	struct opt_int64 major, minor;
	struct opt_uint32 file_mode, uid, gid;
};
LIST_OF(device);

struct net_device {
	char *key;  /* name in the runtime's network namespace */
	char *name; /* name in the container's; NULL: the same */
};
LIST_OF(net_device);

struct device_rule {
	bool allow;
	int type; /* 'a', 'c' or 'b'; 0 when absent, which means 'a' */
	struct opt_int64 major, minor;
	char *access;
};
LIST_OF(device_rule);

struct memory {
	struct opt_int64 limit, reservation, swap, kernel, kernel_tcp; /* bytes; -1 unlimited */
	struct opt_uint64 swappiness; /* 0 to 100; UINT64_MAX, as old Docker writes, is unset */
	struct opt_bool disable_oom_killer, use_hierarchy, check_before_update;
};

struct cpu {
	struct opt_uint64 shares;
	struct opt_int64 quota;		   /* microseconds */
	struct opt_uint64 burst, period;   /* microseconds */
	struct opt_int64 realtime_runtime; /* microseconds */
	struct opt_uint64 realtime_period; /* microseconds */
	char *cpus, *mems;
	struct opt_int64 idle;
};

struct weight_device {
	int64_t major, minor;
	struct opt_uint32 weight, leaf_weight;
};
LIST_OF(weight_device);

struct throttle_device {
	int64_t major, minor;
	uint64_t rate; /* bytes or operations per second */
};
LIST_OF(throttle_device);

struct block_io {
	struct opt_uint32 weight, leaf_weight;
	struct weight_device_list weight_device;
	struct throttle_device_list throttle_read_bps, throttle_write_bps, throttle_read_iops,
		throttle_write_iops;
};

struct hugepage_limit {
	char *page_size;
	uint64_t limit; /* bytes */
};
LIST_OF(hugepage_limit);

struct interface_priority {
	char *name;
	uint32_t priority;
};
LIST_OF(interface_priority);

struct network {
	struct opt_uint32 class_id;
	struct interface_priority_list priorities;
};

struct pids {
	struct opt_int64 limit; /* tasks; -1 unlimited */
};

struct rdma {
	char *key; /* device name */
	struct opt_uint32 hca_handles, hca_objects;
};
LIST_OF(rdma);

struct resources {
	struct device_rule_list devices;
	struct memory *memory;
	struct cpu *cpu;
	struct pids *pids;
	struct block_io *block_io;
	struct hugepage_limit_list hugepage_limits;
	struct network *network;
	struct rdma_list rdma;
	struct string_map unified;
};

/* seccomp's actions, operators and architectures, in the words of the specification; their numbers
 * belong to libseccomp and are given in runtime/seccomp.c. */
enum seccomp_action {
	SECCOMP_KILL,
	SECCOMP_KILL_PROCESS,
	SECCOMP_KILL_THREAD,
	SECCOMP_TRAP,
	SECCOMP_ERRNO,
	SECCOMP_TRACE,
	SECCOMP_ALLOW,
	SECCOMP_LOG,
	SECCOMP_NOTIFY,
	SECCOMP_ACTIONS
};
enum seccomp_operator {
	SECCOMP_NE,
	SECCOMP_LT,
	SECCOMP_LE,
	SECCOMP_EQ,
	SECCOMP_GE,
	SECCOMP_GT,
	SECCOMP_MASKED_EQ,
	SECCOMP_OPERATORS
};
extern const char *const seccomp_action_names[SECCOMP_ACTIONS + 1];
extern const char *const seccomp_operator_names[SECCOMP_OPERATORS + 1];

struct seccomp_arg {
	uint32_t index;
	uint64_t value, value_two;
	int op; /* enum seccomp_operator */
};
LIST_OF(seccomp_arg);

struct seccomp_rule {
	struct string_list names;
	int action; /* enum seccomp_action */
	struct opt_uint32 errno_ret;
	struct seccomp_arg_list args;
};
LIST_OF(seccomp_rule);

struct seccomp {
	int default_action; /* enum seccomp_action */
	struct opt_uint32 default_errno_ret;
	struct string_list architectures; /* SCMP_ARCH_… */
	uint64_t flags;			  /* SECCOMP_FILTER_FLAG_… of <linux/seccomp.h> */
	char *listener_path, *listener_metadata;
	struct seccomp_rule_list syscalls;
};

struct intel_rdt {
	char *clos_id, *l3_cache_schema, *mem_bw_schema;
	struct string_list schemata;
	bool enable_monitoring;
};

struct memory_policy {
	int mode; /* MPOL_… of <linux/mempolicy.h> */
	char *nodes;
	uint64_t flags; /* MPOL_F_… of <linux/mempolicy.h> */
};

struct personality {
	int domain; /* PER_… of <sys/personality.h> */
	struct string_list flags;
};

struct linux_config {
	struct namespace_list namespaces;
	struct id_mapping_list uid_mappings,
		gid_mappings; /* host_id is outside the user namespace */
	struct time_offset_list time_offsets;
	struct device_list devices;
	struct net_device_list net_devices;
	char *cgroups_path;
	struct resources *resources;
	char *rootfs_propagation;
	struct seccomp *seccomp;
	struct string_map sysctl;
	struct string_list masked_paths, readonly_paths;
	char *mount_label;
	struct intel_rdt *intel_rdt;
	struct personality *personality;
	struct memory_policy *memory_policy;
};

struct config {
	char *oci_version;
	struct root *root;
	struct mount_list mounts;
	struct process *process; /* may be NULL until start (config.md) */
	struct hooks *hooks;
	struct string_map annotations;
	char *hostname, *domainname;
	struct linux_config *linux_; /* `linux` is a macro of GNU C; may be NULL */
};

extern const struct type config_type, process_type, resources_type, seccomp_type, hooks_type;

/* Largest config.json that is read, in bytes. */
#define CONFIG_MAX (32u << 20)

/* Parses and validates; what fields mean together is checked once each field is right by itself.
 * Every broken rule is a problem. NULL on failure. Free with config_free. */
struct config *config_parse(const char *text, size_t length, struct problems *problems);

/* Reads @name beneath @dirfd and parses it. On failure err names the file and the first problem
 * ("config.json: process.cwd: required, but missing (and 2 more problems)"); problems has them all. */
struct config *config_load(int dirfd, const char *name, struct problems *problems,
			   struct error *err);

/* The rules that no single field can show, one named check each (spec/config_validate.c). */
void config_validate(const struct config *config, struct problems *problems);

/* The part of them that a process or resources of their own are checked by (exec --process, update
 * --resources). @path is put before the field names: "process", "linux.resources" or "". */
void process_validate(const struct process *process, const char *path, struct problems *problems);
void resources_validate(const struct resources *resources, const char *path,
			struct problems *problems);

void config_free(struct config *config);

/* The namespace entry of @type, or NULL when the configuration has none. */
const struct namespace *config_namespace(const struct config *config, enum namespace_type type);
