/* A layer on its way into its blob: hashed, compressed and hashed again. libisal, libzstd, libcrypto. Knows neither tar nor
 * layout. */
#pragma once

#include <stdint.h>
#include <sys/types.h>

#include "imgtool/image/digest.h"
#include "imgtool/image/image.h"

struct pack_stream;

/* Writes to @fd, borrowed, from @offset on. @level: -1 for the default, otherwise 0 to 3 of gzip or 1 to 19 of zstd. */
struct pack_stream *pack_stream_open(int fd, uint64_t offset, enum compression compression,
				     int level, struct error *err);

/* EINVAL when the compression has no such level. */
int pack_stream_check_level(enum compression compression, int level, struct error *err);

/* Room for the next bytes, *length of them, never none; pack_stream_advance says how many have been put there. */
void *pack_stream_room(struct pack_stream *stream, size_t *length);
int pack_stream_advance(struct pack_stream *stream, size_t length, struct error *err);

int pack_stream_write(struct pack_stream *stream, const void *data, size_t length,
		      struct error *err);
/* Plain bytes so far. */
uint64_t pack_stream_length(const struct pack_stream *stream);

struct packed {
	char diff_id[DIGEST_MAX], digest[DIGEST_MAX]; /* of the plain and of the compressed bytes */
	uint64_t size;				      /* compressed, bytes */
};

/* Finishes the blob and frees @stream, also on failure. */
int pack_stream_end(struct pack_stream *stream, struct packed *ret, struct error *err);
void pack_stream_drop(struct pack_stream *stream); /* NULL allowed */
