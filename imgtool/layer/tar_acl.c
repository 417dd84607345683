#include "imgtool/layer/tar_acl.h"

#include <archive.h>
#include <endian.h>
#include <errno.h>
#include <limits.h>
#include <linux/posix_acl.h>
#include <linux/posix_acl_xattr.h>
#include <stdint.h>
#include <stdlib.h>

#include "spec/base/owned.h"

static const struct kind {
	int type;
	const char *xattr;
} kinds[] = {
	{ ARCHIVE_ENTRY_ACL_TYPE_ACCESS, "system.posix_acl_access" },
	{ ARCHIVE_ENTRY_ACL_TYPE_DEFAULT, "system.posix_acl_default" },
};

static const struct tag {
	int archive;
	uint16_t kernel;
	bool has_id;
} tags[] = {
	{ ARCHIVE_ENTRY_ACL_USER_OBJ, ACL_USER_OBJ, false },
	{ ARCHIVE_ENTRY_ACL_USER, ACL_USER, true },
	{ ARCHIVE_ENTRY_ACL_GROUP_OBJ, ACL_GROUP_OBJ, false },
	{ ARCHIVE_ENTRY_ACL_GROUP, ACL_GROUP, true },
	{ ARCHIVE_ENTRY_ACL_MASK, ACL_MASK, false },
	{ ARCHIVE_ENTRY_ACL_OTHER, ACL_OTHER, false },
};

/* One entry in the host's byte order, as the kernel sorts them. */
struct acl_line {
	uint16_t tag, permissions;
	uint32_t id;
};

static const struct tag *tag_of(int archive)
{
	for (size_t i = 0; i < sizeof tags / sizeof *tags; i++)
		if (tags[i].archive == archive)
			return &tags[i];
	return NULL;
}

/* The kernel wants the tags in the order of their numbers, and ids in rising order. */
static int compare_lines(const void *of_a, const void *of_b)
{
	const struct acl_line *a = of_a, *b = of_b;

	if (a->tag != b->tag)
		return a->tag < b->tag ? -1 : 1;
	return a->id < b->id ? -1 : a->id > b->id;
}

static int make_line(int archive_tag, int permissions, int id, const char *name,
		     struct acl_line *ret, struct error *err)
{
	const struct tag *tag = tag_of(archive_tag);

	if (!tag)
		return error_set(err, EINVAL, "ACL: unknown kind of entry %d", archive_tag);
	*ret = (struct acl_line){ tag->kernel, (uint16_t)(permissions & 7),
				  (uint32_t)ACL_UNDEFINED_ID };
	if (!tag->has_id)
		return 0;
	/* libarchive gives INT_MAX for what is beyond an int. */
	if (id < 0 || id == INT_MAX)
		return error_set(err, EINVAL,
				 "ACL: '%.64s' has no number; pack with numeric owners",
				 name ? name : "");
	ret->id = (uint32_t)id;
	return 0;
}

static int encode(const struct acl_line *lines, size_t n, struct entry_xattr *xattr,
		  struct error *err)
{
	size_t size = sizeof(struct posix_acl_xattr_header) +
		      n * sizeof(struct posix_acl_xattr_entry);
	struct posix_acl_xattr_header *header = malloc(size);

	if (!header)
		return error_errno(err, ENOMEM, "ACL");
	struct posix_acl_xattr_entry *entries = (void *)(header + 1);
	header->a_version = htole32(POSIX_ACL_XATTR_VERSION);
	for (size_t i = 0; i < n; i++)
		entries[i] = (struct posix_acl_xattr_entry){ htole16(lines[i].tag),
							     htole16(lines[i].permissions),
							     htole32(lines[i].id) };
	xattr->value = (char *)header;
	xattr->size = size;
	return 0;
}

static int read_lines(struct archive_entry *entry, const struct kind *kind, int n,
		      struct acl_line *lines, struct error *err)
{
	int type, permissions, tag, id;
	const char *name;
	int used = 0;

	archive_entry_acl_reset(entry, kind->type);
	while (used < n && archive_entry_acl_next(entry, kind->type, &type, &permissions, &tag, &id,
						  &name) == ARCHIVE_OK) {
		if (make_line(tag, permissions, id, name, &lines[used], err))
			return -1;
		used++;
	}
	qsort(lines, (size_t)used, sizeof *lines, compare_lines);
	return used;
}

static mode_t with_mask(mode_t mode, const struct acl_line *lines, int n)
{
	for (int i = 0; i < n; i++)
		if (lines[i].tag == ACL_MASK)
			mode = (mode & ~(mode_t)S_IRWXG) | (mode_t)(lines[i].permissions << 3);
	return mode;
}

static int one_kind(struct archive_entry *entry, const struct kind *kind, mode_t *mode,
		    struct entry_xattr *xattr, struct error *err)
{
	int n = archive_entry_acl_reset(entry, kind->type);

	if (n <= 0)
		return 0;
	if (n > TAR_ACL_MAX)
		return error_set(err, E2BIG, "ACL: has more than %d entries", TAR_ACL_MAX);
	owned_memory struct acl_line *lines = calloc((size_t)n, sizeof *lines);
	if (!lines)
		return error_errno(err, ENOMEM, "ACL");
	n = read_lines(entry, kind, n, lines, err);
	if (n < 0)
		return -1;
	if (kind->type == ARCHIVE_ENTRY_ACL_TYPE_ACCESS)
		*mode = with_mask(*mode, lines, n);
	xattr->name = (char *)kind->xattr;
	return encode(lines, (size_t)n, xattr, err) ? -1 : 1;
}

int tar_acl_xattrs(struct archive_entry *entry, mode_t *mode, struct entry_xattr xattrs[2],
		   struct error *err)
{
	int n = 0;

	for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++) {
		int got = one_kind(entry, &kinds[i], mode, &xattrs[n], err);

		if (got < 0) {
			while (n)
				free(xattrs[--n].value);
			return -1;
		}
		n += got;
	}
	return n;
}
