/* The rules by which a layer changes a tree: whiteouts, opaque directories, replacement. layer.md. Knows neither
 * compression nor the making of files. */
#pragma once

#include <stdatomic.h>

#include "imgtool/image/image.h"
#include "imgtool/layer/plain.h"
#include "imgtool/layer/tree.h"

enum layer_form {
	LAYER_ONTO_TREE,   /* whiteouts remove what lower layers made */
	LAYER_FOR_OVERLAY, /* alone in a directory: whiteouts become what overlayfs takes for them */
};

struct layer_options {
	enum layer_form form;
	struct tree_options tree;
	struct plain_options plain;
	uint64_t max_entries;	    /* EFBIG */
	const atomic_bool *stopped; /* set by another thread: ECANCELED, soon; NULL: nobody does */
};

/* Beside 0 and -1, with LAYER_FOR_OVERLAY: an entry names a parent or a hard link's target that only lower layers have. The layer is then
 * to be applied as LAYER_ONTO_TREE to an overlay mount of them. */
#define LAYER_NEEDS_LOWER 1

/* Applies @layer to the directory @root. When this returns 0 the layer's digests have been checked; otherwise what was made
 * stays, and the caller throws the directory away. *has_root: whether the layer had an entry for the root directory itself. */
int layer_apply(const struct layer *layer, int root, const struct layer_options *options,
		struct tree_counts *counts, bool *has_root, struct error *err);
