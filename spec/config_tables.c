/* config.json, one line per field: config.md and config-linux.md of runtime-spec 1.3.0. What a
 * single field may hold is said here; what fields mean together, in config_validate.c. */
#include <linux/ioprio.h>
#include <linux/mempolicy.h>
#include <linux/sched.h>
#include <linux/seccomp.h>
#include <sys/personality.h>
#include <sys/resource.h>

#include "spec/config.h"
#include "spec/table_fields.h"

/* Newer than the kernel headers of some distributions. */
#define MPOL_WEIGHTED_INTERLEAVE_ 6
#ifndef SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV
#define SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV (1UL << 5)
#endif

/* The kernel has 12 bits for a major and 20 for a minor number, and cuts larger ones. */
enum { MAJOR_MAX = 4095, MINOR_MAX = 1048575 };

/* To the kernel the id 4294967295 means "leave it as it is". */
#define ID_MAX (UINT32_MAX - 1)

static const struct field root_fields[] = {
	FIELD_STRING(root, path, "path", REQUIRED),
	FIELD_BOOL(root, readonly, "readonly"),
};
static TYPE(root);

static const struct field console_size_fields[] = {
	FIELD_UINT32(console_size, height, "height", REQUIRED),
	FIELD_UINT32(console_size, width, "width", REQUIRED),
};
static TYPE(console_size);

static const struct field user_fields[] = {
	FIELD_UINT32(user, uid, "uid", REQUIRED, RANGE(0, ID_MAX)),
	FIELD_UINT32(user, gid, "gid", REQUIRED, RANGE(0, ID_MAX)),
	FIELD_OPT_UINT32(user, umask, "umask"),
	FIELD_UINT32_LIST(user, additional_gids, "additionalGids"),
};
static TYPE(user);

/* Free strings: an unknown capability is a warning, not an error. */
static const struct field capabilities_fields[] = {
	FIELD_STRING_LIST(capabilities, bounding, "bounding"),
	FIELD_STRING_LIST(capabilities, effective, "effective"),
	FIELD_STRING_LIST(capabilities, inheritable, "inheritable"),
	FIELD_STRING_LIST(capabilities, permitted, "permitted"),
	FIELD_STRING_LIST(capabilities, ambient, "ambient"),
};
static TYPE(capabilities);

static const struct word resource_limit_words[] = {
	{ "RLIMIT_AS", RLIMIT_AS },
	{ "RLIMIT_CORE", RLIMIT_CORE },
	{ "RLIMIT_CPU", RLIMIT_CPU },
	{ "RLIMIT_DATA", RLIMIT_DATA },
	{ "RLIMIT_FSIZE", RLIMIT_FSIZE },
	{ "RLIMIT_LOCKS", RLIMIT_LOCKS },
	{ "RLIMIT_MEMLOCK", RLIMIT_MEMLOCK },
	{ "RLIMIT_MSGQUEUE", RLIMIT_MSGQUEUE },
	{ "RLIMIT_NICE", RLIMIT_NICE },
	{ "RLIMIT_NOFILE", RLIMIT_NOFILE },
	{ "RLIMIT_NPROC", RLIMIT_NPROC },
	{ "RLIMIT_RSS", RLIMIT_RSS },
	{ "RLIMIT_RTPRIO", RLIMIT_RTPRIO },
	{ "RLIMIT_RTTIME", RLIMIT_RTTIME },
	{ "RLIMIT_SIGPENDING", RLIMIT_SIGPENDING },
	{ "RLIMIT_STACK", RLIMIT_STACK },
	{ NULL, 0 },
};
static const struct field resource_limit_fields[] = {
	FIELD_WORD(resource_limit, type, "type", resource_limit_words, REQUIRED),
	FIELD_UINT64(resource_limit, soft, "soft", REQUIRED),
	FIELD_UINT64(resource_limit, hard, "hard", REQUIRED),
};
static TYPE(resource_limit);

static const struct word scheduler_policy_words[] = {
	{ "SCHED_OTHER", SCHED_NORMAL },
	{ "SCHED_FIFO", SCHED_FIFO },
	{ "SCHED_RR", SCHED_RR },
	{ "SCHED_BATCH", SCHED_BATCH },
	{ "SCHED_ISO", 4 }, /* reserved, not in Linux: the kernel will refuse it */
	{ "SCHED_IDLE", SCHED_IDLE },
	{ "SCHED_DEADLINE", SCHED_DEADLINE },
	{ NULL, 0 },
};
static const struct word scheduler_flag_words[] = {
	{ "SCHED_FLAG_RESET_ON_FORK", SCHED_FLAG_RESET_ON_FORK },
	{ "SCHED_FLAG_RECLAIM", SCHED_FLAG_RECLAIM },
	{ "SCHED_FLAG_DL_OVERRUN", SCHED_FLAG_DL_OVERRUN },
	{ "SCHED_FLAG_KEEP_POLICY", SCHED_FLAG_KEEP_POLICY },
	{ "SCHED_FLAG_KEEP_PARAMS", SCHED_FLAG_KEEP_PARAMS },
	{ "SCHED_FLAG_UTIL_CLAMP_MIN", SCHED_FLAG_UTIL_CLAMP_MIN },
	{ "SCHED_FLAG_UTIL_CLAMP_MAX", SCHED_FLAG_UTIL_CLAMP_MAX },
	{ NULL, 0 },
};
static const struct field scheduler_fields[] = {
	FIELD_WORD(scheduler, policy, "policy", scheduler_policy_words, REQUIRED),
	FIELD_INT64(scheduler, nice, "nice", RANGE(INT32_MIN, INT32_MAX)),
	FIELD_INT64(scheduler, priority, "priority", RANGE(INT32_MIN, INT32_MAX)),
	FIELD_FLAGS(scheduler, flags, "flags", scheduler_flag_words),
	FIELD_UINT64(scheduler, runtime, "runtime"),
	FIELD_UINT64(scheduler, deadline, "deadline"),
	FIELD_UINT64(scheduler, period, "period"),
};
static TYPE(scheduler);

static const struct word io_priority_words[] = {
	{ "IOPRIO_CLASS_RT", IOPRIO_CLASS_RT },
	{ "IOPRIO_CLASS_BE", IOPRIO_CLASS_BE },
	{ "IOPRIO_CLASS_IDLE", IOPRIO_CLASS_IDLE },
	{ NULL, 0 },
};
static const struct field io_priority_fields[] = {
	FIELD_WORD(io_priority, class, "class", io_priority_words, REQUIRED),
	FIELD_INT64(io_priority, priority, "priority", REQUIRED, RANGE(0, 7)),
};
static TYPE(io_priority);

static const struct field exec_cpu_affinity_fields[] = {
	FIELD_STRING(exec_cpu_affinity, initial, "initial"),
	FIELD_STRING(exec_cpu_affinity, final, "final"),
};
static TYPE(exec_cpu_affinity);

static const struct field process_fields[] = {
	FIELD_BOOL(process, terminal, "terminal"),
	FIELD_OBJECT(process, console_size, "consoleSize", console_size),
	FIELD_OBJECT(process, user, "user", user),
	FIELD_STRING_LIST(process, args, "args"),
	FIELD_STRING_LIST(process, env, "env"),
	FIELD_STRING(process, cwd, "cwd", REQUIRED),
	FIELD_OBJECT(process, capabilities, "capabilities", capabilities),
	FIELD_OBJECT_LIST(process, rlimits, "rlimits", resource_limit),
	FIELD_BOOL(process, no_new_privileges, "noNewPrivileges"),
	FIELD_STRING(process, apparmor_profile, "apparmorProfile"),
	FIELD_OPT_INT64(process, oom_score_adj, "oomScoreAdj", RANGE(-1000, 1000)),
	FIELD_OBJECT(process, scheduler, "scheduler", scheduler),
	FIELD_STRING(process, selinux_label, "selinuxLabel"),
	FIELD_OBJECT(process, io_priority, "ioPriority", io_priority),
	FIELD_OBJECT(process, exec_cpu_affinity, "execCPUAffinity", exec_cpu_affinity),
};
TYPE(process);

static const struct field id_mapping_fields[] = {
	FIELD_UINT32(id_mapping, container_id, "containerID", REQUIRED),
	FIELD_UINT32(id_mapping, host_id, "hostID", REQUIRED),
	FIELD_UINT32(id_mapping, size, "size", REQUIRED),
};
static TYPE(id_mapping);

static const struct field mount_fields[] = {
	FIELD_STRING(mount, destination, "destination", REQUIRED),
	FIELD_STRING(mount, type, "type"),
	FIELD_STRING(mount, source, "source"),
	FIELD_STRING_LIST(mount, options, "options"),
	FIELD_OBJECT_LIST(mount, uid_mappings, "uidMappings", id_mapping),
	FIELD_OBJECT_LIST(mount, gid_mappings, "gidMappings", id_mapping),
};
static TYPE(mount);

static const struct field hook_fields[] = {
	FIELD_STRING(hook, path, "path", REQUIRED),
	FIELD_STRING_LIST(hook, args, "args"),
	FIELD_STRING_LIST(hook, env, "env"),
	FIELD_OPT_INT64(hook, timeout, "timeout", RANGE(1, INT64_MAX)),
};
static TYPE(hook);

static const struct field hooks_fields[] = {
	FIELD_OBJECT_LIST(hooks, prestart, "prestart", hook),
	FIELD_OBJECT_LIST(hooks, create_runtime, "createRuntime", hook),
	FIELD_OBJECT_LIST(hooks, create_container, "createContainer", hook),
	FIELD_OBJECT_LIST(hooks, start_container, "startContainer", hook),
	FIELD_OBJECT_LIST(hooks, poststart, "poststart", hook),
	FIELD_OBJECT_LIST(hooks, poststop, "poststop", hook),
};
TYPE(hooks);

static const struct word namespace_words[] = {
	{ "pid", NAMESPACE_PID },
	{ "network", NAMESPACE_NETWORK },
	{ "mount", NAMESPACE_MOUNT },
	{ "ipc", NAMESPACE_IPC },
	{ "uts", NAMESPACE_UTS },
	{ "user", NAMESPACE_USER },
	{ "cgroup", NAMESPACE_CGROUP },
	{ "time", NAMESPACE_TIME },
	{ NULL, 0 },
};
static const struct field namespace_fields[] = {
	FIELD_WORD(namespace, type, "type", namespace_words, REQUIRED),
	FIELD_STRING(namespace, path, "path"),
};
static TYPE(namespace);

static const struct field time_offset_fields[] = {
	FIELD_INT64(time_offset, secs, "secs"),
	FIELD_UINT32(time_offset, nanosecs, "nanosecs", RANGE(0, 999999999)),
};
static TYPE(time_offset);

static const struct word device_words[] = {
	{ "c", 'c' }, { "b", 'b' }, { "u", 'u' }, { "p", 'p' }, { NULL, 0 },
};
static const struct field device_fields[] = {
	FIELD_STRING(device, path, "path", REQUIRED),
	FIELD_WORD(device, type, "type", device_words, REQUIRED),
	FIELD_OPT_INT64(device, major, "major", RANGE(0, MAJOR_MAX)),
	FIELD_OPT_INT64(device, minor, "minor", RANGE(0, MINOR_MAX)),
	FIELD_OPT_UINT32(device, file_mode, "fileMode"),
	FIELD_OPT_UINT32(device, uid, "uid", RANGE(0, ID_MAX)),
	FIELD_OPT_UINT32(device, gid, "gid", RANGE(0, ID_MAX)),
};
static TYPE(device);

static const struct field net_device_fields[] = {
	FIELD_STRING(net_device, name, "name"),
};
static TYPE(net_device);

static const struct word device_rule_words[] = {
	{ "a", 'a' },
	{ "c", 'c' },
	{ "b", 'b' },
	{ NULL, 0 },
};
static const struct field device_rule_fields[] = {
	FIELD_BOOL(device_rule, allow, "allow", REQUIRED),
	FIELD_WORD(device_rule, type, "type", device_rule_words),
	FIELD_OPT_INT64(device_rule, major, "major", RANGE(-1, UINT32_MAX)),
	FIELD_OPT_INT64(device_rule, minor, "minor", RANGE(-1, UINT32_MAX)),
	FIELD_STRING(device_rule, access, "access"),
};
static TYPE(device_rule);

static const struct field memory_fields[] = {
	FIELD_OPT_INT64(memory, limit, "limit", RANGE(-1, INT64_MAX)),
	FIELD_OPT_INT64(memory, reservation, "reservation", RANGE(-1, INT64_MAX)),
	FIELD_OPT_INT64(memory, swap, "swap", RANGE(-1, INT64_MAX)),
	FIELD_OPT_INT64(memory, kernel, "kernel", RANGE(-1, INT64_MAX)),
	FIELD_OPT_INT64(memory, kernel_tcp, "kernelTCP", RANGE(-1, INT64_MAX)),
	FIELD_OPT_UINT64(memory, swappiness, "swappiness"),
	FIELD_OPT_BOOL(memory, disable_oom_killer, "disableOOMKiller"),
	FIELD_OPT_BOOL(memory, use_hierarchy, "useHierarchy"),
	FIELD_OPT_BOOL(memory, check_before_update, "checkBeforeUpdate"),
};
static TYPE(memory);

static const struct field cpu_fields[] = {
	FIELD_OPT_UINT64(cpu, shares, "shares"),
	FIELD_OPT_INT64(cpu, quota, "quota"),
	FIELD_OPT_UINT64(cpu, burst, "burst"),
	FIELD_OPT_UINT64(cpu, period, "period"),
	FIELD_OPT_INT64(cpu, realtime_runtime, "realtimeRuntime"),
	FIELD_OPT_UINT64(cpu, realtime_period, "realtimePeriod"),
	FIELD_STRING(cpu, cpus, "cpus"),
	FIELD_STRING(cpu, mems, "mems"),
	FIELD_OPT_INT64(cpu, idle, "idle", RANGE(0, 1)),
};
static TYPE(cpu);

static const struct field weight_device_fields[] = {
	FIELD_INT64(weight_device, major, "major", REQUIRED, RANGE(0, UINT32_MAX)),
	FIELD_INT64(weight_device, minor, "minor", REQUIRED, RANGE(0, UINT32_MAX)),
	FIELD_OPT_UINT32(weight_device, weight, "weight", RANGE(0, UINT16_MAX)),
	FIELD_OPT_UINT32(weight_device, leaf_weight, "leafWeight", RANGE(0, UINT16_MAX)),
};
static TYPE(weight_device);

static const struct field throttle_device_fields[] = {
	FIELD_INT64(throttle_device, major, "major", REQUIRED, RANGE(0, UINT32_MAX)),
	FIELD_INT64(throttle_device, minor, "minor", REQUIRED, RANGE(0, UINT32_MAX)),
	FIELD_UINT64(throttle_device, rate, "rate", REQUIRED),
};
static TYPE(throttle_device);

static const struct field block_io_fields[] = {
	FIELD_OPT_UINT32(block_io, weight, "weight", RANGE(0, UINT16_MAX)),
	FIELD_OPT_UINT32(block_io, leaf_weight, "leafWeight", RANGE(0, UINT16_MAX)),
	FIELD_OBJECT_LIST(block_io, weight_device, "weightDevice", weight_device),
	FIELD_OBJECT_LIST(block_io, throttle_read_bps, "throttleReadBpsDevice", throttle_device),
	FIELD_OBJECT_LIST(block_io, throttle_write_bps, "throttleWriteBpsDevice", throttle_device),
	FIELD_OBJECT_LIST(block_io, throttle_read_iops, "throttleReadIOPSDevice", throttle_device),
	FIELD_OBJECT_LIST(block_io, throttle_write_iops, "throttleWriteIOPSDevice",
			  throttle_device),
};
static TYPE(block_io);

static const struct field hugepage_limit_fields[] = {
	FIELD_STRING(hugepage_limit, page_size, "pageSize", REQUIRED),
	FIELD_UINT64(hugepage_limit, limit, "limit", REQUIRED),
};
static TYPE(hugepage_limit);

static const struct field interface_priority_fields[] = {
	FIELD_STRING(interface_priority, name, "name", REQUIRED),
	FIELD_UINT32(interface_priority, priority, "priority", REQUIRED),
};
static TYPE(interface_priority);

static const struct field network_fields[] = {
	FIELD_OPT_UINT32(network, class_id, "classID"),
	FIELD_OBJECT_LIST(network, priorities, "priorities", interface_priority),
};
static TYPE(network);

static const struct field pids_fields[] = {
	FIELD_OPT_INT64(pids, limit, "limit", RANGE(-1, INT64_MAX)),
};
static TYPE(pids);

static const struct field rdma_fields[] = {
	FIELD_OPT_UINT32(rdma, hca_handles, "hcaHandles"),
	FIELD_OPT_UINT32(rdma, hca_objects, "hcaObjects"),
};
static TYPE(rdma);

static const struct field resources_fields[] = {
	FIELD_OBJECT_LIST(resources, devices, "devices", device_rule),
	FIELD_OBJECT(resources, memory, "memory", memory),
	FIELD_OBJECT(resources, cpu, "cpu", cpu),
	FIELD_OBJECT(resources, pids, "pids", pids),
	FIELD_OBJECT(resources, block_io, "blockIO", block_io),
	FIELD_OBJECT_LIST(resources, hugepage_limits, "hugepageLimits", hugepage_limit),
	FIELD_OBJECT(resources, network, "network", network),
	FIELD_OBJECT_MAP(resources, rdma, "rdma", rdma),
	FIELD_STRING_MAP(resources, unified, "unified"),
};
TYPE(resources);

#define SECCOMP_ACTION_LIST(each)                                                                 \
	each("SCMP_ACT_KILL", SECCOMP_KILL) each("SCMP_ACT_KILL_PROCESS", SECCOMP_KILL_PROCESS)   \
		each("SCMP_ACT_KILL_THREAD", SECCOMP_KILL_THREAD)                                 \
			each("SCMP_ACT_TRAP", SECCOMP_TRAP) each("SCMP_ACT_ERRNO", SECCOMP_ERRNO) \
				each("SCMP_ACT_TRACE", SECCOMP_TRACE)                             \
					each("SCMP_ACT_ALLOW", SECCOMP_ALLOW)                     \
						each("SCMP_ACT_LOG", SECCOMP_LOG)                 \
							each("SCMP_ACT_NOTIFY", SECCOMP_NOTIFY)
#define SECCOMP_OPERATOR_LIST(each)                                                     \
	each("SCMP_CMP_NE", SECCOMP_NE) each("SCMP_CMP_LT", SECCOMP_LT)                 \
		each("SCMP_CMP_LE", SECCOMP_LE) each("SCMP_CMP_EQ", SECCOMP_EQ)         \
			each("SCMP_CMP_GE", SECCOMP_GE) each("SCMP_CMP_GT", SECCOMP_GT) \
				each("SCMP_CMP_MASKED_EQ", SECCOMP_MASKED_EQ)
#define AS_WORD(name, number) { name, number },
#define AS_NAME(name, number) [number] = name,

static const struct word seccomp_action_words[] = { SECCOMP_ACTION_LIST(AS_WORD){ NULL, 0 } };
static const struct word seccomp_operator_words[] = { SECCOMP_OPERATOR_LIST(AS_WORD){ NULL, 0 } };
const char *const seccomp_action_names[SECCOMP_ACTIONS + 1] = { SECCOMP_ACTION_LIST(AS_NAME) };
const char *const seccomp_operator_names[SECCOMP_OPERATORS + 1] = { SECCOMP_OPERATOR_LIST(
	AS_NAME) };

static const struct word seccomp_flag_words[] = {
	{ "SECCOMP_FILTER_FLAG_TSYNC", SECCOMP_FILTER_FLAG_TSYNC },
	{ "SECCOMP_FILTER_FLAG_LOG", SECCOMP_FILTER_FLAG_LOG },
	{ "SECCOMP_FILTER_FLAG_SPEC_ALLOW", SECCOMP_FILTER_FLAG_SPEC_ALLOW },
	{ "SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV", SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV },
	{ NULL, 0 },
};
static const struct field seccomp_arg_fields[] = {
	FIELD_UINT32(seccomp_arg, index, "index", REQUIRED, RANGE(0, 5)),
	FIELD_UINT64(seccomp_arg, value, "value", REQUIRED),
	FIELD_UINT64(seccomp_arg, value_two, "valueTwo"),
	FIELD_WORD(seccomp_arg, op, "op", seccomp_operator_words, REQUIRED),
};
static TYPE(seccomp_arg);

static const struct field seccomp_rule_fields[] = {
	FIELD_STRING_LIST(seccomp_rule, names, "names", REQUIRED),
	FIELD_WORD(seccomp_rule, action, "action", seccomp_action_words, REQUIRED),
	FIELD_OPT_UINT32(seccomp_rule, errno_ret, "errnoRet", RANGE(0, UINT16_MAX)),
	FIELD_OBJECT_LIST(seccomp_rule, args, "args", seccomp_arg),
};
static TYPE(seccomp_rule);

static const struct field seccomp_fields[] = {
	FIELD_WORD(seccomp, default_action, "defaultAction", seccomp_action_words, REQUIRED),
	FIELD_OPT_UINT32(seccomp, default_errno_ret, "defaultErrnoRet", RANGE(0, UINT16_MAX)),
	FIELD_STRING_LIST(seccomp, architectures, "architectures"),
	FIELD_FLAGS(seccomp, flags, "flags", seccomp_flag_words),
	FIELD_STRING(seccomp, listener_path, "listenerPath"),
	FIELD_STRING(seccomp, listener_metadata, "listenerMetadata"),
	FIELD_OBJECT_LIST(seccomp, syscalls, "syscalls", seccomp_rule),
};
TYPE(seccomp);

static const struct field intel_rdt_fields[] = {
	FIELD_STRING(intel_rdt, clos_id, "closID"),
	FIELD_STRING_LIST(intel_rdt, schemata, "schemata"),
	FIELD_STRING(intel_rdt, l3_cache_schema, "l3CacheSchema"),
	FIELD_STRING(intel_rdt, mem_bw_schema, "memBwSchema"),
	FIELD_BOOL(intel_rdt, enable_monitoring, "enableMonitoring"),
};
static TYPE(intel_rdt);

static const struct word memory_policy_words[] = {
	{ "MPOL_DEFAULT", MPOL_DEFAULT },
	{ "MPOL_BIND", MPOL_BIND },
	{ "MPOL_INTERLEAVE", MPOL_INTERLEAVE },
	{ "MPOL_WEIGHTED_INTERLEAVE", MPOL_WEIGHTED_INTERLEAVE_ },
	{ "MPOL_PREFERRED", MPOL_PREFERRED },
	{ "MPOL_PREFERRED_MANY", MPOL_PREFERRED_MANY },
	{ "MPOL_LOCAL", MPOL_LOCAL },
	{ NULL, 0 },
};
static const struct word memory_policy_flag_words[] = {
	{ "MPOL_F_NUMA_BALANCING", MPOL_F_NUMA_BALANCING },
	{ "MPOL_F_RELATIVE_NODES", MPOL_F_RELATIVE_NODES },
	{ "MPOL_F_STATIC_NODES", MPOL_F_STATIC_NODES },
	{ NULL, 0 },
};
static const struct field memory_policy_fields[] = {
	FIELD_WORD(memory_policy, mode, "mode", memory_policy_words, REQUIRED),
	FIELD_STRING(memory_policy, nodes, "nodes"),
	FIELD_FLAGS(memory_policy, flags, "flags", memory_policy_flag_words),
};
static TYPE(memory_policy);

static const struct word personality_words[] = {
	{ "LINUX", PER_LINUX },
	{ "LINUX32", PER_LINUX32 },
	{ NULL, 0 },
};
static const struct field personality_fields[] = {
	FIELD_WORD(personality, domain, "domain", personality_words, REQUIRED),
	FIELD_STRING_LIST(personality, flags, "flags"),
};
static TYPE(personality);

static const struct field linux_config_fields[] = {
	FIELD_OBJECT_LIST(linux_config, uid_mappings, "uidMappings", id_mapping),
	FIELD_OBJECT_LIST(linux_config, gid_mappings, "gidMappings", id_mapping),
	FIELD_STRING_MAP(linux_config, sysctl, "sysctl"),
	FIELD_OBJECT(linux_config, resources, "resources", resources),
	FIELD_STRING(linux_config, cgroups_path, "cgroupsPath"),
	FIELD_OBJECT_LIST(linux_config, namespaces, "namespaces", namespace),
	FIELD_OBJECT_LIST(linux_config, devices, "devices", device),
	FIELD_OBJECT_MAP(linux_config, net_devices, "netDevices", net_device),
	FIELD_OBJECT(linux_config, seccomp, "seccomp", seccomp),
	FIELD_STRING(linux_config, rootfs_propagation, "rootfsPropagation"),
	FIELD_STRING_LIST(linux_config, masked_paths, "maskedPaths"),
	FIELD_STRING_LIST(linux_config, readonly_paths, "readonlyPaths"),
	FIELD_STRING(linux_config, mount_label, "mountLabel"),
	FIELD_OBJECT(linux_config, intel_rdt, "intelRdt", intel_rdt),
	FIELD_OBJECT(linux_config, memory_policy, "memoryPolicy", memory_policy),
	FIELD_OBJECT(linux_config, personality, "personality", personality),
	FIELD_OBJECT_MAP(linux_config, time_offsets, "timeOffsets", time_offset),
};
static TYPE(linux_config);

static const struct field config_fields[] = {
	FIELD_STRING(config, oci_version, "ociVersion", REQUIRED),
	FIELD_OBJECT(config, process, "process", process),
	FIELD_OBJECT(config, root, "root", root, REQUIRED),
	FIELD_STRING(config, hostname, "hostname"),
	FIELD_STRING(config, domainname, "domainname"),
	FIELD_OBJECT_LIST(config, mounts, "mounts", mount),
	FIELD_OBJECT(config, hooks, "hooks", hooks),
	FIELD_STRING_MAP(config, annotations, "annotations"),
	FIELD_OBJECT(config, linux_, "linux", linux_config),
};
TYPE(config);
