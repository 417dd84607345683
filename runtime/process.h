/* What the container's process is besides its rootfs: limits, ids, working directory, program. */
#pragma once

#include <stdbool.h>
#include <sys/types.h>

#include "runtime/plan.h"

/* The parent's half, on the waiting child. */

/* prlimit(2). A hard limit above the present one needs CAP_SYS_RESOURCE. */
int process_set_rlimits(pid_t pid, const struct resource_limit_list *limits, struct error *err);

/* /proc/PID/oom_score_adj; only when the configuration sets it. */
int process_set_oom_score(pid_t pid, const struct opt_int64 *adjustment, struct error *err);

/* The child's half. */

/* A new session keyring, so that the container does not share the host's (keyctl(2)). Kernels and
 * policies without keyrings are no error. */
int process_join_keyring(const char *id, struct error *err);

/* Scheduling policy, I/O priority, memory policy and personality. */
int process_set_scheduling(const struct config *config, struct error *err);

/* Gives every signal its default action back: execve(2) keeps what is ignored, and systemd has its services ignore
 * SIGPIPE, nohup(1) SIGHUP. (runc lets the latter through.) */
void process_reset_signals(void);

/* process.cwd: entered as root or, where root may not (network file systems), later as the user. Proves that the directory is inside the root
 * (CVE-2024-21626). *entered tells which. */
int process_enter_cwd(const char *cwd, bool *entered, struct error *err);

/* Standard streams that belong to somebody else are given to the user, as login(1) does. */
int process_own_stdio(uid_t uid, struct error *err);

/* Additional groups, group and user; umask when it is set. @setgroups: whether the user namespace allows
 * setgroups(2). */
int process_become_user(const struct user *user, bool in_user_namespace, struct error *err);

/* The path to give to execve(2): args[0] itself when it has a slash, else found in PATH of
 * @environment. For the caller to free. Words as callers match them: "executable file not found in
 * $PATH", "no such file or directory", "permission denied". */
char *process_find_program(const char *name, const struct string_list *environment,
			   struct error *err);
