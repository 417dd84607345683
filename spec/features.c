#include "spec/features.h"

#include "spec/table_fields.h"

/* Nothing is left out: an absent field would mean that nobody knows. */
static const struct field features_cgroup_fields[] = {
	FIELD_BOOL(features_cgroup, v1, "v1", ALWAYS),
	FIELD_BOOL(features_cgroup, v2, "v2", ALWAYS),
	FIELD_BOOL(features_cgroup, systemd, "systemd", ALWAYS),
	FIELD_BOOL(features_cgroup, systemd_user, "systemdUser", ALWAYS),
	FIELD_BOOL(features_cgroup, rdma, "rdma", ALWAYS),
};
static TYPE(features_cgroup);

static const struct field features_seccomp_fields[] = {
	FIELD_BOOL(features_seccomp, enabled, "enabled", ALWAYS),
	FIELD_STRING_LIST(features_seccomp, actions, "actions", ALWAYS),
	FIELD_STRING_LIST(features_seccomp, operators, "operators", ALWAYS),
	FIELD_STRING_LIST(features_seccomp, archs, "archs", ALWAYS),
	FIELD_STRING_LIST(features_seccomp, known_flags, "knownFlags", ALWAYS),
	FIELD_STRING_LIST(features_seccomp, supported_flags, "supportedFlags", ALWAYS),
};
static TYPE(features_seccomp);

static const struct field features_enabled_fields[] = {
	FIELD_BOOL(features_enabled, enabled, "enabled", ALWAYS),
};
static TYPE(features_enabled);

static const struct field features_memory_policy_fields[] = {
	FIELD_STRING_LIST(features_memory_policy, modes, "modes", ALWAYS),
	FIELD_STRING_LIST(features_memory_policy, flags, "flags", ALWAYS),
};
static TYPE(features_memory_policy);

static const struct field features_intel_rdt_fields[] = {
	FIELD_BOOL(features_intel_rdt, enabled, "enabled", ALWAYS),
	FIELD_BOOL(features_intel_rdt, schemata, "schemata", ALWAYS),
	FIELD_BOOL(features_intel_rdt, monitoring, "monitoring", ALWAYS),
};
static TYPE(features_intel_rdt);

static const struct field features_mount_extensions_fields[] = {
	FIELD_OBJECT(features_mount_extensions, idmap, "idmap", features_enabled, ALWAYS),
};
static TYPE(features_mount_extensions);

static const struct field features_linux_fields[] = {
	FIELD_STRING_LIST(features_linux, namespaces, "namespaces", ALWAYS),
	FIELD_STRING_LIST(features_linux, capabilities, "capabilities", ALWAYS),
	FIELD_OBJECT(features_linux, cgroup, "cgroup", features_cgroup, ALWAYS),
	FIELD_OBJECT(features_linux, seccomp, "seccomp", features_seccomp, ALWAYS),
	FIELD_OBJECT(features_linux, apparmor, "apparmor", features_enabled, ALWAYS),
	FIELD_OBJECT(features_linux, selinux, "selinux", features_enabled, ALWAYS),
	FIELD_OBJECT(features_linux, memory_policy, "memoryPolicy", features_memory_policy, ALWAYS),
	FIELD_OBJECT(features_linux, intel_rdt, "intelRdt", features_intel_rdt, ALWAYS),
	FIELD_OBJECT(features_linux, mount_extensions, "mountExtensions", features_mount_extensions,
		     ALWAYS),
	FIELD_OBJECT(features_linux, net_devices, "netDevices", features_enabled, ALWAYS),
};
static TYPE(features_linux);

static const struct field features_fields[] = {
	FIELD_STRING(features, oci_version_min, "ociVersionMin", REQUIRED),
	FIELD_STRING(features, oci_version_max, "ociVersionMax", REQUIRED),
	FIELD_STRING_LIST(features, hooks, "hooks", ALWAYS),
	FIELD_STRING_LIST(features, mount_options, "mountOptions", ALWAYS),
	FIELD_OBJECT(features, linux_, "linux", features_linux, ALWAYS),
	FIELD_STRING_MAP(features, annotations, "annotations", ALWAYS),
	FIELD_STRING_LIST(features, potentially_unsafe_config_annotations,
			  "potentiallyUnsafeConfigAnnotations", ALWAYS),
};
TYPE(features);
