/* What a directory is like beside what is in it. */
#pragma once

#include <stdbool.h>

#include "spec/base/error.h"

/* Owner, mode, xattrs but those of an overlay, and times of @from for @to, which has no xattrs yet. */
int attributes_copy(int from, int to, struct error *err);

/* Whether the xattr is an overlay's own mark, which says nothing in another place. */
bool attributes_overlay_mark(const char *xattr);
