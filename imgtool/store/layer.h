/* One layer into the store. */
#pragma once

#include "imgtool/store/making.h"
#include "imgtool/store/store.h"

/* Beside 0 and -1. */
#define STORE_LAYER_NEEDS_LOWER LAYER_NEEDS_LOWER
#define STORE_LAYER_BUSY MAKING_BUSY /* another process makes it right now */

/* Extracts @layer for itself, unless another process has meanwhile. *counts: of what this process did. */
int store_layer_make(const struct store *store, const struct layer *layer,
		     const struct layer_options *options, struct tree_counts *counts,
		     struct error *err);

/* The same for a layer that needs those below it: @lower, complete. @key: of store_key_on_lower. */
int store_layer_make_on(const struct store *store, const struct store_stack *lower, const char *key,
			const struct layer *layer, const struct layer_options *options,
			struct tree_counts *counts, struct error *err);
