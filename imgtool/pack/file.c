#include "imgtool/pack/file.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/sysmacros.h>
#include <sys/xattr.h>

#include "imgtool/layer/xattrs.h"
#include "spec/base/owned.h"
#include "spec/base/text.h"

#define OWNER_RECORD "user.rootlesscontainers"

static bool same_file(const struct stat *a, const struct stat *b)
{
	return a->st_dev == b->st_dev && a->st_ino == b->st_ino && a->st_mode == b->st_mode;
}

static bool same_content(const struct stat *a, const struct stat *b)
{
	return a->st_size == b->st_size && a->st_mtim.tv_sec == b->st_mtim.tv_sec &&
	       a->st_mtim.tv_nsec == b->st_mtim.tv_nsec && a->st_ctim.tv_sec == b->st_ctim.tv_sec &&
	       a->st_ctim.tv_nsec == b->st_ctim.tv_nsec;
}

static int changed(struct error *err)
{
	return error_set(err, ESTALE, "it changed while it was read");
}

/* Files and directories are opened; others are not, since that may act. */
static int open_content(int directory, const char *name, struct pack_file *file, struct error *err)
{
	struct stat opened;

	if (!S_ISREG(file->stat.st_mode) && !S_ISDIR(file->stat.st_mode))
		return 0;
	/* Should it be a FIFO by now, nobody waits. */
	file->fd =
		openat(directory, name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
	if (file->fd < 0 && (errno == ELOOP || errno == ENOENT))
		return changed(err);
	if (file->fd < 0 || fstat(file->fd, &opened))
		return error_errno(err, errno, "open");
	if (!same_file(&opened, &file->stat))
		return changed(err);
	file->stat = opened;
	return 0;
}

static int read_link(int directory, const char *name, struct pack_file *file, struct error *err)
{
	char target[PATH_MAX];
	ssize_t length = readlinkat(directory, name, target, sizeof target);

	if (length < 0)
		return error_errno(err, errno, "read link");
	file->entry.link = strndup(target, (size_t)length);
	return file->entry.link ? 0 : error_errno(err, ENOMEM, "read link");
}

/* Where xattrs are read from: by descriptor, or for what is not opened by what procfs says of the directory. */
struct xattr_place {
	int fd;
	char path[32 + NAME_MAX + 1];
};

static ssize_t list_xattrs(const struct xattr_place *place, char *names, size_t size)
{
	return place->fd >= 0 ? flistxattr(place->fd, names, size)
			      : llistxattr(place->path, names, size);
}

static ssize_t get_xattr(const struct xattr_place *place, const char *name, char *value,
			 size_t size)
{
	return place->fd >= 0 ? fgetxattr(place->fd, name, value, size)
			      : lgetxattr(place->path, name, value, size);
}

static int read_xattr(const struct xattr_place *place, const char *name, struct entry_xattr *ret,
		      struct error *err)
{
	char value[XATTR_SIZE_MAX];
	ssize_t size = get_xattr(place, name, value, sizeof value);

	if (size < 0 && errno == ENODATA)
		return changed(err);
	if (size < 0)
		return error_errno(err, errno, "read xattr %.100s", name);
	ret->name = strdup(name);
	ret->value = malloc(size > 0 ? (size_t)size : 1);
	ret->size = (size_t)size;
	if (!ret->name || !ret->value)
		return error_errno(err, ENOMEM, "read xattr");
	memcpy(ret->value, value, (size_t)size);
	return 0;
}

static bool is_kept(const char *name, bool recorded)
{
	return layer_xattr_kind(name, recorded) != LAYER_XATTR_PASSED_OVER;
}

/* Reads into a buffer of @size bytes; the names are in the order that the file system has. */
static int read_xattrs_listed(const struct xattr_place *place, const char *names, size_t size,
			      bool recorded, struct entry *entry, struct error *err)
{
	const char *end = names + size;
	size_t n = 0, total = 0;

	for (const char *name = names; name < end; name += strlen(name) + 1)
		n += is_kept(name, recorded);
	if (!n)
		return 0;
	entry->xattrs = calloc(n, sizeof *entry->xattrs);
	if (!entry->xattrs)
		return error_errno(err, ENOMEM, "read xattrs");
	for (const char *name = names; name < end; name += strlen(name) + 1) {
		if (!is_kept(name, recorded))
			continue;
		struct entry_xattr *xattr = &entry->xattrs[entry->n_xattrs++];
		if (read_xattr(place, name, xattr, err))
			return -1;
		total += strlen(name) + xattr->size;
	}
	return total <= ENTRY_XATTRS_MAX
		       ? 0
		       : error_set(err, EFBIG, "its xattrs are larger than %u bytes",
				   ENTRY_XATTRS_MAX);
}

static int compare_xattrs(const void *a, const void *b)
{
	return strcmp(((const struct entry_xattr *)a)->name, ((const struct entry_xattr *)b)->name);
}

static int read_xattrs(const struct xattr_place *place, bool recorded, struct entry *entry,
		       struct error *err)
{
	char names[XATTR_LIST_MAX];
	ssize_t size = list_xattrs(place, names, sizeof names);

	if (size < 0)
		return errno == ENOTSUP ? 0 : error_errno(err, errno, "list xattrs");
	if (read_xattrs_listed(place, names, (size_t)size, recorded, entry, err))
		return -1;
	/* File systems have them in the order of their making. */
	if (entry->n_xattrs > 1)
		qsort(entry->xattrs, entry->n_xattrs, sizeof *entry->xattrs, compare_xattrs);
	return 0;
}

/* The number behind *at, seven bits a byte; false when it is cut off or larger than 32 bits. */
static bool read_varint(const unsigned char **at, const unsigned char *end, uint32_t *ret)
{
	uint64_t value = 0;

	for (unsigned shift = 0; *at < end && shift < 35; shift += 7) {
		unsigned char byte = *(*at)++;

		value |= (uint64_t)(byte & 0x7f) << shift;
		if (byte & 0x80)
			continue;
		*ret = (uint32_t)value;
		return value <= UINT32_MAX;
	}
	return false;
}

/* The message user.rootlesscontainers: field 1 uid, 2 gid, an absent one is 0; https://rootlesscontaine.rs/ */
static int parse_owner(const unsigned char *at, size_t length, struct entry *entry,
		       struct error *err)
{
	const unsigned char *end = at + length;
	uint32_t tag, value;

	entry->uid = 0;
	entry->gid = 0;
	while (at < end) {
		if (!read_varint(&at, end, &tag) || !read_varint(&at, end, &value) ||
		    (tag != 1 << 3 && tag != 2 << 3))
			return error_set(err, EINVAL, "%s: is no record of an owner", OWNER_RECORD);
		*(tag == 1 << 3 ? &entry->uid : &entry->gid) = value;
	}
	return 0;
}

/* Where a normal user works without other ids, a file's owner is on record, or is the user, who is the container's root. */
static int read_owner(int fd, struct entry *entry, struct error *err)
{
	unsigned char record[64];
	ssize_t length = fd < 0 ? -1 : fgetxattr(fd, OWNER_RECORD, record, sizeof record);

	if (length >= 0)
		return parse_owner(record, (size_t)length, entry, err);
	if (fd >= 0 && errno != ENODATA && errno != ENOTSUP)
		return error_errno(err, errno, "read xattr %s", OWNER_RECORD);
	if (entry->uid == geteuid())
		entry->uid = 0;
	if (entry->gid == getegid())
		entry->gid = 0;
	return 0;
}

static int refuse(const char *name, const struct stat *stat, struct error *err)
{
	if (text_starts_with(name, ".wh."))
		return error_set(err, EINVAL, "a layer cannot have a name that begins with .wh.");
	if (S_ISCHR(stat->st_mode) && stat->st_rdev == 0)
		return error_set(
			err, EINVAL,
			"is a whiteout of overlayfs, which no image can have; pack the bundle");
	return 0;
}

static int fill(int directory, const char *name, bool recorded, struct pack_file *file,
		struct error *err)
{
	struct entry *entry = &file->entry;
	struct xattr_place place = { .fd = file->fd };

	if (S_ISLNK(file->stat.st_mode) && read_link(directory, name, file, err))
		return -1;
	entry->mode = file->stat.st_mode;
	entry->uid = file->stat.st_uid;
	entry->gid = file->stat.st_gid;
	entry->major = major(file->stat.st_rdev);
	entry->minor = minor(file->stat.st_rdev);
	entry->mtime = file->stat.st_mtim;
	entry->size = S_ISREG(file->stat.st_mode) ? file->stat.st_size : 0;
	if (file->fd < 0)
		snprintf(place.path, sizeof place.path, "/proc/self/fd/%d/%s", directory, name);
	if (recorded && read_owner(file->fd, entry, err))
		return -1;
	return read_xattrs(&place, recorded, entry, err);
}

int pack_file_open(int directory, const char *name, char *path, bool recorded,
		   struct pack_file *ret, struct error *err)
{
	*ret = (struct pack_file){ .entry = { .path = path }, .fd = -1 };
	if (fstatat(directory, name, &ret->stat, AT_SYMLINK_NOFOLLOW))
		return errno == ENOENT ? changed(err) : error_errno(err, errno, "stat");
	if (S_ISSOCK(ret->stat.st_mode))
		return PACK_FILE_SOCKET;
	if (refuse(name, &ret->stat, err) || open_content(directory, name, ret, err) ||
	    fill(directory, name, recorded, ret, err)) {
		pack_file_finish(ret);
		return -1;
	}
	return 0;
}

int pack_file_check(const struct pack_file *file, struct error *err)
{
	struct stat now;

	if (fstat(file->fd, &now))
		return error_errno(err, errno, "stat");
	return same_file(&now, &file->stat) && same_content(&now, &file->stat) ? 0 : changed(err);
}

void pack_file_finish(struct pack_file *file)
{
	for (size_t i = 0; i < file->entry.n_xattrs; i++) {
		free(file->entry.xattrs[i].name);
		free(file->entry.xattrs[i].value);
	}
	free(file->entry.xattrs);
	free(file->entry.link);
	close_fd(file->fd);
	*file = (struct pack_file){ .fd = -1 };
}
