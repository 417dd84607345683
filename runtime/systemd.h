/* Asking systemd for a container's scope. The D-Bus part is a program of its own, orun-systemd, because
 * libsystemd is only a shared library and orun may be a static executable; it runs only here. */
#pragma once

#include <stdbool.h>
#include <sys/types.h>

#include "runtime/cgroup/settings.h"
#include "runtime/cgroup/systemd.h"

/* A unit, and the instance of systemd that has it. */
struct systemd_unit {
	const char *name;
	bool user;
};

/* Whether the program beside orun can be found. */
bool systemd_is_installed(void);

/* Starts the scope with the process @pid in it, and waits until systemd has done so. The error says when it
 * is in another group than @scope->group. */
int systemd_start(const struct systemd_scope *scope, pid_t pid, struct error *err);

/* Changes properties of a scope, until it ends. */
int systemd_set(const struct systemd_unit *unit, const struct systemd_properties *properties,
		struct error *err);

/* Moves a process into a scope, to the group @below it ("/": the scope's own): for a caller who may not do that. */
int systemd_attach(const struct systemd_unit *unit, const char *below, pid_t pid,
		   struct error *err);

/* Ends the scope with everything in it. One that has ended already is fine. */
int systemd_stop(const struct systemd_unit *unit, struct error *err);

/* The group of the user's instance of systemd, "/user.slice/user-1000.slice/user@1000.service", for the
 * caller to free; NULL on failure. */
char *systemd_user_group(struct error *err);

/* Whether a caller's containers belong to the user's instance of systemd: what the command line says; else, if
 * the caller is not root, or root of a user namespace that has no systemd of its own. */
bool systemd_is_users(enum cgroup_rootless rootless);
