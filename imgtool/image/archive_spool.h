/* A compressed archive made plain in a file that has no name, since only there its members are regions. gzip, zstd,
 * xz and bzip2, by libarchive's filters. Knows no tar. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "spec/base/error.h"

/* Most plain bytes, against bombs. */
#define ARCHIVE_SPOOL_MAX (UINT64_C(64) << 30)

/* Whether the first bytes of the regular file @fd are a compressed stream's. */
bool archive_is_compressed(int fd);

/* Reads @fd from its current position. The file is in $TMPDIR, /var/tmp when that is not set, and goes with the returned
 * descriptor. More than @max plain bytes: EFBIG. -1 on failure. */
int archive_spool(int fd, uint64_t max, struct error *err);
