/* Compressed bytes made plain, piece by piece: gzip by libisal, zstd by libzstd. Knows neither files nor digests. */
#pragma once

#include <stddef.h>
#include <sys/types.h>

#include "imgtool/image/image.h"

/* The bytes that are still to be taken. */
struct inflate_input {
	const unsigned char *next;
	size_t left;
};

struct inflate_method {
	void *(*open)(struct error *err);
	/* Takes from @input and writes at most @size bytes to @output. Returns how many; less than @size only when
	 * @input is used up; -1 when the stream is damaged. */
	ssize_t (*run)(void *state, struct inflate_input *input, void *output, size_t size,
		       struct error *err);
	/* No more input comes: -1 when the stream is not whole. */
	int (*end)(void *state, struct error *err);
	void (*close)(void *state);
};

/* RFC 1952: members one behind the other are one stream, each with its own CRC and length, which are checked. Zeros behind
 * the last one are padding, as for gzip(1); anything else there is an error. */
extern const struct inflate_method inflate_gzip;
/* RFC 8878: frames one behind the other, skippable ones among them (zstd:chunked keeps its index there).
 * A frame that needs a window of more than 32 MiB is refused. */
extern const struct inflate_method inflate_zstd;

/* As many first bytes of a stream are needed for inflate_detect. */
#define INFLATE_MAGIC_SIZE 6

/* What the @length first bytes of a stream are compressed with, which may be nothing. -1 for a compression that no
 * image may have. */
int inflate_detect(const unsigned char *start, size_t length, enum compression *ret,
		   struct error *err);
