/* The manifests that a layout's index leads to, through nested indexes. Knows no platform that one would want. */
#pragma once

#include "imgtool/image/documents.h"
#include "imgtool/image/files.h"

/* Docker and containerd write the whole name here and only the tag in ref.name. */
#define ANNOTATION_CONTAINERD_NAME "io.containerd.image.name"

/* What an index names, and the way to it from index.json: path[0] bears the tag, the last one is the thing itself. */
struct found_manifest {
	const struct descriptor *path[IMAGE_INDEX_DEPTH + 1];
	size_t length;
};
const struct descriptor *found_descriptor(const struct found_manifest *found);

/* Functions return 0 to go on, or -1. */
struct manifest_walk {
	const struct image_files *files;
	const struct reference *reference; /* only what it names: a tag, a digest or all */
	/* A manifest, or something else that is no index. */
	int (*each)(const struct found_manifest *found, void *context, struct error *err);
	/* A nested index was read. NULL: nobody wants to know. */
	int (*index)(const struct found_manifest *found, void *context, struct error *err);
	/* A nested index cannot be read, and @err says why. NULL: that ends the walk. */
	int (*unreadable)(const struct found_manifest *found, void *context, struct error *err);
	void *context;
};

/* Checks oci-layout and reads index.json, for table_free; NULL on failure. */
struct image_index *image_index_of_layout(const struct image_files *files, struct error *err);

/* An index is read once, at the first place that names it; one below IMAGE_INDEX_DEPTH others is an error. */
int image_manifests_walk(const struct manifest_walk *walk, const struct image_index *index,
			 struct error *err);

/* The tag of a descriptor in index.json, and the longest name that it has; or NULL. */
const char *image_tag(const struct descriptor *top);
const char *image_full_name(const struct descriptor *top);
/* Whether @name is one of the names that the descriptor has. */
bool image_has_name(const struct descriptor *top, const char *name);

/* The manifest of a descriptor and the config that it names, for table_free, with their texts, for free, unless @text is NULL. NULL on
 * failure; ENOTSUP when it is no manifest, or one of something that is no image. */
struct image_manifest *image_manifest_read(const struct image_files *files,
					   const struct descriptor *descriptor, char **text,
					   struct error *err);
struct image_config *image_config_read(const struct image_files *files,
				       const struct image_manifest *manifest, char **text,
				       struct error *err);
