/* What a runtime tells of itself: the Features structure of runtime-spec 1.3.0. Which of it is true of
 * which runtime is not known here.
 * https://github.com/opencontainers/runtime-spec features.md, features-linux.md */
#pragma once

#include "spec/table.h"

struct features_cgroup {
	bool v1, v2, systemd, systemd_user, rdma;
};

struct features_seccomp {
	bool enabled;
	struct string_list actions, operators, archs, known_flags, supported_flags;
};

struct features_enabled {
	bool enabled;
};

struct features_memory_policy {
	struct string_list modes, flags;
};

struct features_intel_rdt {
	bool enabled, schemata, monitoring;
};

struct features_mount_extensions {
	struct features_enabled *idmap;
};

struct features_linux {
	struct string_list namespaces, capabilities;
	struct features_cgroup *cgroup;
	struct features_seccomp *seccomp;
	struct features_enabled *apparmor, *selinux;
	struct features_memory_policy *memory_policy;
	struct features_intel_rdt *intel_rdt;
	struct features_mount_extensions *mount_extensions;
	struct features_enabled *net_devices;
};

struct features {
	char *oci_version_min, *oci_version_max;
	struct string_list hooks, mount_options;
	struct features_linux *linux_; /* `linux` is a macro of GNU C */
	struct string_map annotations;
	struct string_list potentially_unsafe_config_annotations;
};
extern const struct type features_type;
