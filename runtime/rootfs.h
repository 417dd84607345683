/* The container's root directory: from a host path to the root of a mount namespace. */
#pragma once

#include "runtime/plan.h"

/* The parent's half: a detached clone of the mounts at plan->rootfs; just the directory where the
 * container makes no mount namespace of its own. */
int rootfs_open(const struct plan *plan, struct error *err);

/* The child's half, in order. */

/* Cuts propagation to the host and attaches @root at its own path, where pivot_root(2) needs it. */
int rootfs_attach(const struct plan *plan, int root, struct error *err);

/* Makes the mount of @root, and tmpfs mounts that want it, read-only. */
int rootfs_make_readonly(const struct plan *plan, int root, struct error *err);

/* Makes @root the root and the working directory; the old root is gone afterwards. @no_pivot: for
 * roots on an initramfs, which pivot_root(2) refuses. */
int rootfs_enter(const struct plan *plan, int root, bool no_pivot, struct error *err);
