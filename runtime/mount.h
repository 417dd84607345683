/* The container's mounts. Sources are detached clones (open_tree(2)); targets are descriptors beneath the
 * rootfs; the two are joined with move_mount(2). */
#pragma once

#include "runtime/plan.h"

/* The parent's half: clones of the sources that only the parent can open, already idmapped where asked.
 * (*sources)[i] belongs to plan->mounts[i]; -1: nothing to bind, or left to mount_all. The array is the
 * caller's. */
int mount_sources_open(const struct plan *plan, int **sources, struct error *err);
void mount_sources_close(int *sources, size_t n);

/* The child's half: makes plan->mounts in order beneath @root, and closes the sources. Errors begin with
 * "mounts[N]". */
int mount_all(const struct plan *plan, int *sources, int root, struct error *err);

/* Later: the "ro" of tmpfs mounts, once devices, mount points and copies are in them. */
int mounts_make_readonly(const struct plan *plan, int root, struct error *err);
