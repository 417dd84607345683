/* One layer of an image, ready to be read. */
#pragma once

#include "imgtool/image/files.h"
#include "imgtool/image/image.h"

/* The blob of a manifest's layer, whose media type must be one of a layer. Finish *ret in any case. */
int image_layer_open(const struct image_files *files, const struct descriptor *descriptor,
		     const char *diff_id, struct layer *ret, struct error *err);
void image_layer_finish(struct layer *layer);

/* Whether there are as many layers as diff_ids. The history need not count as many: tools leave entries out of it. */
int image_layers_count(const struct image_config *config, size_t layers, struct error *err);
/* The same, and zeroed room for them in the image. */
int image_layers_allocate(struct image *image, size_t layers, struct error *err);
