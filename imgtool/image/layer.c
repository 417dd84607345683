#include "imgtool/image/layer.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "imgtool/image/documents.h"

int image_layer_open(const struct image_files *files, const struct descriptor *descriptor,
		     const char *diff_id, struct layer *ret, struct error *err)
{
	*ret = (struct layer){ .blob.fd = -1 };
	if (layer_compression(descriptor->media_type, &ret->compression, err) ||
	    image_files_blob(files, descriptor, &ret->blob, err))
		return -1;
	ret->diff_id = strdup(diff_id);
	return ret->diff_id ? 0 : error_errno(err, ENOMEM, "layer");
}

void image_layer_finish(struct layer *layer)
{
	blob_finish(&layer->blob);
	free(layer->diff_id);
	*layer = (struct layer){ .blob.fd = -1 };
}

int image_layers_count(const struct image_config *config, size_t layers, struct error *err)
{
	size_t diff_ids = config->rootfs->diff_ids.n;

	if (layers == diff_ids)
		return 0;
	return error_set(err, EINVAL, "%zu layers, but the config has %zu diff_ids", layers,
			 diff_ids);
}

int image_layers_allocate(struct image *image, size_t layers, struct error *err)
{
	if (image_layers_count(image->config, layers, err))
		return -1;
	image->layers = calloc(layers + 1, sizeof *image->layers);
	return image->layers ? 0 : error_errno(err, ENOMEM, "layers");
}
