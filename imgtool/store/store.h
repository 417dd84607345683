/* Layers that have been extracted once for all overlay bundles: STORE/layers/KEY/fs, where KEY is the hexadecimal part
 * of the layer's diff_id, or of its chain id when the layer could not be extracted without those below it.
 * Safe for processes at the same time, and for their end at any moment: a layer appears under its name when it is
 * whole and on disk. Knows no mount of a bundle and no config.json. */
#pragma once

#include "imgtool/base/progress.h"
#include "imgtool/image/image.h"
#include "imgtool/layer/layer.h"

struct store;

enum store_use {
	STORE_TO_FILL, /* with others, while nobody collects garbage; made when missing, mode 0700 */
	STORE_TO_USE,  /* the same; must be there, and nothing is made in it */
	STORE_TO_CLEAN,		/* alone; must be there */
	STORE_TO_CLEAN_AT_ONCE, /* alone; EWOULDBLOCK when others use it */
};

/* Opens the store. @path NULL: $IMGTOOL_STORE, /var/lib/imgtool for root, otherwise $XDG_DATA_HOME/imgtool or
 * ~/.local/share/imgtool. Must belong to the caller, and nobody else may write there. Waits for others as @use says.
 * Not there: ENOENT. NULL on failure. */
struct store *store_open(const char *path, enum store_use use, struct error *err);
const char *store_path(const struct store *store); /* absolute */
void store_close(struct store *store);		   /* NULL allowed */

/* The stack of an image's layers in the store. */
struct store_stack {
	struct string_list
		keys;	  /* the base first; a layer that comes again higher up is left out below */
	int *directories; /* of each, descriptors */
	int root; /* index of the topmost that says what the root directory is like, -1: none does */
};
void store_stack_finish(struct store_stack *stack);

/* Brings all layers of @image into the store: those that are there are not read; the others are extracted in
 * parallel. @options: limits and owners; its form is chosen here. @progress has the layers as its items; NULL allowed.
 * *ret is for store_stack_finish, also on failure. */
int store_extract(struct store *store, const struct image *image,
		  const struct layer_options *options, struct progress *progress,
		  struct store_stack *ret, struct error *err);

/* The same layers again by their names. One that is gone: ENOENT. For store_stack_finish, also on
 * failure. */
int store_stack_open(struct store *store, const struct string_list *keys, struct store_stack *ret,
		     struct error *err);
