/* Which of a container's mounts come from the host, in CRIU's terms: on a dump it leaves them out under a
 * name, on a restore it mounts a host path under that name again. The names are the ones that runc
 * gives, so that images can go from one to the other. Only config.json names host paths. */
#pragma once

#include "runtime/cgroup/cgroup.h"
#include "runtime/criu_options.h"

/* @root: the root directory of the container's init; @rootfs: the host path of the root file system;
 * @groups: the directories of its control groups (state.json). */
int external_mounts_dump(const struct config *config, int root, const char *rootfs,
			 const struct string_list *groups, struct criu_options *options,
			 struct error *err);

/* @bundle: sources that are relative start there. @groups: those of the restored container. */
int external_mounts_restore(const struct config *config, const char *bundle, const char *rootfs,
			    const struct string_list *groups, struct criu_options *options,
			    struct error *err);

/* Where @destination is beneath the directory @root once its links are followed; the rest of the path
 * from the first component on that is missing is kept as it is. "/data/x". For the caller to free. */
char *external_mount_place(int root, const char *destination, struct error *err);
