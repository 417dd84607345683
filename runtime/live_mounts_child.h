/* The process that enters a container's mount namespace to change its mounts. Knows no record. */
#pragma once

#include "runtime/plan.h"
#include "spec/state.h"

/* Makes plan->mounts in the container of @pidfd and @state. @sources: detached mounts (mount_sources_open), which the
 * caller closes; NULL: opened by the process, with the privilege that it has in the container's user
 * namespace. @ids receives the mounts' numbers (mountinfo's first field). */
int live_mounts_attach(int pidfd, const struct state *state, const struct plan *plan, int *sources,
		       uint32_t *ids, struct error *err);

/* See live_mounts_remove. */
int live_mounts_detach(int pidfd, const struct state *state, const struct string_list *destinations,
		       bool force, struct error *err);

/* Whether the mount of that number is one that was added. */
bool live_mounts_has(const struct state *state, int64_t id);
