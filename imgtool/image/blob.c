#include "imgtool/image/blob.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "imgtool/base/interrupt.h"
#include "imgtool/image/digest.h"
#include "spec/base/owned.h"

enum { PIECE_SIZE = 256 * 1024 };

/* The next piece at @done, @room bytes at most; never 0. */
static ssize_t read_piece(const struct blob *blob, uint64_t done, void *to, size_t room,
			  struct error *err)
{
	uint64_t left = blob->size - done;
	ssize_t got;

	while ((got = pread(blob->fd, to, left < room ? (size_t)left : room,
			    (off_t)(blob->offset + done))) < 0) {
		if (errno != EINTR)
			return error_errno(err, errno, "read");
		if (interrupt_check(err))
			return -1;
	}
	if (got == 0)
		return error_set(err, EINVAL, "ends after %" PRIu64 " of %" PRIu64 " bytes", done,
				 blob->size);
	return got;
}

static int compare_digest(const struct blob *blob, const char *digest, struct error *err)
{
	if (strcmp(digest, blob->digest) == 0)
		return 0;
	return error_set(err, EBADMSG, "its content has the digest %s", digest);
}

static int read_region(const struct blob *blob, char *to, struct error *err)
{
	char digest[DIGEST_MAX];
	ssize_t got;

	for (uint64_t done = 0; done < blob->size; done += (uint64_t)got) {
		got = read_piece(blob, done, to + done, (size_t)(blob->size - done), err);
		if (got < 0)
			return -1;
	}
	if (!blob->digest)
		return 0;
	return digest_of(blob->digest, to, (size_t)blob->size, digest, err) ||
			       compare_digest(blob, digest, err)
		       ? -1
		       : 0;
}

int blob_read(const struct blob *blob, size_t max, char **ret, size_t *length, struct error *err)
{
	if (blob->size > max)
		return error_set(err, EFBIG, "%s%s%" PRIu64 " bytes are more than the %zu allowed",
				 blob->digest ? blob->digest : "", blob->digest ? ": " : "",
				 blob->size, max);
	owned_string text = malloc((size_t)blob->size + 1);
	if (!text)
		return error_errno(err, ENOMEM, "read");
	if (read_region(blob, text, err))
		return blob->digest ? error_prefix(err, "%s", blob->digest) : -1;
	text[blob->size] = '\0';
	*ret = take_pointer(text);
	*length = (size_t)blob->size;
	return 0;
}

int blob_check(const struct blob *blob, struct error *err)
{
	owned_memory char *piece = malloc(PIECE_SIZE);
	char text[DIGEST_MAX];

	if (!piece)
		return error_errno(err, ENOMEM, "read");
	struct digest *digest = digest_begin(blob->digest, err);
	if (!digest)
		return -1;
	for (uint64_t done = 0; done < blob->size;) {
		ssize_t got = read_piece(blob, done, piece, PIECE_SIZE, err);

		if (got < 0 || interrupt_check(err)) {
			digest_drop(digest);
			return -1;
		}
		digest_add(digest, piece, (size_t)got);
		done += (uint64_t)got;
	}
	digest_end(digest, text);
	return compare_digest(blob, text, err);
}

void blob_finish(struct blob *blob)
{
	close_fd(blob->fd);
	free(blob->digest);
	*blob = (struct blob){ .fd = -1 };
}
