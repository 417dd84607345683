/* Groups of resctrl, by which the kernel shares out caches and memory bandwidth: linux.intelRdt.
 * config-linux.md, IntelRdt; the kernel's Documentation/filesystems/resctrl.rst. Writes what it is given and
 * leaves to the kernel what a schema means. Every path is made from the resctrl directory that is handed
 * in. */
#pragma once

#include <sys/types.h>

#include "spec/state.h"

/* The directory where resctrl is mounted, for the caller to free. Not mounted: NULL, ENOENT, with a hint. */
char *resctrl_find(struct error *err);

/* Decides which groups a container is to have, before anything is made: fills resctrl_group,
 * resctrl_monitoring and resctrl_made of @state (whose id names the groups), those that delete is to
 * remove. @resctrl: the directory of resctrl_find. */
int resctrl_foresee(const char *resctrl, const struct intel_rdt *rdt, struct state *state,
		    struct error *err);

/* What this very run has made, for resctrl_take_back. */
struct resctrl_made {
	bool group, monitoring;
};

/* Makes what was foreseen, writes the schemata and moves the single-threaded process @pid. On failure
 * @made says what is there already. A class of the configuration's own (closID) that exists must have the
 * l3CacheSchema and memBwSchema that are asked for. */
int resctrl_create(const struct intel_rdt *rdt, const struct state *state, pid_t pid,
		   struct resctrl_made *made, struct error *err);
void resctrl_take_back(const struct state *state, const struct resctrl_made *made);

/* Moves another single-threaded process into the groups of the container, if it has any: for exec. */
int resctrl_enter(const struct state *state, pid_t pid, struct error *err);

/* Removes state->resctrl_made; what is gone already is fine. */
int resctrl_remove(const struct state *state, struct error *err);

/* For `update`: writes the schemas that are not NULL to the container's group. A container that was created
 * without linux.intelRdt gets a group now, with every thread of its processes (state->cgroup_dirs); then
 * the caller saves @state. */
int resctrl_update(struct state *state, const char *l3_cache_schema, const char *mem_bw_schema,
		   struct error *err);

/* Appends the JSON object "intel_rdt" of `events` ("{}" for a container without linux.intelRdt), in
 * the words of runc's types/events.go. */
int resctrl_print_statistics(const struct state *state, struct buffer *to, struct error *err);
