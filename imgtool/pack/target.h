/* Where a packed image goes: a layout that may have images already, or a new archive. Blobs first, one after the other; nobody
 * sees any of it before pack_target_commit. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "imgtool/image/digest.h"
#include "imgtool/image/platform.h"
#include "imgtool/image/reference.h"
#include "spec/base/text.h"

/* What is to be found under the image's name. */
struct pack_image {
	const char *tag;	       /* NULL: none */
	const char *docker;	       /* the name that `docker load` gives it; NULL: none */
	const char *manifest, *config; /* digests */
	uint64_t manifest_size;
	struct string_list layers; /* digests, the base first */
	struct wanted_platform platform;
	int64_t created; /* seconds since 1970 */
};

struct pack_target;
struct pack_target_ops {
	/* *fd and *offset: where the bytes of the next blob go, with pwrite(2). */
	int (*begin)(struct pack_target *target, int *fd, uint64_t *offset, struct error *err);
	int (*end)(struct pack_target *target, const char *digest, uint64_t size,
		   struct error *err);
	bool (*has)(struct pack_target *target, const char *digest, uint64_t size);
	int (*commit)(struct pack_target *target, const struct pack_image *image,
		      struct error *err);
	void (*close)(struct pack_target *target);
};
struct pack_target {
	const struct pack_target_ops *ops;
};

/* @path: of the layout's directory, which is made when there is none, or of the archive, which replaces a regular file
 * that is there. NULL on failure. */
struct pack_target *pack_layout_open(const char *path, struct error *err);
struct pack_target *pack_archive_open(const char *path, struct error *err);

static inline int pack_target_begin(struct pack_target *target, int *fd, uint64_t *offset,
				    struct error *err)
{
	return target->ops->begin(target, fd, offset, err);
}

/* The blob begun last has @size bytes with that digest. */
static inline int pack_target_end(struct pack_target *target, const char *digest, uint64_t size,
				  struct error *err)
{
	return target->ops->end(target, digest, size, err);
}

/* Whether that blob is there already, from earlier or by pack_target_end. */
static inline bool pack_target_has(struct pack_target *target, const char *digest, uint64_t size)
{
	return target->ops->has(target, digest, size);
}

/* Makes the image appear, in one step, and on disk. */
static inline int pack_target_commit(struct pack_target *target, const struct pack_image *image,
				     struct error *err)
{
	return target->ops->commit(target, image, err);
}

/* Without a commit before, everything is as it was. NULL allowed. */
static inline void pack_target_close(struct pack_target *target)
{
	if (target)
		target->ops->close(target);
}
