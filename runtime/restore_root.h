/* Where CRIU finds a root file system to restore into: in a mount namespace that only orun and criu have, so
 * that nothing of it outlives them, however they end. */
#pragma once

#include "runtime/plan.h"

struct restore_root {
	const struct plan *plan;
	char *directory;	      /* host path of the container's record */
	char *path;		      /* where the root file system is */
	int host_namespace, host_cwd; /* the way back, or -1 */
};

/* Takes the calling process, which must have one thread, into a mount namespace of its own. There it makes the
 * mount points that config.json needs and the image of the rootfs may lack, and mounts the root file
 * system at path: CRIU wants it to be a mount point, and nothing mounted over what it is mounted on.
 * Directories that criu is going to mount in must be opened after this. @record: the container's
 * directory. */
int restore_root_enter(struct restore_root *root, const struct plan *plan, int record,
		       struct error *err);

/* Back to the caller's mount namespace and working directory; does nothing when it is there. What was started or
 * opened meanwhile stays in the other. */
int restore_root_leave(struct restore_root *root, struct error *err);

void restore_root_finish(struct restore_root *root);
