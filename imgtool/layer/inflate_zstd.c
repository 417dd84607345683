/* zstd by libzstd. Beyond it, the window is bounded, and formats before version 0.8, which libzstd may
 * read too, are none of ours. */
#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <zstd.h>
#include <zstd_errors.h>

#include "imgtool/layer/inflate.h"

/* log2 of 32 MiB. zstd(1) takes 8 MiB up to level 19 and 32 MiB at 20; the encoders written in Go, which make nearly all
 * images, at most 32 MiB. Only levels 21 and 22 and --long take more, and would alone need twice to thrice the memory
 * that imgtool may have. */
#define WINDOW_LOG_MAX 25

struct zstd {
	ZSTD_DCtx *context;
	unsigned char magic[4]; /* of the frame */
	size_t magic_length;	/* seen of it */
	bool in_frame;
};

static void zstd_close(void *of)
{
	struct zstd *zstd = of;

	ZSTD_freeDCtx(zstd->context);
	free(zstd);
}

static void *zstd_open(struct error *err)
{
	struct zstd *zstd = calloc(1, sizeof *zstd);

	if (!zstd) {
		error_errno(err, ENOMEM, "zstd");
		return NULL;
	}
	zstd->context = ZSTD_createDCtx();
	if (zstd->context && !ZSTD_isError(ZSTD_DCtx_setParameter(
				     zstd->context, ZSTD_d_windowLogMax, WINDOW_LOG_MAX)))
		return zstd;
	zstd_close(zstd);
	error_errno(err, ENOMEM, "zstd");
	return NULL;
}

/* The frame's magic number as far as it has come; little-endian. */
static int check_magic(struct zstd *zstd, const struct inflate_input *input, struct error *err)
{
	static const unsigned char frame[] = { 0x28, 0xb5, 0x2f, 0xfd };
	static const unsigned char skippable[] = { 0x50, 0x2a, 0x4d, 0x18 };
	size_t take = sizeof zstd->magic - zstd->magic_length;

	if (take > input->left)
		take = input->left;
	memcpy(zstd->magic + zstd->magic_length, input->next, take);
	zstd->magic_length += take;

	const unsigned char *magic = zstd->magic;
	if (memcmp(magic, frame, zstd->magic_length) == 0)
		return 0;
	if ((magic[0] & 0xf0) == skippable[0] &&
	    memcmp(magic + 1, skippable + 1, zstd->magic_length - 1) == 0)
		return 0;
	return error_set(err, EBADMSG, "zstd: something else follows the compressed data");
}

static int explain(size_t code, struct error *err)
{
	if (ZSTD_getErrorCode(code) == ZSTD_error_frameParameter_windowTooLarge)
		return error_set(err, EFBIG,
				 "zstd: its window is larger than %u MiB; compress it without "
				 "--long or --ultra",
				 (1u << WINDOW_LOG_MAX) >> 20);
	return error_set(err, EBADMSG, "zstd: %s", ZSTD_getErrorName(code));
}

static ssize_t zstd_run(void *of, struct inflate_input *input, void *output, size_t size,
			struct error *err)
{
	struct zstd *zstd = of;
	ZSTD_outBuffer out = { output, size, 0 };

	do {
		if (input->left && zstd->magic_length < sizeof zstd->magic &&
		    check_magic(zstd, input, err))
			return -1;
		zstd->in_frame = zstd->in_frame || input->left;
		if (!zstd->in_frame)
			break;
		ZSTD_inBuffer in = { input->next, input->left, 0 };
		size_t before = out.pos;
		size_t hint = ZSTD_decompressStream(zstd->context, &out, &in);
		input->next += in.pos;
		input->left -= in.pos;
		if (ZSTD_isError(hint))
			return explain(hint, err);
		if (hint == 0) {
			zstd->in_frame = false;
			zstd->magic_length = 0;
		} else if (in.pos == 0 && out.pos == before) {
			break; /* it waits for input that is not there */
		}
	} while (out.pos < size);
	return (ssize_t)out.pos;
}

static int zstd_end(void *of, struct error *err)
{
	const struct zstd *zstd = of;

	if (zstd->in_frame)
		return error_set(err, EBADMSG, "zstd: the compressed data ends early");
	return 0;
}

const struct inflate_method inflate_zstd = { zstd_open, zstd_run, zstd_end, zstd_close };
