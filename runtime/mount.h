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

/* Attaches the detached mount @mount on the directory or file @target. */
int mount_attach(int mount, int target, struct error *err);

/* Sets and clears MOUNT_ATTR_… of the mount that @fd is the root of; @recursive: of all below it too.
 * Kernels before 5.12 have no mount_setattr(2): there a remount by descriptor does it for one mount,
 * and the recursive form is an error. */
int mount_set_attributes(int fd, uint64_t set, uint64_t clear, bool recursive, struct error *err);

/* Propagation MS_SHARED, … with or without MS_REC, of the mount that @fd is the root of. */
int mount_set_propagation(int fd, unsigned long propagation, struct error *err);

/* A new detached mount of @type. @data: words for the file system ("size=64k"), may be NULL; @source may be NULL.
 * @flags: MS_… of the superblock. The kernel's own explanation, where it gives one, is in the error. */
int mount_new(const char *type, const char *source, const struct string_list *data,
	      unsigned long flags, uint64_t attributes, struct error *err);
