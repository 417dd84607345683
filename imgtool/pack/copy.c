#include "imgtool/pack/copy.h"

#include <errno.h>
#include <inttypes.h>
#include <linux/fs.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "imgtool/base/interrupt.h"
#include "imgtool/layer/inflate.h"
#include "spec/base/io.h"
#include "spec/base/owned.h"
#include "spec/base/text.h"

enum { PIECE = 1 << 20 };

struct copying {
	const struct blob *blob;
	struct progress *progress;
	size_t item;
	int fd;			     /* of the copy */
	uint64_t offset;	     /* in @fd, of the copy's first byte */
	bool is_cloned;		     /* it has the bytes already, which only need to be looked at */
	struct digest *digest, *own; /* own: NULL when it is a sha256 too */
};

/* *got: how many bytes. */
static int read_piece(const struct copying *copying, char *piece, uint64_t at, size_t *got,
		      struct error *err)
{
	const struct blob *blob = copying->blob;
	uint64_t left = blob->size - at;
	size_t wanted = left < PIECE ? (size_t)left : PIECE;
	ssize_t result;

	do {
		result = copying->is_cloned
				 ? pread(copying->fd, piece, wanted, (off_t)(copying->offset + at))
				 : pread(blob->fd, piece, wanted, (off_t)(blob->offset + at));
	} while (result < 0 && errno == EINTR && interrupt_check(err) == 0);
	if (interrupt_check(err))
		return -1;
	if (result < 0)
		return error_errno(err, errno, "read");
	if (result == 0)
		return error_set(err, EINVAL, "ends after %" PRIu64 " of %" PRIu64 " bytes", at,
				 blob->size);
	*got = (size_t)result;
	return 0;
}

static int copy_bytes(const struct copying *copying, struct error *err)
{
	owned_string piece = malloc(PIECE);
	size_t got = 0;

	if (!piece)
		return error_errno(err, ENOMEM, "copy");
	for (uint64_t at = 0; at < copying->blob->size; at += got) {
		if (read_piece(copying, piece, at, &got, err))
			return -1;
		digest_add(copying->digest, piece, got);
		if (copying->own)
			digest_add(copying->own, piece, got);
		if (!copying->is_cloned &&
		    write_all_at(copying->fd, piece, got, copying->offset + at))
			return error_errno(err, errno, "write a blob");
		progress_bytes(copying->progress, copying->item, at + got);
	}
	return 0;
}

/* Only a whole file shares its bytes with another. */
static bool clone(const struct copying *copying)
{
	struct stat stat;

	return copying->blob->offset == 0 && copying->offset == 0 &&
	       fstat(copying->blob->fd, &stat) == 0 &&
	       (uint64_t)stat.st_size == copying->blob->size &&
	       ioctl(copying->fd, FICLONE, copying->blob->fd) == 0;
}

/* @expected: what the blob's digest must be. */
static int copy(struct copying *copying, const char *expected, char digest[DIGEST_MAX],
		struct error *err)
{
	char own[DIGEST_MAX];

	copying->is_cloned = clone(copying);
	copying->digest = digest_begin(DIGEST_LIKE_SHA256, err);
	if (!copying->digest)
		return -1;
	if (!text_starts_with(expected, "sha256:")) {
		copying->own = digest_begin(expected, err);
		if (!copying->own)
			return -1;
	}
	if (copy_bytes(copying, err))
		return -1;
	digest_end(take_pointer(copying->digest), digest);
	memcpy(own, digest, sizeof own);
	if (copying->own)
		digest_end(take_pointer(copying->own), own);
	return strcmp(own, expected) == 0
		       ? 0
		       : error_set(err, EBADMSG, "its content has the digest %s", own);
}

static int detect(const struct blob *blob, enum compression *ret, struct error *err)
{
	unsigned char first[INFLATE_MAGIC_SIZE];
	size_t length = blob->size < sizeof first ? (size_t)blob->size : sizeof first;
	ssize_t got = pread(blob->fd, first, length, (off_t)blob->offset);

	return got < 0 ? error_errno(err, errno, "read")
		       : inflate_detect(first, (size_t)got, ret, err);
}

static int copy_new(struct pack_target *target, const char *expected, struct copying *copying,
		    struct copied *ret, struct error *err)
{
	int result = -1;

	progress_state(copying->progress, copying->item, PROGRESS_EXTRACTING);
	if (pack_target_begin(target, &copying->fd, &copying->offset, err) == 0 &&
	    copy(copying, expected, ret->digest, err) == 0 &&
	    (pack_target_has(target, ret->digest, ret->size) ||
	     pack_target_end(target, ret->digest, ret->size, err) == 0))
		result = 0;
	digest_drop(copying->digest);
	digest_drop(copying->own);
	progress_state(copying->progress, copying->item, result ? PROGRESS_FAILED : PROGRESS_DONE);
	return result;
}

int pack_copy(struct pack_target *target, const struct layer *layer, struct progress *progress,
	      size_t item, struct copied *ret, struct error *err)
{
	const char *expected = layer->blob.digest ? layer->blob.digest : layer->diff_id;
	struct copying copying = { .blob = &layer->blob, .progress = progress, .item = item };

	ret->size = layer->blob.size;
	if (detect(&layer->blob, &ret->compression, err))
		return error_prefix(err, "%s", expected);
	progress_item(progress, item, expected, layer->blob.size);
	if (text_starts_with(expected, "sha256:") &&
	    pack_target_has(target, expected, layer->blob.size)) {
		memcpy(ret->digest, expected, strlen(expected) + 1);
		progress_state(progress, item, PROGRESS_PRESENT);
		return 0;
	}
	return copy_new(target, expected, &copying, ret, err) ? error_prefix(err, "%s", expected)
							      : 0;
}

int pack_text(struct pack_target *target, const char *text, char digest[DIGEST_MAX],
	      struct error *err)
{
	size_t length = strlen(text);
	uint64_t offset;
	int fd;

	if (digest_of(DIGEST_LIKE_SHA256, text, length, digest, err))
		return -1;
	if (pack_target_has(target, digest, length))
		return 0;
	if (pack_target_begin(target, &fd, &offset, err))
		return -1;
	if (write_all_at(fd, text, length, offset))
		return error_errno(err, errno, "write a blob");
	return pack_target_end(target, digest, length, err);
}
