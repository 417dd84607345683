#include "imgtool/tar.h"

#include <archive.h>
#include <archive_entry.h>
#include <errno.h>
#include <inttypes.h>
#include <locale.h>
#include <stdlib.h>
#include <string.h>

#include "imgtool/tar_acl.h"
#include "spec/base/owned.h"

/* Most bytes that are handed out between one entry's data and the next: long names, attributes, sparse maps.
 * libarchive keeps them in memory, a sparse map as up to twelve times as much. */
#define HEADER_MAX ((size_t)5 << 18)

struct tar {
	struct plain *plain;
	struct archive *archive;
	locale_t locale;
	struct error failure; /* what a callback could not say; code 0: nothing */
	bool in_header;
	size_t header_size; /* handed out since the header began */
	bool has_entry, ended;
	uint64_t total_size; /* of the files so far, holes included */
	struct entry entry;
	char *path, *link; /* of ENTRY_NAME_MAX + 1 bytes; in them what @entry points to */
	size_t xattrs_room;
	struct entry_xattr acls[2]; /* values are owned */
	int n_acls;
	int64_t data_expected, data_done,
		data_end; /* of the entry, bytes without holes; where the last piece ended */
};

/* ---- libarchive's side ---- */

static la_ssize_t give(struct archive *archive, void *of, const void **ret)
{
	struct tar *tar = of;

	if (tar->in_header && tar->header_size >= HEADER_MAX) {
		error_set(&tar->failure, E2BIG,
			  "tar: names and attributes of one entry take more than %zu bytes",
			  HEADER_MAX);
		archive_set_error(archive, E2BIG, "too large");
		return ARCHIVE_FATAL;
	}
	ssize_t got = plain_read(tar->plain, ret, &tar->failure);
	if (got < 0) {
		archive_set_error(archive, EIO, "read");
		return ARCHIVE_FATAL;
	}
	tar->header_size += (size_t)got;
	return got;
}

/* All that follows the end of the archive, so that the digests are checked. */
static int read_rest(struct plain *plain, struct error *err)
{
	const void *piece;
	ssize_t got;

	do
		got = plain_read(plain, &piece, err);
	while (got > 0);
	return (int)got;
}

/* What is wrong with the archive. That it is not the one that the image means comes first: then the file was
 * damaged, and its maker did nothing wrong. */
static int fail(struct tar *tar, const char *what, struct error *err)
{
	if (!tar->failure.code)
		(void)read_rest(tar->plain, &tar->failure);
	if (tar->failure.code) {
		if (err)
			*err = tar->failure;
		return -1;
	}
	if (!tar->has_entry)
		return error_set(err, EBADMSG, "tar: %s", what);
	return error_set(err, EBADMSG, "tar: at or behind '%s': %s", tar->path, what);
}

static int fail_archive(struct tar *tar, struct error *err)
{
	const char *what = archive_error_string(tar->archive);

	return fail(tar, what ? what : "damaged", err);
}

static int open_archive(struct tar *tar, struct error *err)
{
	tar->archive = archive_read_new();
	tar->path = malloc(ENTRY_NAME_MAX + 1);
	tar->link = malloc(ENTRY_NAME_MAX + 1);
	/* libarchive turns the names of a PAX header, which should be UTF-8, into the locale's characters, and gives those
	 * that it cannot turn as they are. In this locale it gives all names as they are. */
	tar->locale = newlocale(LC_ALL_MASK, "C", (locale_t)0);
	if (!tar->archive || !tar->path || !tar->link || !tar->locale)
		return error_errno(err, ENOMEM, "tar");
	tar->path[0] = '\0';
	if (archive_read_support_format_tar(tar->archive) != ARCHIVE_OK ||
	    archive_read_support_format_empty(tar->archive) != ARCHIVE_OK ||
	    archive_read_open2(tar->archive, tar, NULL, give, NULL, NULL) != ARCHIVE_OK)
		return fail_archive(tar, err);
	return 0;
}

struct tar *tar_open(struct plain *plain, struct error *err)
{
	struct tar *tar = calloc(1, sizeof *tar);

	if (!tar) {
		error_errno(err, ENOMEM, "tar");
		return NULL;
	}
	tar->plain = plain;
	if (open_archive(tar, err)) {
		tar_close(tar);
		return NULL;
	}
	return tar;
}

static void drop_acls(struct tar *tar)
{
	while (tar->n_acls)
		free(tar->acls[--tar->n_acls].value);
}

void tar_close(struct tar *tar)
{
	if (!tar)
		return;
	archive_read_free(tar->archive);
	if (tar->locale)
		freelocale(tar->locale);
	drop_acls(tar);
	free(tar->entry.xattrs);
	free(tar->path);
	free(tar->link);
	free(tar);
}

/* ---- an entry ---- */

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
	return error_set(err, ENAMETOOLONG, "tar: a %s of %zu bytes: '%.40s...'", what, length,
			 name);
}

static int fill_names(struct tar *tar, struct archive_entry *from, struct error *err)
{
	struct entry *entry = &tar->entry;
	const char *path = archive_entry_pathname(from);
	const char *hardlink = archive_entry_hardlink(from);
	const char *link = hardlink ? hardlink : archive_entry_symlink(from);

	if (!path)
		return fail(tar, "an entry without a name", err);
	if (check_length(path, "name", err) || (link && check_length(link, "link", err)))
		return -1;
	cut_path(path, tar->path);
	entry->path = tar->path;
	entry->hardlink = hardlink != NULL;
	entry->link = NULL;
	if (!link)
		return 0;
	entry->link = tar->link;
	if (hardlink)
		cut_path(hardlink, tar->link);
	else
		strcpy(tar->link, link);
	return 0;
}

/* Type and permissions. Old archives have directories that are files whose name ends in a slash. */
static int fill_mode(struct tar *tar, struct archive_entry *from, struct error *err)
{
	struct entry *entry = &tar->entry;
	const char *path = archive_entry_pathname(from);
	mode_t type = archive_entry_filetype(from);

	if (entry->hardlink)
		type = S_IFREG;
	else if (type == S_IFREG && *path && path[strlen(path) - 1] == '/')
		type = S_IFDIR;
	if (!type)
		return fail(tar, "an entry without a type", err);
	if (type == S_IFLNK && (!entry->link || !*entry->link))
		return fail(tar, "a symbolic link to nothing", err);
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
static int fill_device(struct tar *tar, struct archive_entry *from, struct error *err)
{
	struct entry *entry = &tar->entry;
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

static int fill_numbers(struct tar *tar, struct archive_entry *from, struct error *err)
{
	struct entry *entry = &tar->entry;

	entry->mtime = mtime_of(from);
	if (check_id(archive_entry_uid(from), "owner", &entry->uid, err) ||
	    check_id(archive_entry_gid(from), "group", &entry->gid, err) ||
	    fill_device(tar, from, err))
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

static int fill_size(struct tar *tar, struct archive_entry *from, struct error *err)
{
	struct entry *entry = &tar->entry;
	uint64_t max = plain_max_size(tar->plain);
	int64_t size = archive_entry_size(from);
	bool is_file = S_ISREG(entry->mode) && !entry->hardlink;

	tar->data_done = tar->data_end = tar->data_expected = 0;
	entry->size = 0;
	entry->sparse = false;
	if (size < 0)
		return fail(tar, "a file of negative size", err);
	/* POSIX lets a hard link have the file's content once more, and tools for images read it as if it had none: what
	 * is an entry and what is content must not be a matter of taste. */
	if (!is_file && size > 0)
		return fail(tar, "content of what is not a file", err);
	if ((uint64_t)size > max - tar->total_size)
		return error_set(err, EFBIG,
				 "has files of more than %" PRIu64
				 " bytes, holes included; --max-size allows more",
				 max);
	tar->total_size += (uint64_t)size;
	entry->size = size;
	entry->sparse = archive_entry_sparse_count(from) > 0;
	tar->data_expected = entry->sparse ? sum_of_sparse_map(from) : size;
	return 0;
}

static int make_room_for_xattrs(struct tar *tar, size_t n, struct error *err)
{
	if (n <= tar->xattrs_room)
		return 0;
	struct entry_xattr *more = reallocarray(tar->entry.xattrs, n, sizeof *more);
	if (!more)
		return error_errno(err, ENOMEM, "tar");
	tar->entry.xattrs = more;
	tar->xattrs_room = n;
	return 0;
}

/* libarchive gives the last one first; of two with the same name the last one must win. */
static int fill_xattrs(struct tar *tar, struct archive_entry *from, struct error *err)
{
	struct entry *entry = &tar->entry;
	size_t at = (size_t)archive_entry_xattr_reset(from);
	const char *name;
	const void *value;
	size_t size, total = 0;

	if (make_room_for_xattrs(tar, at + 2, err))
		return -1;
	entry->n_xattrs = at;
	while (at && archive_entry_xattr_next(from, &name, &value, &size) == ARCHIVE_OK) {
		entry->xattrs[--at] = (struct entry_xattr){ (char *)name, (char *)value, size };
		total += strlen(name) + size;
		if (total > ENTRY_XATTRS_MAX)
			return error_set(err, E2BIG, "attributes of more than %u bytes",
					 ENTRY_XATTRS_MAX);
	}
	tar->n_acls = tar_acl_xattrs(from, &entry->mode, tar->acls, err);
	if (tar->n_acls < 0) {
		tar->n_acls = 0;
		return -1;
	}
	for (int i = 0; i < tar->n_acls; i++)
		entry->xattrs[entry->n_xattrs++] = tar->acls[i];
	return 0;
}

static int fill_entry(struct tar *tar, struct archive_entry *from, struct error *err)
{
	if (fill_names(tar, from, err))
		return -1;
	tar->has_entry = true;
	if (fill_mode(tar, from, err) || fill_size(tar, from, err))
		return -1;
	if (fill_numbers(tar, from, err) || fill_xattrs(tar, from, err))
		return error_prefix(err, "tar: '%s'", tar->path);
	return 0;
}

/* A size that stands in an extension only, or an old sparse map, could still make libarchive skip some. */
static int check_no_data(struct tar *tar, struct error *err)
{
	const void *data;
	size_t length;
	la_int64_t offset;

	switch (archive_read_data_block(tar->archive, &data, &length, &offset)) {
	case ARCHIVE_EOF:
		return 0;
	case ARCHIVE_OK:
		return fail(tar, "content of what is not a file", err);
	default:
		return fail_archive(tar, err);
	}
}

/* libarchive goes by the map of a sparse file: content that is in no map would become headers. Where the
 * next one begins shows it, but for whole blocks. */
static int check_place(struct tar *tar, struct error *err)
{
	if (archive_filter_bytes(tar->archive, 0) % 512 != 0)
		return fail(tar, "a sparse map of less than the content", err);
	return 0;
}

static int next_header(struct tar *tar, struct archive_entry **ret)
{
	locale_t before = uselocale(tar->locale);

	tar->in_header = true;
	tar->header_size = 0;
	archive_clear_error(tar->archive);
	int result = archive_read_next_header(tar->archive, ret);
	tar->in_header = false;
	uselocale(before);
	return result;
}

/* Whether @result is one for an entry that is as the archive has it. libarchive makes warnings of much that is
 * damage, and notes a bad ACL without one; that a name is not in the characters of the locale is what we want. */
static bool is_whole(struct tar *tar, int result)
{
	int code = archive_errno(tar->archive);

	return (result == ARCHIVE_OK && code == 0) ||
	       ((result == ARCHIVE_OK || result == ARCHIVE_WARN) && code == EILSEQ);
}

int tar_next(struct tar *tar, const struct entry **ret, struct error *err)
{
	struct archive_entry *from;

	if (tar->ended)
		return 0;
	drop_acls(tar);
	if (tar->has_entry) {
		if (archive_read_data_skip(tar->archive) < ARCHIVE_OK)
			return fail_archive(tar, err);
		if (check_place(tar, err))
			return -1;
	}
	int result = next_header(tar, &from);
	if (result == ARCHIVE_EOF) {
		if (read_rest(tar->plain, err))
			return -1;
		tar->ended = true;
		return 0;
	}
	if (!is_whole(tar, result))
		return fail_archive(tar, err);
	if (fill_entry(tar, from, err))
		return -1;
	if ((!S_ISREG(tar->entry.mode) || tar->entry.hardlink) && check_no_data(tar, err))
		return -1;
	*ret = &tar->entry;
	return 1;
}

int tar_data(struct tar *tar, const void **ret, size_t *length, int64_t *offset, struct error *err)
{
	la_int64_t at;
	int result = archive_read_data_block(tar->archive, ret, length, &at);

	if (result == ARCHIVE_EOF) {
		if (tar->data_done != tar->data_expected)
			return fail(tar, "the content is not as long as it says", err);
		return 0;
	}
	if (result != ARCHIVE_OK)
		return fail_archive(tar, err);
	if (at < tar->data_end || (uint64_t)*length > (uint64_t)(tar->entry.size - at))
		return fail(tar, "a sparse map out of order or beyond the file", err);
	tar->data_done += (int64_t)*length;
	tar->data_end = at + (int64_t)*length;
	*offset = at;
	return 1;
}
