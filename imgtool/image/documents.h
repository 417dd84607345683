/* The documents of an image from their text: shape by table, and what an image may say in them. Knows no file. */
#pragma once

#include "imgtool/image/image.h"

enum document_kind {
	DOCUMENT_OTHER, /* image-index.md: "MUST NOT generate an error" */
	DOCUMENT_INDEX,
	DOCUMENT_MANIFEST,
	DOCUMENT_CONFIG,
	DOCUMENT_SCHEMA1, /* of Docker before 2016 */
};

/* What the media type of a descriptor leads to, OCI's and Docker's alike. */
enum document_kind document_kind(const char *media_type);

/* The file oci-layout. */
int image_layout_check(const char *text, size_t length, struct error *err);

/* @media_type is what the descriptor says; that of index.json, which has none, is OCI's. A document that
 * names another one itself, or has another kind's fields, is refused (CVE-2021-41190). NULL on failure; free
 * with table_free. */
struct image_index *image_index_parse(const char *text, size_t length, const char *media_type,
				      struct error *err);
struct image_manifest *image_manifest_parse(const char *text, size_t length, const char *media_type,
					    struct error *err);

/* Its diff_ids are digests, IMAGE_LAYERS_MAX at most. */
struct image_config *image_config_parse(const char *text, size_t length, struct error *err);

/* manifest.json of `docker save`: *ret is to be freed with table_free_list. */
int docker_images_parse(const char *text, size_t length, struct docker_image_list *ret,
			struct error *err);

/* What a layer's media type says of its compression: layer.md, and Docker's types. */
int layer_compression(const char *media_type, enum compression *ret, struct error *err);

/* For OWNED. */
static inline void owned_index_free(struct image_index **index)
{
	table_free(&image_index_type, *index);
}

static inline void owned_manifest_free(struct image_manifest **manifest)
{
	table_free(&image_manifest_type, *manifest);
}

static inline void owned_config_free(struct image_config **config)
{
	table_free(&image_config_type, *config);
}

static inline void owned_docker_images_free(struct docker_image_list *images)
{
	table_free_list(&docker_image_type, images);
}
