/* The archives of `docker save`, from Docker 1.10 on: manifest.json names a config and layers, which are members of
 * the archive or links among them. */
#pragma once

#include "imgtool/image/files.h"
#include "imgtool/image/image.h"

/* manifest.json, for table_free_list. */
int image_docker_images(const struct image_files *files, struct docker_image_list *ret,
			struct error *err);

/* Whether the reference means that one, the archive's number @index; without a name it means any. */
bool image_docker_is_meant(const struct docker_image *docker, size_t index,
			   const struct reference *reference);

/* The config of one of them as it is in the archive; *digest is of DIGEST_MAX bytes. A name that is a digest
 * must be the content's. NULL on failure; free both. */
struct image_config *image_docker_config(const struct image_files *files,
					 const struct docker_image *docker, char **text,
					 char *digest, struct error *err);

/* One of its layers; finish *ret with image_layer_finish in any case. */
int image_docker_layer(const struct image_files *files, const char *name, const char *diff_id,
		       struct layer *ret, struct error *err);

/* Fills @image from the archive; on failure the caller finishes it. */
int image_docker_open(const struct image_files *files, const struct reference *reference,
		      const struct wanted_platform *platform, struct image *image,
		      struct error *err);
