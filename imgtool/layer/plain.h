/* A layer's bytes as the plain tar: read, hashed, inflated and hashed again by a thread of its own, while
 * the caller uses what is there already. Memory is bounded whatever the layer. libisal, libzstd, libcrypto. */
#pragma once

#include <stdint.h>

#include "imgtool/image/image.h"

struct plain_options {
	uint64_t max_size; /* most plain bytes, against bombs: EFBIG */
	/* Called now and then from the reading thread with the compressed bytes so far; NULL: nobody wants to know. */
	void (*progress)(void *context, uint64_t done, uint64_t size);
	void *context;
};

struct plain;

/* Starts reading @layer, which must outlive it. Compression is what the first bytes say and not what the media type
 * says, as in docker and containerd: old images call compressed layers tar. What is plain is checked by the diff_id all
 * the same. A layer without blob digest is checked by the diff_id alone. Errors do not name the layer: the caller's do. */
struct plain *plain_open(const struct layer *layer, const struct plain_options *options,
			 struct error *err);

/* The next bytes, valid until the next call. Returns how many, or -1. 0: the end, and only then is the
 * layer what its digests say: blob size, blob digest and diff_id have been checked, and nothing follows the
 * compressed stream. After the end or a failure every further call says the same. */
ssize_t plain_read(struct plain *plain, const void **ret, struct error *err);

/* As it was given to plain_open. */
uint64_t plain_max_size(const struct plain *plain);

/* Stops the thread if it still runs, at once. NULL allowed. */
void plain_close(struct plain *plain);
