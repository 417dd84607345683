/* Garbage collection: layers that no bundle holds, and what processes left behind that were killed. */
#pragma once

#include "imgtool/store/store.h"

struct store_garbage {
	const char *
		kind; /* "layer", "leftover" (of an extraction that was cut short), "reference" (of a bundle that is gone) */
	const char *name;
	uint64_t bytes; /* that the file system gets back */
};

/* Removes it, or with @dry_run only finds it, and tells @each. @store: open to be cleaned; it is open to others again as soon as
 * nobody can find any more what is to be removed, and closed when this returns. */
int store_clean(struct store *store, bool dry_run,
		void (*each)(const struct store_garbage *, void *context), void *context,
		struct error *err);
