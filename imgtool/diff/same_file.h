/* Whether two files are the same to whoever reads them. Knows nothing of where they are from. */
#pragma once

#include <sys/stat.h>

#include "spec/base/error.h"

/* A name in a directory, and what is known of it. */
struct placed_file {
	int directory;
	const char *name;
	const struct stat *stat;
};

/* Type, mode, owner, device, xattrs but those of an overlay; of what is no directory also size, mtime and content, of a
 * link its target. 1: the same, 0, -1. Content is read only when all else is the same. */
int same_file(const struct placed_file *a, const struct placed_file *b, struct error *err);
