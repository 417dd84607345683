#include "imgtool/pack/stream.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <zstd.h>

#include "imgtool/pack/gzip.h"
#include "spec/base/io.h"

enum {
	BLOCK = GZIP_BLOCK,
	GZIP_LEVEL = 3,
	ZSTD_LEVEL = 3,
	ZSTD_LEVEL_MAX = 19, /* above, readers need more memory than they grant */
};

struct pack_stream {
	enum compression compression;
	int fd;
	uint64_t offset; /* in @fd, of what comes next */
	uint64_t size, plain_size;
	struct digest *plain, *blob; /* @blob NULL: the plain bytes are the blob */
	struct gzip_pool *gzip;
	ZSTD_CCtx *zstd;
	char *block, *zstd_out; /* @block is the gzip pool's, or ours */
	size_t filled;		/* bytes of @block */
};

int pack_stream_check_level(enum compression compression, int level, struct error *err)
{
	if (level == -1)
		return 0;
	if (compression == COMPRESSION_NONE)
		return error_set(err, EINVAL, "a level: nothing is compressed");
	if (compression == COMPRESSION_GZIP && level > GZIP_LEVEL_MAX)
		return error_set(err, EINVAL, "level %d: gzip has 0 to %d", level, GZIP_LEVEL_MAX);
	if (compression == COMPRESSION_ZSTD && (level < 1 || level > ZSTD_LEVEL_MAX))
		return error_set(err, EINVAL, "level %d: zstd has 1 to %d", level, ZSTD_LEVEL_MAX);
	return 0;
}

/* What is compressed goes to the file and to the blob's digest. A gzip_sink. */
static int put(void *context, const void *data, size_t length, struct error *err)
{
	struct pack_stream *stream = context;

	if (stream->blob)
		digest_add(stream->blob, data, length);
	if (write_all_at(stream->fd, data, length, stream->offset))
		return error_errno(err, errno, "write a blob");
	stream->offset += length;
	stream->size += length;
	return 0;
}

static int put_zstd(struct pack_stream *stream, ZSTD_EndDirective directive, struct error *err)
{
	ZSTD_inBuffer in = { stream->block, stream->filled, 0 };
	size_t left;

	do {
		ZSTD_outBuffer out = { stream->zstd_out, BLOCK, 0 };

		left = ZSTD_compressStream2(stream->zstd, &out, &in, directive);
		if (ZSTD_isError(left))
			return error_set(err, EIO, "zstd: %s", ZSTD_getErrorName(left));
		if (put(stream, out.dst, out.pos, err))
			return -1;
	} while (directive == ZSTD_e_end ? left > 0 : in.pos < in.size);
	return 0;
}

static int flush(struct pack_stream *stream, struct error *err)
{
	int result = 0;

	if (!stream->filled)
		return 0;
	digest_add(stream->plain, stream->block, stream->filled);
	switch (stream->compression) {
	case COMPRESSION_NONE:
		result = put(stream, stream->block, stream->filled, err);
		break;
	case COMPRESSION_GZIP:
		result = gzip_pool_submit(stream->gzip, stream->filled, err);
		stream->block = gzip_pool_block(stream->gzip);
		break;
	case COMPRESSION_ZSTD:
		result = put_zstd(stream, ZSTD_e_continue, err);
		break;
	}
	stream->filled = 0;
	return result;
}

static int open_zstd(struct pack_stream *stream, int level, struct error *err)
{
	long cpus = sysconf(_SC_NPROCESSORS_ONLN);

	stream->zstd = ZSTD_createCCtx();
	stream->zstd_out = malloc(BLOCK);
	if (!stream->zstd || !stream->zstd_out)
		return error_errno(err, ENOMEM, "zstd");
	ZSTD_CCtx_setParameter(stream->zstd, ZSTD_c_compressionLevel, level);
	ZSTD_CCtx_setParameter(stream->zstd, ZSTD_c_checksumFlag, 1);
	/* Any number but 0 gives the same bytes. Refused by a library without threads, which then works without. */
	ZSTD_CCtx_setParameter(stream->zstd, ZSTD_c_nbWorkers, cpus > 1 ? (int)cpus : 1);
	return 0;
}

static int open_compressor(struct pack_stream *stream, int level, struct error *err)
{
	if (stream->compression == COMPRESSION_GZIP) {
		stream->gzip = gzip_pool_open((unsigned)(level < 0 ? GZIP_LEVEL : level), put,
					      stream, err);
		if (!stream->gzip)
			return -1;
		stream->block = gzip_pool_block(stream->gzip);
		return 0;
	}
	stream->block = malloc(BLOCK);
	if (!stream->block)
		return error_errno(err, ENOMEM, "layer");
	return stream->compression == COMPRESSION_ZSTD
		       ? open_zstd(stream, level < 0 ? ZSTD_LEVEL : level, err)
		       : 0;
}

struct pack_stream *pack_stream_open(int fd, uint64_t offset, enum compression compression,
				     int level, struct error *err)
{
	struct pack_stream *stream = calloc(1, sizeof *stream);

	if (!stream) {
		error_errno(err, ENOMEM, "layer");
		return NULL;
	}
	stream->compression = compression;
	stream->fd = fd;
	stream->offset = offset;
	stream->plain = digest_begin(DIGEST_LIKE_SHA256, err);
	if (stream->plain && compression != COMPRESSION_NONE)
		stream->blob = digest_begin(DIGEST_LIKE_SHA256, err);
	if (!stream->plain || (compression != COMPRESSION_NONE && !stream->blob) ||
	    open_compressor(stream, level, err)) {
		pack_stream_drop(stream);
		return NULL;
	}
	return stream;
}

void *pack_stream_room(struct pack_stream *stream, size_t *length)
{
	*length = BLOCK - stream->filled;
	return stream->block + stream->filled;
}

int pack_stream_advance(struct pack_stream *stream, size_t length, struct error *err)
{
	stream->filled += length;
	stream->plain_size += length;
	return stream->filled == BLOCK ? flush(stream, err) : 0;
}

int pack_stream_write(struct pack_stream *stream, const void *data, size_t length,
		      struct error *err)
{
	const char *at = data;

	while (length > 0) {
		size_t room;
		void *to = pack_stream_room(stream, &room);
		size_t piece = length < room ? length : room;

		memcpy(to, at, piece);
		if (pack_stream_advance(stream, piece, err))
			return -1;
		at += piece;
		length -= piece;
	}
	return 0;
}

uint64_t pack_stream_length(const struct pack_stream *stream)
{
	return stream->plain_size;
}

static int finish(struct pack_stream *stream, struct error *err)
{
	if (flush(stream, err))
		return -1;
	if (stream->gzip)
		return gzip_pool_finish(stream->gzip, err);
	return stream->zstd ? put_zstd(stream, ZSTD_e_end, err) : 0;
}

int pack_stream_end(struct pack_stream *stream, struct packed *ret, struct error *err)
{
	int result = finish(stream, err);

	if (result == 0) {
		ret->size = stream->size;
		digest_end(stream->plain, ret->diff_id);
		stream->plain = NULL;
		memcpy(ret->digest, ret->diff_id, sizeof ret->digest);
		if (stream->blob)
			digest_end(stream->blob, ret->digest);
		stream->blob = NULL;
	}
	pack_stream_drop(stream);
	return result;
}

void pack_stream_drop(struct pack_stream *stream)
{
	if (!stream)
		return;
	if (!stream->gzip)
		free(stream->block);
	gzip_pool_close(stream->gzip);
	ZSTD_freeCCtx(stream->zstd);
	free(stream->zstd_out);
	digest_drop(stream->plain);
	digest_drop(stream->blob);
	free(stream);
}
