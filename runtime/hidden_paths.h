/* linux.maskedPaths and linux.readonlyPaths: parts of the rootfs that the container may not see or
 * not write. */
#pragma once

#include "runtime/plan.h"

/* A file is covered by the host's /dev/null, a directory by an empty read-only tmpfs. Paths that do not exist need
 * no mask. */
int paths_mask(const struct plan *plan, int root, struct error *err);

int paths_make_readonly(const struct plan *plan, int root, struct error *err);
