/* A bundle in the making: a directory beside its later place, which gets its name when it is whole. Whatever happens before
 * leaves nothing under that name. Knows nothing of what is in a bundle. */
#pragma once

#include <stdbool.h>

#include "spec/base/error.h"

struct new_bundle {
	int directory; /* where it is made; mode 0700, for what is in it may be set-user-id and old */
	char *path;    /* where it will be, absolute */

	int parent;
	const char *name; /* in @path */
	char *temporary;  /* name in @parent; NULL: there is none */
	bool kept;
};

/* @path must be absent or an empty directory, and its parent must exist. Directories of earlier attempts for the same @path whose
 * process is gone are removed. After success new_bundle_keep or new_bundle_drop must follow. */
int new_bundle_begin(const char *path, struct new_bundle *ret, struct error *err);

/* Gives it its name, rename(2). The descriptor stays open until new_bundle_drop. */
int new_bundle_keep(struct new_bundle *bundle, struct error *err);

/* After new_bundle_keep: it was not to be after all, and new_bundle_drop is to remove it. */
void new_bundle_take_back(struct new_bundle *bundle);

/* Removes it with all that is in it unless it was kept, and closes. */
void new_bundle_drop(struct new_bundle *bundle);
