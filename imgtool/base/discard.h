/* Removal of a directory and of all that is in it: by descriptors, with few of them and little memory however deep
 * it is, never through a link and never across a mount. Knows no layers and no bundles. */
#pragma once

#include <stdint.h>

#include "spec/base/error.h"

struct discarded {
	uint64_t entries; /* names */
	uint64_t bytes;	  /* what the file system gets back: blocks of files whose last name went */
};

/* Removes @name in the directory @dirfd: a file, a link, or a directory with everything below. Absent is fine. A mount
 * point below is EBUSY. What cannot be entered for lack of permissions is made accessible first, as its
 * owner may. @counts may be NULL; it is added to. On failure part of it may be gone, and what is left may have been moved
 * within it. */
int discard(int dirfd, const char *name, struct discarded *counts, struct error *err);

/* What `discard` would remove, without removing it. */
int discard_foresee(int dirfd, const char *name, struct discarded *counts, struct error *err);
