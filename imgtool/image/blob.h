/* A region of a file, whose content has a digest: in a layout a whole file, in an archive a part of it. */
#pragma once

#include <stdint.h>
#include <sys/types.h>

#include "spec/base/error.h"

struct blob {
	int fd; /* owned; close-on-exec; shared regions have descriptors of their own */
	uint64_t offset, size; /* bytes */
	char *digest; /* owned; NULL in an old docker-archive, whose layers have no digest but the diff_id */
};

/* Reads the whole of a small blob (a manifest, a config) and checks size and digest. More than @max bytes: EFBIG. *ret is
 * NUL-terminated and the caller's to free. */
int blob_read(const struct blob *blob, size_t max, char **ret, size_t *length, struct error *err);
/* Reads a blob of any size and compares it with its digest. */
int blob_check(const struct blob *blob, struct error *err);
void blob_finish(struct blob *blob);
