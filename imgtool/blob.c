#include "imgtool/blob.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "imgtool/digest.h"
#include "spec/base/owned.h"

static int read_region(const struct blob *blob, char *to, struct error *err)
{
	uint64_t done = 0;

	while (done < blob->size) {
		ssize_t got = pread(blob->fd, to + done, (size_t)(blob->size - done),
				    (off_t)(blob->offset + done));
		if (got < 0 && errno == EINTR)
			continue;
		if (got < 0)
			return error_errno(err, errno, "read");
		if (got == 0)
			return error_set(err, EINVAL, "ends after %" PRIu64 " of %" PRIu64 " bytes",
					 done, blob->size);
		done += (uint64_t)got;
	}
	return 0;
}

static int check_digest(const struct blob *blob, const char *text, struct error *err)
{
	char digest[DIGEST_MAX];

	if (!blob->digest)
		return 0;
	if (digest_of(blob->digest, text, (size_t)blob->size, digest, err))
		return -1;
	if (strcmp(digest, blob->digest) != 0)
		return error_set(err, EBADMSG, "its content has the digest %s", digest);
	return 0;
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
	if (read_region(blob, text, err) || check_digest(blob, text, err))
		return blob->digest ? error_prefix(err, "%s", blob->digest) : -1;
	text[blob->size] = '\0';
	*ret = take_pointer(text);
	*length = (size_t)blob->size;
	return 0;
}

void blob_finish(struct blob *blob)
{
	close_fd(blob->fd);
	free(blob->digest);
	*blob = (struct blob){ .fd = -1 };
}
