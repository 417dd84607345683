/* The container's root directory: from a host path to the root of a mount namespace. */
#pragma once

#include <sys/types.h>

#include "runtime/plan.h"

/* A detached clone of the mounts at plan->rootfs: the parent's, but the child's where only it has the privilege
 * or is in the mount namespace to join. */
int rootfs_open(const struct plan *plan, struct error *err);

/* The child's half, in order. */

/* Cuts propagation to the host and attaches @root at its own path, where pivot_root(2) needs it. */
int rootfs_attach(const struct plan *plan, int root, struct error *err);

/* Makes the mount of @root, and tmpfs mounts that want it, read-only. */
int rootfs_make_readonly(const struct plan *plan, int root, struct error *err);

/* Makes @root the root and the working directory; the old root is gone afterwards. @no_pivot: for
 * roots on an initramfs, which pivot_root(2) refuses. */
int rootfs_enter(const struct plan *plan, int root, bool no_pivot, struct error *err);

/* Without a mount namespace of its own a container's mounts outlive it, all on top of the clone of its
 * rootfs. That mount's number (mountinfo's first field) is kept in its record; 0 when unknown. */
uint64_t rootfs_mount_id(int root);
uint64_t rootfs_mount_id_of(pid_t pid); /* by the root directory of a process */

/* Detaches the mount @id, with all above it, if it is still the topmost at @rootfs. @namespace: host path of
 * the mount namespace that it is in, or NULL for the caller's. @id 0: nothing to do. */
int rootfs_detach(const char *namespace, const char *rootfs, uint64_t id, struct error *err);
