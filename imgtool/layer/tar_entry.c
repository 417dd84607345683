#include "imgtool/layer/tar_entry.h"

#include <archive.h>
#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "imgtool/layer/tar_acl.h"

/* Cuts what does not change where a path leads. @to has room for all of @path. */
static void cut_path(const char *path, char *to)
{
	char *at = to;

	for (;;) {
		path += strspn(path, "/");
		size_t length = strcspn(path, "/");

		if (!length)
			break;
		if (length != 1 || *path != '.') {
			if (at > to)
				*at++ = '/';
			memcpy(at, path, length);
			at += length;
		}
		path += length;
	}
	*at = '\0';
}

static int check_length(const char *name, const char *what, struct error *err)
{
	size_t length = strlen(name);

	if (length <= ENTRY_NAME_MAX)
		return 0;
	return error_set(err, ENAMETOOLONG, "a %s of %zu bytes: '%.40s...'", what, length, name);
}

static int fill_names(struct tar_entry *to, struct archive_entry *from, struct error *err)
{
	struct entry *entry = &to->entry;
	const char *path = archive_entry_pathname(from);
	const char *hardlink = archive_entry_hardlink(from);
	const char *link = hardlink ? hardlink : archive_entry_symlink(from);

	if (!path)
		return error_set(err, EBADMSG, "an entry without a name");
	if (check_length(path, "name", err) || (link && check_length(link, "link", err)))
		return -1;
	cut_path(path, to->path);
	entry->path = to->path;
	entry->hardlink = hardlink != NULL;
	entry->link = hardlink ? to->link : (char *)link;
	if (hardlink)
		cut_path(hardlink, to->link);
	return 0;
}

/* Type and permissions. Old archives have directories that are files whose name ends in a slash. */
static int fill_mode(struct tar_entry *to, struct archive_entry *from, struct error *err)
{
	struct entry *entry = &to->entry;
	const char *path = archive_entry_pathname(from);
	mode_t type = archive_entry_filetype(from);

	if (entry->hardlink)
		type = S_IFREG;
	else if (type == S_IFREG && *path && path[strlen(path) - 1] == '/')
		type = S_IFDIR;
	if (!type)
		return error_set(err, EBADMSG, "an entry without a type");
	if (type == S_IFLNK && (!entry->link || !*entry->link))
		return error_set(err, EBADMSG, "a symbolic link to nothing");
	entry->mode = type | (archive_entry_mode(from) & 07777);
	return 0;
}

static int check_id(int64_t id, const char *what, uint32_t *ret, struct error *err)
{
	/* The largest number means "leave it" to chown(2). */
	if (id < 0 || id >= UINT32_MAX)
		return error_set(err, ERANGE, "%s %" PRId64 " cannot be", what, id);
	*ret = (uint32_t)id;
	return 0;
}

/* A device number as mknod(2) takes it: 12 and 20 bits. */
static int fill_device(struct tar_entry *to, struct archive_entry *from, struct error *err)
{
	struct entry *entry = &to->entry;
	uint64_t major = archive_entry_rdevmajor(from), minor = archive_entry_rdevminor(from);

	entry->major = entry->minor = 0;
	if (!S_ISCHR(entry->mode) && !S_ISBLK(entry->mode))
		return 0;
	if (major >= 1u << 12 || minor >= 1u << 20)
		return error_set(err, ERANGE, "device %" PRIu64 ":%" PRIu64 " cannot be", major,
				 minor);
	entry->major = (uint32_t)major;
	entry->minor = (uint32_t)minor;
	return 0;
}

static struct timespec mtime_of(struct archive_entry *from)
{
	struct timespec time = { archive_entry_mtime(from), archive_entry_mtime_nsec(from) };

	/* libarchive reads -1.25 as -1 and .25, which would be a later time. */
	if (time.tv_sec < 0 && time.tv_nsec > 0) {
		time.tv_sec--;
		time.tv_nsec = 1000000000 - time.tv_nsec;
	}
	return time;
}

static int fill_numbers(struct tar_entry *to, struct archive_entry *from, struct error *err)
{
	struct entry *entry = &to->entry;

	entry->mtime = mtime_of(from);
	if (check_id(archive_entry_uid(from), "owner", &entry->uid, err) ||
	    check_id(archive_entry_gid(from), "group", &entry->gid, err) ||
	    fill_device(to, from, err))
		return -1;
	return 0;
}

/* Bytes of data that a sparse file's map promises. */
static int64_t sum_of_sparse_map(struct archive_entry *from)
{
	int64_t offset, length, sum = 0;

	archive_entry_sparse_reset(from);
	while (archive_entry_sparse_next(from, &offset, &length) == ARCHIVE_OK)
		sum += length; /* pieces beneath the file's size, without overlap: it cannot overflow */
	return sum;
}

static int fill_size(struct tar_entry *to, struct archive_entry *from, struct error *err)
{
	struct entry *entry = &to->entry;
	int64_t size = archive_entry_size(from);

	if (size < 0)
		return error_set(err, EBADMSG, "a file of negative size");
	/* POSIX lets a hard link have the file's content once more, and tools for images read it as if it had none: what
	 * is an entry and what is content must not be a matter of taste. */
	if ((!S_ISREG(entry->mode) || entry->hardlink) && size > 0)
		return error_set(err, EBADMSG, "content of what should have none");
	entry->size = size;
	entry->sparse = archive_entry_sparse_count(from) > 0;
	to->data_size = entry->sparse ? sum_of_sparse_map(from) : size;
	return 0;
}

static int make_room_for_xattrs(struct tar_entry *to, size_t n, struct error *err)
{
	if (n <= to->xattrs_room)
		return 0;
	struct entry_xattr *more = reallocarray(to->entry.xattrs, n, sizeof *more);
	if (!more)
		return error_errno(err, ENOMEM, "attributes");
	to->entry.xattrs = more;
	to->xattrs_room = n;
	return 0;
}

/* libarchive gives the last one first; of two with the same name the last one must win. */
static int fill_xattrs(struct tar_entry *to, struct archive_entry *from, struct error *err)
{
	struct entry *entry = &to->entry;
	size_t at = (size_t)archive_entry_xattr_reset(from);
	const char *name;
	const void *value;
	size_t size, total = 0;

	if (make_room_for_xattrs(to, at + 2, err))
		return -1;
	entry->n_xattrs = at;
	while (at && archive_entry_xattr_next(from, &name, &value, &size) == ARCHIVE_OK) {
		entry->xattrs[--at] = (struct entry_xattr){ (char *)name, (char *)value, size };
		total += strlen(name) + size;
		if (total > ENTRY_XATTRS_MAX)
			return error_set(err, E2BIG, "attributes of more than %u bytes",
					 ENTRY_XATTRS_MAX);
	}
	int n = tar_acl_xattrs(from, &entry->mode, to->acls, err);
	if (n < 0)
		return -1;
	to->n_acls = n;
	for (int i = 0; i < to->n_acls; i++)
		entry->xattrs[entry->n_xattrs++] = to->acls[i];
	return 0;
}

static void drop_acls(struct tar_entry *entry)
{
	while (entry->n_acls)
		free(entry->acls[--entry->n_acls].value);
}

int tar_entry_fill(struct tar_entry *entry, struct archive_entry *from, struct error *err)
{
	drop_acls(entry);
	if (fill_names(entry, from, err) || fill_mode(entry, from, err) ||
	    fill_size(entry, from, err) || fill_numbers(entry, from, err))
		return -1;
	return fill_xattrs(entry, from, err);
}

void tar_entry_finish(struct tar_entry *entry)
{
	drop_acls(entry);
	free(entry->entry.xattrs);
}
