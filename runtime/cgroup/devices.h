/* linux.resources.devices: the rules as the runtime applies them, and their two forms, lines for v1's
 * devices.allow and devices.deny and an eBPF program for v2. Decides, but does no system call except in
 * cgroup_device_program_attach. */
#pragma once

#include "runtime/cgroup/cgroup.h"

enum device_access { DEVICE_READ = 1, DEVICE_WRITE = 2, DEVICE_MKNOD = 4, DEVICE_ALL = 7 };

#define DEVICE_ANY (-1)

struct cgroup_device_rule {
	bool allow;
	char type;	      /* 'c' or 'b' */
	int64_t major, minor; /* DEVICE_ANY, or up to 2^32 - 1 */
	int access;	      /* enum device_access, at least one */
};

struct cgroup_device_rules {
	bool default_allow;
	struct cgroup_device_rule *v; /* in order; for each access the last that matches decides */
	size_t n;
};

/* The rules of @config, then the devices that every container gets (runtime-spec config-linux.md,
 * Default Devices; runc adds mknod of anything and /dev/net/tun), which no rule can take away; a
 * default device whose path linux.devices redefines is left out. Everything is denied that no rule
 * names, also when there are no rules. A rule for all devices and all access starts over. Unset
 * type, major, minor and access all mean "all"; type "a" with numbers or less access means "c" and
 * "b". */
int cgroup_device_rules(const struct config *config, struct cgroup_device_rules *rules,
			struct error *err);
void cgroup_device_rules_finish(struct cgroup_device_rules *rules);

/* v1's form: what differs from the default, each type, major and minor once. The kernel only takes back what
 * was given in the same words, so a rule that would cut a hole into a wider one is an error. */
int cgroup_device_exceptions(const struct cgroup_device_rules *rules,
			     struct cgroup_device_rules *exceptions, struct error *err);

/* "c 1:3 rwm": at most CGROUP_DEVICE_LINE bytes with the NUL. */
#define CGROUP_DEVICE_LINE 32
void cgroup_device_line(const struct cgroup_device_rule *rule, char line[CGROUP_DEVICE_LINE]);

/* v2's form. No instructions when everything is allowed. */
int cgroup_device_program_build(const struct cgroup_device_rules *rules,
				struct cgroup_device_program *program, struct error *err);

/* Loads @program and attaches it to the group @directory_fd. */
int cgroup_device_program_attach(const struct cgroup_device_program *program, int directory_fd,
				 struct error *err);
