#include "imgtool/layer/plain.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "imgtool/base/interrupt.h"
#include "imgtool/layer/inflate.h"
#include "imgtool/layer/plain_ring.h"
#include "spec/base/owned.h"
#include "spec/base/text.h"

/* Compressed bytes that are read at a time. */
#define INPUT_SIZE ((size_t)128 << 10)

struct plain {
	const struct layer *layer;
	struct plain_options options;
	struct ring *ring;
	/* Of the compressed bytes; NULL where nobody says what it should be, or the other one says it too. */
	struct digest *blob_digest;
	struct digest *diff_digest;
	const struct inflate_method *method; /* NULL: nothing to inflate */
	void *inflate;
	unsigned char *buffer; /* compressed bytes */
	uint64_t done;	       /* bytes of the blob */
	uint64_t size;	       /* plain bytes */
	pthread_t thread;
	bool runs;
	/* Of plain_read: what every further call says too. */
	bool ended;
	struct error failure;
};

/* ---- in the thread ---- */

/* The blob's next bytes, hashed. 0 at its end. */
static ssize_t read_blob(struct plain *plain, unsigned char *to, size_t size, struct error *err)
{
	const struct blob *blob = &plain->layer->blob;
	uint64_t left = blob->size - plain->done;

	if (interrupt_check(err))
		return -1;
	/* A stream can be long without a plain byte: empty parts, padding. */
	if (ring_stopped(plain->ring))
		return error_set(err, ECANCELED, "nobody wants more");
	if (size > left)
		size = (size_t)left;
	if (!size)
		return 0;
	ssize_t got = pread(blob->fd, to, size, (off_t)(blob->offset + plain->done));
	if (got < 0)
		return error_errno(err, errno, "read");
	if (got == 0)
		return error_set(err, EBADMSG, "ends after %" PRIu64 " of %" PRIu64 " bytes",
				 plain->done, blob->size);
	plain->done += (uint64_t)got;
	if (plain->blob_digest)
		digest_add(plain->blob_digest, to, (size_t)got);
	if (plain->options.progress)
		plain->options.progress(plain->options.context, plain->done, blob->size);
	return got;
}

static int check_digest(struct digest **digest, const char *expected, const char *what,
			struct error *err)
{
	char text[DIGEST_MAX];

	if (!*digest)
		return 0;
	digest_end(take_pointer(*digest), text);
	if (strcmp(text, expected) != 0)
		return error_set(err, EBADMSG, "its %s has the digest %s and not %s", what, text,
				 expected);
	return 0;
}

static int hand_on(struct plain *plain, size_t length, struct error *err)
{
	if (!length)
		return 0;
	plain->size += length;
	if (plain->size > plain->options.max_size)
		return error_set(err, EFBIG,
				 "has more than %" PRIu64
				 " bytes when unpacked; --max-size allows more",
				 plain->options.max_size);
	ring_filled(plain->ring, length);
	return 0;
}

/* Fills @room as far as the blob reaches. Returns how much. */
static ssize_t fill_inflated(struct plain *plain, struct inflate_input *input, unsigned char *room,
			     struct error *err)
{
	size_t used = 0;

	for (;;) {
		ssize_t got = plain->method->run(plain->inflate, input, room + used,
						 RING_PIECE_SIZE - used, err);
		if (got < 0)
			return -1;
		used += (size_t)got;
		if (used == RING_PIECE_SIZE)
			return (ssize_t)used;
		got = read_blob(plain, plain->buffer, INPUT_SIZE, err);
		if (got < 0)
			return -1;
		if (got == 0)
			return (ssize_t)used;
		*input = (struct inflate_input){ plain->buffer, (size_t)got };
	}
}

static ssize_t fill_plain(struct plain *plain, unsigned char *room, struct error *err)
{
	size_t used = 0;

	while (used < RING_PIECE_SIZE) {
		ssize_t got = read_blob(plain, room + used, RING_PIECE_SIZE - used, err);
		if (got < 0)
			return -1;
		if (got == 0)
			break;
		used += (size_t)got;
	}
	return (ssize_t)used;
}

static int read_all_of_blob(struct plain *plain, struct error *err)
{
	struct inflate_input input = { 0 };
	ssize_t filled;

	do {
		unsigned char *room = ring_room(plain->ring);

		if (!room)
			return 0;
		filled = plain->method ? fill_inflated(plain, &input, room, err)
				       : fill_plain(plain, room, err);
		if (filled < 0 || hand_on(plain, (size_t)filled, err))
			return -1;
	} while (filled == (ssize_t)RING_PIECE_SIZE);
	if (plain->method && plain->method->end(plain->inflate, err))
		return -1;
	return check_digest(&plain->blob_digest, plain->layer->blob.digest, "content", err);
}

static void *run(void *of)
{
	struct plain *plain = of;
	struct error failure = { 0 };

	interrupt_leave_to_main();
	int result = read_all_of_blob(plain, &failure);
	ring_end(plain->ring, result ? &failure : NULL);
	return NULL;
}

/* ---- for the caller ---- */

static int detect(struct plain *plain, struct error *err)
{
	const struct blob *blob = &plain->layer->blob;
	unsigned char start[INFLATE_MAGIC_SIZE];
	size_t size = blob->size < sizeof start ? (size_t)blob->size : sizeof start;
	enum compression compression;

	ssize_t got = pread(blob->fd, start, size, (off_t)blob->offset);
	if (got < 0)
		return error_errno(err, errno, "read");
	if (inflate_detect(start, (size_t)got, &compression, err))
		return -1;
	if (compression == COMPRESSION_GZIP)
		plain->method = &inflate_gzip;
	else if (compression == COMPRESSION_ZSTD)
		plain->method = &inflate_zstd;
	return 0;
}

static int open_inflate(struct plain *plain, struct error *err)
{
	if (!plain->method)
		return 0;
	plain->buffer = malloc(INPUT_SIZE);
	if (!plain->buffer)
		return error_errno(err, ENOMEM, "buffer");
	plain->inflate = plain->method->open(err);
	return plain->inflate ? 0 : -1;
}

static int open_digests(struct plain *plain, struct error *err)
{
	const struct layer *layer = plain->layer;

	if (!layer->diff_id)
		return error_set(err, EINVAL, "has no diff_id");
	plain->diff_digest = digest_begin(layer->diff_id, err);
	if (!plain->diff_digest)
		return -1;
	/* Of what is not compressed one digest says everything. */
	if (!layer->blob.digest ||
	    (!plain->method && text_equal(layer->blob.digest, layer->diff_id)))
		return 0;
	plain->blob_digest = digest_begin(layer->blob.digest, err);
	return plain->blob_digest ? 0 : -1;
}

static int start(struct plain *plain, struct error *err)
{
	const struct blob *blob = &plain->layer->blob;

	if (blob->size > INT64_MAX || blob->offset > INT64_MAX - blob->size)
		return error_set(err, EOVERFLOW, "its %" PRIu64 " bytes cannot be", blob->size);
	if (detect(plain, err) || open_inflate(plain, err) || open_digests(plain, err))
		return -1;
	plain->ring = ring_open(plain->diff_digest, err);
	if (!plain->ring)
		return -1;
	/* Only a hint. */
	(void)posix_fadvise(blob->fd, (off_t)blob->offset, (off_t)blob->size,
			    POSIX_FADV_SEQUENTIAL);
	int code = pthread_create(&plain->thread, NULL, run, plain);
	if (code)
		return error_errno(err, code, "thread");
	plain->runs = true;
	return 0;
}

struct plain *plain_open(const struct layer *layer, const struct plain_options *options,
			 struct error *err)
{
	struct plain *plain = calloc(1, sizeof *plain);

	if (!plain) {
		error_errno(err, ENOMEM, "layer");
		return NULL;
	}
	plain->layer = layer;
	plain->options = *options;
	if (start(plain, err)) {
		plain_close(plain);
		return NULL;
	}
	return plain;
}

ssize_t plain_read(struct plain *plain, const void **ret, struct error *err)
{
	if (!plain->ended) {
		ssize_t got = ring_next(plain->ring, ret, &plain->failure);

		if (got > 0)
			return got;
		plain->ended = true;
		if (got == 0)
			check_digest(&plain->diff_digest, plain->layer->diff_id, "plain content",
				     &plain->failure);
	}
	if (!plain->failure.code)
		return 0;
	if (err)
		*err = plain->failure;
	return -1;
}

uint64_t plain_max_size(const struct plain *plain)
{
	return plain->options.max_size;
}

void plain_close(struct plain *plain)
{
	if (!plain)
		return;
	if (plain->runs) {
		ring_stop(plain->ring);
		pthread_join(plain->thread, NULL);
	}
	ring_free(plain->ring);
	if (plain->inflate)
		plain->method->close(plain->inflate);
	digest_drop(plain->blob_digest);
	digest_drop(plain->diff_digest);
	free(plain->buffer);
	free(plain);
}
