/* The files that an image consists of, by name, whether they lie in a directory or in an archive. Nothing outside is
 * ever opened. Knows no document. */
#pragma once

#include "imgtool/image/blob.h"
#include "spec/image.h"

struct image_files;

/* @path: the directory, or with @archive a tar, which may be compressed. NULL on failure. */
struct image_files *image_files_open(const char *path, bool archive, struct error *err);
void image_files_close(struct image_files *files); /* NULL allowed */

/* For OWNED. */
static inline void owned_files_close(struct image_files **files)
{
	image_files_close(*files);
}

/* The regular file @name, without a digest; finish *ret when this returns 0. ENOENT when there is none. */
int image_files_find(const struct image_files *files, const char *name, struct blob *ret,
		     struct error *err);

/* The blob of a descriptor: its digest is a digest, its file has the size. What is in it is not read. */
int image_files_blob(const struct image_files *files, const struct descriptor *descriptor,
		     struct blob *ret, struct error *err);

/* The content of the small file @name or of the descriptor's blob, whose digest is checked. At most IMAGE_JSON_MAX
 * bytes. *ret is NUL-terminated and the caller's to free. */
int image_files_read(const struct image_files *files, const char *name, char **ret, size_t *length,
		     struct error *err);
int image_files_read_blob(const struct image_files *files, const struct descriptor *descriptor,
			  char **ret, size_t *length, struct error *err);
