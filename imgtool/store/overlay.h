/* overlayfs mounts from descriptors of directories, attached to nothing. Knows neither store nor bundle.
 * Documentation/filesystems/overlayfs.rst of the kernel; fsopen(2), fsconfig(2), fsmount(2), kernel 5.2. */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "spec/base/error.h"

/* OVL_MAX_STACK of the kernel. */
#define OVERLAY_LAYERS_MAX 500

struct overlay {
	const int *lower; /* descriptors of directories, the base first; none twice */
	size_t n_lower;
	int upper, work;   /* -1: read-only */
	bool user_xattrs;  /* marks are user.overlay., in a user namespace */
	const char *label; /* the mount's source in /proc/self/mountinfo */
};

/* A detached mount, which goes with its last descriptor unless overlay_attach gave it a place. Close-on-exec. One lower
 * directory and no upper one is no mount, but that directory itself. */
int overlay_mount(const struct overlay *overlay, struct error *err);

/* What overlay_mount does where overlayfs has no fsconfig(2) options of its own, before kernel 6.7: as many layers as
 * the options of mount(2) have room for, about 200. */
int overlay_mount_by_options(const struct overlay *overlay, struct error *err);

/* Mounts @mount on the directory @name of @directory, which is neither a link nor a mount already. */
int overlay_attach(int mount, int directory, const char *name, struct error *err);

/* Whether @name of @directory is the root of an overlay mount (1), of another mount (-1 with EBUSY), or of none (0). */
int overlay_is_mounted(int directory, const char *name, struct error *err);

/* Takes it away. EBUSY: someone uses it. */
int overlay_detach(int directory, const char *name, struct error *err);
