/* An image, opened: its manifest and configuration checked, its layers ready to be read. image-layout.md,
 * image-index.md, manifest.md; `docker save`. Layers are not looked into. */
#pragma once

#include "imgtool/image/blob.h"
#include "imgtool/image/platform.h"
#include "imgtool/image/reference.h"
#include "spec/image.h"

/* Largest index, manifest and config that are read, bytes; deepest nesting of indexes; most layers. */
#define IMAGE_JSON_MAX (4u << 20)
#define IMAGE_INDEX_DEPTH 8
#define IMAGE_LAYERS_MAX 512

enum compression { COMPRESSION_NONE, COMPRESSION_GZIP, COMPRESSION_ZSTD };

struct layer {
	struct blob blob;
	enum compression
		compression; /* what the media type says; COMPRESSION_NONE is looked at again */
	char *diff_id;	     /* owned */
};

struct image {
	char *manifest_digest, *config_digest; /* manifest_digest NULL for a docker-archive */
	char *manifest_text, *config_text;     /* as they are in the image */
	struct image_manifest *manifest;       /* NULL for a docker-archive */
	struct image_config *config;
	struct layer *layers; /* the base first */
	size_t n_layers;
	struct string_list names; /* tags under which the image is known in its layout or archive */
};

/* Every digest and size on the way is checked, media types too (CVE-2021-41190); nothing is trusted for being
 * inside. An image that names another platform only is an error that lists what there is. */
int image_open(const struct reference *reference, const struct wanted_platform *platform,
	       struct image *ret, struct error *err);
/* The same of what the user wrote; @platform: "os/arch[/variant]", NULL: this machine's. */
int image_open_named(const char *name, const char *platform, struct image *ret, struct error *err);
void image_finish(struct image *image);

/* Calls @each for every manifest that the reference leads to, all of them when it names no image; @each returns 0, or -1 for
 * ENOMEM. */
struct image_line {
	const char *name;     /* "" when it has none */
	const char *digest;   /* of the manifest; of the config in a docker-archive */
	const char *platform; /* "" unknown */
	int64_t size;	      /* of config and layers, bytes; -1 unknown */
};
int image_list(const struct reference *reference, int (*each)(const struct image_line *, void *),
	       void *context, struct error *err);
