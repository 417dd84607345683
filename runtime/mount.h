/* The container's mounts. Sources are opened by the runtime, with its privileges and in its mount
 * namespace; targets are descriptors beneath the rootfs; the two are joined with move_mount(2). */
#pragma once

#include "runtime/plan.h"

/* The parent's half: one detached clone (open_tree(2)) per bind mount, already idmapped where asked.
 * (*sources)[i] belongs to plan->mounts[i], -1 where there is nothing to bind. The array is the caller's. */
int mount_sources_open(const struct plan *plan, int **sources, struct error *err);
void mount_sources_close(int *sources, size_t n);

/* The child's half: makes plan->mounts in order beneath @root. Errors begin with "mounts[N]". */
int mount_all(const struct plan *plan, const int *sources, int root, struct error *err);

/* Later: the "ro" of tmpfs mounts, once devices, mount points and copies are in them. */
int mounts_make_readonly(const struct plan *plan, int root, struct error *err);
