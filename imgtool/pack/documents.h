/* The JSON documents around a packed image. Knows no file. image-index.md, image-layout.md, manifest.md; `docker save`. */
#pragma once

#include "imgtool/pack/copy.h"
#include "imgtool/pack/target.h"

#define OCI_LAYOUT_TEXT "{\"imageLayoutVersion\":\"1.0.0\"}"

/* index.json with the image: @before with its other images, NULL for a new one. One that has the tag loses it, and with it
 * its place. *text is the caller's to free. */
int pack_index(const char *before, const struct pack_image *image, char **text, struct error *err);

/* The manifest of an image with that config and those layers, the base first. */
int pack_manifest(const char *config, uint64_t config_size, const struct copied *layers, size_t n,
		  char **text, struct error *err);

/* manifest.json, by which docker-archives are read: here its blobs are those of the layout. */
int pack_docker_manifest(const struct pack_image *image, char **text, struct error *err);

/* Where the blob is in a layout: "blobs/sha256/…". */
#define BLOB_PATH_MAX (sizeof "blobs/" + DIGEST_MAX)
void pack_blob_path(const char *digest, char ret[BLOB_PATH_MAX]);
