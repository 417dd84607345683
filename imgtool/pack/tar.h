/* Entries as a tar, pax(1) interchange format of POSIX.1-2017: extended headers only where ustar cannot say it, xattrs as
 * SCHILY.xattr, no names of users, no access times, so that the same entries give the same bytes. */
#pragma once

#include "imgtool/layer/entry.h"
#include "imgtool/pack/stream.h"

/* The header of @entry; of a regular file its size bytes follow, written to @stream by the caller, and then
 * pack_tar_pad. An xattr whose name has "=" in it cannot be said: EINVAL. */
int pack_tar_entry(struct pack_stream *stream, const struct entry *entry, struct error *err);
int pack_tar_pad(struct pack_stream *stream, uint64_t size, struct error *err);
/* The end of the archive. */
int pack_tar_end(struct pack_stream *stream, struct error *err);

/* A header block for a regular file of another archive: at most 2⁶³ - 1 bytes, @name at most 100. */
#define TAR_BLOCK 512
void pack_tar_file_header(char ret[TAR_BLOCK], const char *name, uint64_t size, int64_t mtime);
