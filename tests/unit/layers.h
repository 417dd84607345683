/* Layers for tests: the blocks of a tar written one by one, so that every byte can be a wrong one; compression; and blobs
 * in memory. */
#pragma once

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <errno.h>
#include <isa-l/igzip_lib.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>
#include <zstd.h>

#include "imgtool/image/digest.h"
#include "imgtool/image/image.h"
#include "spec/base/text.h"

#define BLOCK 512

/* ---- tar ---- */

/* What a header says, in the fields' own form. NULL and 0: left empty, or the usual. */
struct block {
	char type; /* 0: '0' */
	const char *name, *link, *mode, *size, *uid, *gid, *mtime, *major, *minor, *prefix;
	const char *magic; /* NULL: "ustar", version 00 */
	const void *gnu;   /* in place of the prefix, 167 bytes */
};

static inline void put_field(unsigned char *block, size_t offset, size_t size, const char *text)
{
	size_t length = text ? strlen(text) : 0;

	if (length)
		memcpy(block + offset, text, length < size ? length : size);
}

static inline void set_checksum(unsigned char *block)
{
	char text[8];
	unsigned sum = 0;

	memset(block + 148, ' ', 8);
	for (size_t i = 0; i < BLOCK; i++)
		sum += block[i];
	snprintf(text, sizeof text, "%06o", sum);
	memcpy(block + 148, text, 7);
}

static inline void fill_block(unsigned char *block, const struct block *what)
{
	memset(block, 0, BLOCK);
	put_field(block, 0, 100, what->name);
	put_field(block, 100, 8, what->mode ? what->mode : "0000644");
	put_field(block, 108, 8, what->uid ? what->uid : "0000000");
	put_field(block, 116, 8, what->gid ? what->gid : "0000000");
	put_field(block, 124, 12, what->size ? what->size : "00000000000");
	put_field(block, 136, 12, what->mtime ? what->mtime : "00000000000");
	block[156] = (unsigned char)(what->type ? what->type : '0');
	put_field(block, 157, 100, what->link);
	put_field(block, 257, 8, what->magic ? what->magic : "ustar");
	if (!what->magic)
		put_field(block, 263, 2, "00");
	put_field(block, 329, 8, what->major);
	put_field(block, 337, 8, what->minor);
	put_field(block, 345, 155, what->prefix);
	if (what->gnu)
		memcpy(block + 345, what->gnu, 167);
	set_checksum(block);
}

static inline void add_block(struct buffer *tar, const struct block *what)
{
	unsigned char block[BLOCK];

	fill_block(block, what);
	buffer_add(tar, block, sizeof block);
}

static inline void add_zeros(struct buffer *to, size_t n)
{
	static const unsigned char zeros[BLOCK];

	for (; n; n -= n < BLOCK ? n : BLOCK)
		buffer_add(to, zeros, n < BLOCK ? n : BLOCK);
}

/* Bytes as the content of a member: filled up to whole blocks. */
static inline void add_content(struct buffer *tar, const void *data, size_t length)
{
	buffer_add(tar, data, length);
	add_zeros(tar, -length & (BLOCK - 1));
}

/* @what with @length bytes of @data behind it; sets its size. */
static inline void add_member(struct buffer *tar, struct block what, const void *data,
			      size_t length)
{
	char size[32];

	snprintf(size, sizeof size, "%011zo", length);
	what.size = size;
	add_block(tar, &what);
	add_content(tar, data, length);
}

static inline void add_end(struct buffer *tar)
{
	add_zeros(tar, (size_t)2 * BLOCK);
}

/* One record of a PAX header, "LENGTH KEY=VALUE\n", where the length counts itself. */
static inline void add_record(struct buffer *records, const char *key, const void *value,
			      size_t length)
{
	size_t rest = strlen(key) + length + 3, digits = 1;
	char head[32];

	while ((size_t)snprintf(head, sizeof head, "%zu", rest + digits) != digits)
		digits++;
	buffer_print(records, "%zu %s=", rest + digits, key);
	buffer_add(records, value, length);
	buffer_add(records, "\n", 1);
}

static inline void add_text_record(struct buffer *records, const char *key, const char *value)
{
	add_record(records, key, value, strlen(value));
}

/* The PAX header of type @type ('x' or 'g') from @records, which is emptied. */
static inline void add_pax(struct buffer *tar, char type, struct buffer *records)
{
	add_member(tar, (struct block){ .type = type, .name = "pax" }, records->text,
		   records->length);
	buffer_finish(records);
	*records = (struct buffer){ 0 };
}

/* ---- compression ---- */

static inline void add_gzip(struct buffer *to, const void *data, size_t length)
{
	size_t room = length + length / 8 + 1024;
	unsigned char *compressed = malloc(room);
	struct isal_zstream stream;

	assert_non_null(compressed);
	isal_deflate_stateless_init(&stream);
	stream.gzip_flag = IGZIP_GZIP;
	stream.end_of_stream = 1;
	stream.flush = NO_FLUSH;
	stream.next_in = (uint8_t *)data;
	stream.avail_in = (uint32_t)length;
	stream.next_out = compressed;
	stream.avail_out = (uint32_t)room;
	assert_int_equal(isal_deflate_stateless(&stream), COMP_OK);
	buffer_add(to, compressed, stream.total_out);
	free(compressed);
}

/* With a checksum, so that damage is seen; @window_log 0: the level's own. */
static inline void add_zstd(struct buffer *to, const void *data, size_t length, int window_log)
{
	size_t room = ZSTD_compressBound(length);
	void *compressed = malloc(room);
	ZSTD_CCtx *context = ZSTD_createCCtx();

	assert_non_null(compressed);
	ZSTD_CCtx_setParameter(context, ZSTD_c_checksumFlag, 1);
	/* With the size in the header a frame would need no larger window than that. */
	ZSTD_CCtx_setParameter(context, ZSTD_c_contentSizeFlag, 0);
	ZSTD_CCtx_setParameter(context, ZSTD_c_windowLog, window_log);
	ZSTD_outBuffer out = { compressed, room, 0 };
	ZSTD_inBuffer in = { data, length, 0 };
	/* Twice, because the size is known to a call that is the first and the last. */
	assert_false(ZSTD_isError(ZSTD_compressStream2(context, &out, &in, ZSTD_e_continue)));
	assert_int_equal(ZSTD_compressStream2(context, &out, &in, ZSTD_e_end), 0);
	buffer_add(to, compressed, out.pos);
	ZSTD_freeCCtx(context);
	free(compressed);
}

/* ---- blobs ---- */

static inline char *digest_text(const void *data, size_t length)
{
	char text[DIGEST_MAX];

	assert_int_equal(
		digest_of("sha256:0000000000000000000000000000000000000000000000000000000000000000",
			  data, length, text, NULL),
		0);
	char *copy = strdup(text);
	assert_non_null(copy);
	return copy;
}

/* A layer whose blob is @blob and whose plain bytes are @plain, with both digests right. */
static inline struct layer make_layer(const struct buffer *blob, const struct buffer *plain)
{
	struct layer layer = { .blob.fd = memfd_create("blob", MFD_CLOEXEC) };

	assert_false(blob->failed || plain->failed);
	assert_true(layer.blob.fd >= 0);
	assert_int_equal(write(layer.blob.fd, blob->text, blob->length), blob->length);
	layer.blob.size = blob->length;
	layer.blob.digest = digest_text(blob->text, blob->length);
	layer.diff_id = digest_text(plain->text, plain->length);
	return layer;
}

static inline void layer_finish(struct layer *layer)
{
	blob_finish(&layer->blob);
	free(layer->diff_id);
}
