/* Mounts that are added to a container, and taken from it, while it is there. Processes of the container may
 * change every path meanwhile: mounts are finished before they are attached, and attached to descriptors. */
#pragma once

#include "runtime/container.h"

/* Makes @mounts, entries as in config.json, in the running, created or paused @container: all or, when one
 * fails, none. Their numbers go into the record, which is saved. Relative sources are beneath the bundle. Needs
 * Linux 5.12. */
int live_mounts_add(struct container *container, const struct mount_list *mounts,
		    struct error *err);

/* Detaches what is mounted at @destinations, exactly there: not where a symlink leads. Only what live_mounts_add
 * has mounted or, with @force, whatever it is but the container's root. All or, when one is not as it
 * should be, none. */
int live_mounts_remove(struct container *container, const struct string_list *destinations,
		       bool force, struct error *err);

/* The text of the container's mountinfo, for the caller to free; NULL when it is not running. */
char *live_mounts_read(const struct container *container, struct error *err);
