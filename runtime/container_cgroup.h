/* A container's control groups, whoever makes them, from its plan and its record. Knows what create, update
 * and delete want of them, not when. */
#pragma once

#include "runtime/cgroup/undo.h"
#include "runtime/plan.h"
#include "spec/state.h"

/* Makes the groups and notes in @state which there are. With a scope of systemd it does nothing: that wants
 * a process first. */
int container_make_cgroup(struct plan *plan, struct state *state, struct error *err);

/* Has systemd make the scope with the process @pid in it; without a scope it does nothing. *started: there is
 * one, to be ended also when the rest failed. A scope of that name which is another's stays as it is (EEXIST). */
int container_start_scope(struct plan *plan, pid_t pid, bool *started, struct error *err);

/* An error where the container has no group (--cgroup-manager disabled, or a caller who may not make one):
 * for commands that are nothing without. */
int container_need_cgroup(const struct state *state, struct error *err);

/* The writes of @plan (cgroup_plan_update), told to systemd first where it has the scope. */
int container_set_limits(const struct state *state, const struct cgroup_plan *plan,
			 struct error *err);

/* Puts back what @undo remembers from before container_set_limits, whether that failed or something after
 * it did. What cannot be put back is named in hints to @err. */
void container_restore_limits(const struct state *state, const struct cgroup_undo *undo,
			      struct error *err);

/* Whether a process of ours can only be moved by systemd into the v2 group @directory, at or below the scope: the
 * scope is the user's, and we are outside of what that user may write to (cgroup-v2.rst, Delegation
 * Containment), as in a session of ssh. */
bool container_needs_attaching(const struct state *state, const char *directory);

/* Has systemd move @pid there. The process must still have our user id. */
int container_attach(const struct state *state, const char *directory, pid_t pid,
		     struct error *err);

/* Ends the scope, if there is one, and removes the groups that were made. */
int container_remove_cgroup(const struct state *state, struct error *err);
