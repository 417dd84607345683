/* AppArmor and SELinux labels for the process to be executed and for mounts, written through a
 * descriptor of the host's procfs: a container's own /proc is never trusted (CVE-2019-16884,
 * CVE-2025-52881). */
#pragma once

#include <stdbool.h>

#include "spec/config.h"

/* What this build has. */
#ifdef ORUN_WITHOUT_APPARMOR
#define LSM_APPARMOR_BUILT false
#else
#define LSM_APPARMOR_BUILT true
#endif
#ifdef ORUN_WITHOUT_SELINUX
#define LSM_SELINUX_BUILT false
#else
#define LSM_SELINUX_BUILT true
#endif

/* What the running kernel has; read from the host's /sys and /proc. */
bool lsm_apparmor_enabled(void);
bool lsm_selinux_enabled(void);

/* Planning: a label for a module that the kernel does not have (or that this build was configured
 * without) becomes a warning and is not applied; *apparmor and *selinux receive what is to be applied,
 * borrowed from @process, or NULL. */
int lsm_plan(const struct process *process, const char **apparmor, const char **selinux,
	     struct string_list *warnings, struct error *err);

/* For the next execve of the calling thread. @procfs: descriptor of the host's /proc, opened before the root changed.
 * Error texts hold `/proc/thread-self/attr/exec` in backticks, which Podman looks for. */
int lsm_apply(int procfs, const char *apparmor, const char *selinux, struct error *err);
