/* The blobs of the image below on their way into the packed one. */
#pragma once

#include "imgtool/base/progress.h"
#include "imgtool/image/blob.h"
#include "imgtool/image/image.h"
#include "imgtool/pack/target.h"

struct copied {
	char digest[DIGEST_MAX]; /* sha256, whatever the blob's own is */
	uint64_t size;
	enum compression compression; /* as its first bytes say */
};

/* Copies @layer unless @target has it; what shares a file system that can, shares the bytes. Size and digest are checked;
 * of a layer without a digest, in an old docker-archive, its diff_id. @item: of the layer, in @progress. */
int pack_copy(struct pack_target *target, const struct layer *layer, struct progress *progress,
	      size_t item, struct copied *ret, struct error *err);

/* A document as a blob. */
int pack_text(struct pack_target *target, const char *text, char digest[DIGEST_MAX],
	      struct error *err);
