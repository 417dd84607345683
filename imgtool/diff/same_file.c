#include "imgtool/diff/same_file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/xattr.h>

#include "imgtool/base/attributes.h"
#include "spec/base/owned.h"
#include "spec/base/text.h"

#define PIECE 65536	 /* bytes that are compared at once */
#define XATTRS_MAX 65536 /* of a list of names, and of a value: limits of the kernel, xattr(7) */

/* A path that does not follow what it names, for calls that take no directory. */
static char *path_of(const struct placed_file *file)
{
	return text_format("/proc/self/fd/%d/%s", file->directory, file->name);
}

static int compare_texts(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

/* Sorted, so that lists can be compared; a file system without xattrs has none. */
static int list_xattrs(const char *path, struct string_list *ret, struct error *err)
{
	owned_string names = malloc(XATTRS_MAX);
	ssize_t length = names ? llistxattr(path, names, XATTRS_MAX) : 0;

	if (!names)
		return error_errno(err, ENOMEM, "xattrs");
	if (length < 0)
		return errno == EOPNOTSUPP ? 0 : error_errno(err, errno, "list xattrs");
	for (const char *name = names; name < names + length; name += strlen(name) + 1)
		if (!attributes_overlay_mark(name) && string_list_add(ret, name))
			return error_errno(err, ENOMEM, "xattrs");
	if (ret->n)
		qsort(ret->v, ret->n, sizeof *ret->v, compare_texts);
	return 0;
}

/* Values of the same names. */
static int same_values(const char *path_a, const char *path_b, const struct string_list *names,
		       struct error *err)
{
	owned_string a = malloc(XATTRS_MAX);
	owned_string b = malloc(XATTRS_MAX);

	if (!a || !b)
		return error_errno(err, ENOMEM, "xattrs");
	for (size_t i = 0; i < names->n; i++) {
		ssize_t size_a = lgetxattr(path_a, names->v[i], a, XATTRS_MAX),
			size_b = lgetxattr(path_b, names->v[i], b, XATTRS_MAX);
		if (size_a < 0 || size_b < 0)
			return error_errno(err, errno, "xattr %s", names->v[i]);
		if (size_a != size_b || memcmp(a, b, (size_t)size_a) != 0)
			return 0;
	}
	return 1;
}

static int same_xattrs(const char *path_a, const char *path_b, struct error *err)
{
	OWNED(string_list_finish) struct string_list a = { 0 };
	OWNED(string_list_finish) struct string_list b = { 0 };

	if (list_xattrs(path_a, &a, err) || list_xattrs(path_b, &b, err))
		return -1;
	if (a.n != b.n)
		return 0;
	for (size_t i = 0; i < a.n; i++)
		if (strcmp(a.v[i], b.v[i]) != 0)
			return 0;
	return same_values(path_a, path_b, &a, err);
}

static int same_target(const struct placed_file *a, const struct placed_file *b, struct error *err)
{
	char target_a[PIECE], target_b[PIECE];
	ssize_t size_a = readlinkat(a->directory, a->name, target_a, sizeof target_a),
		size_b = readlinkat(b->directory, b->name, target_b, sizeof target_b);

	if (size_a < 0 || size_b < 0)
		return error_errno(err, errno, "read link");
	return size_a == size_b && memcmp(target_a, target_b, (size_t)size_a) == 0;
}

/* Up to @size bytes, fewer only at the end. */
static ssize_t read_piece(int fd, char *to, size_t size)
{
	size_t length = 0;

	while (length < size) {
		ssize_t got = read(fd, to + length, size - length);
		if (got < 0 && errno == EINTR)
			continue;
		if (got <= 0)
			return got < 0 ? -1 : (ssize_t)length;
		length += (size_t)got;
	}
	return (ssize_t)length;
}

static int same_content(const struct placed_file *a, const struct placed_file *b, struct error *err)
{
	const int flags = O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC;
	owned_fd fd_a = openat(a->directory, a->name, flags);
	owned_fd fd_b = openat(b->directory, b->name, flags);
	char piece_a[PIECE], piece_b[PIECE];
	ssize_t size_a, size_b;

	if (fd_a < 0 || fd_b < 0)
		return error_errno(err, errno, "open");
	do {
		size_a = read_piece(fd_a, piece_a, sizeof piece_a);
		size_b = read_piece(fd_b, piece_b, sizeof piece_b);
		if (size_a < 0 || size_b < 0)
			return error_errno(err, errno, "read");
		if (size_a != size_b || memcmp(piece_a, piece_b, (size_t)size_a) != 0)
			return 0;
	} while (size_a);
	return 1;
}

/* Sizes and times of directories say nothing about them, but about what is in them. */
static bool same_stat(const struct stat *a, const struct stat *b)
{
	if (a->st_mode != b->st_mode || a->st_uid != b->st_uid || a->st_gid != b->st_gid)
		return false;
	if (S_ISDIR(a->st_mode))
		return true;
	if ((S_ISCHR(a->st_mode) || S_ISBLK(a->st_mode)) && a->st_rdev != b->st_rdev)
		return false;
	return a->st_size == b->st_size && a->st_mtim.tv_sec == b->st_mtim.tv_sec &&
	       a->st_mtim.tv_nsec == b->st_mtim.tv_nsec;
}

int same_file(const struct placed_file *a, const struct placed_file *b, struct error *err)
{
	if (!same_stat(a->stat, b->stat))
		return 0;
	owned_string path_a = path_of(a);
	owned_string path_b = path_of(b);
	if (!path_a || !path_b)
		return error_errno(err, ENOMEM, "%s", a->name);
	int same = same_xattrs(path_a, path_b, err);
	if (same > 0 && S_ISLNK(a->stat->st_mode))
		same = same_target(a, b, err);
	if (same > 0 && S_ISREG(a->stat->st_mode))
		same = same_content(a, b, err);
	return same < 0 ? error_prefix(err, "compare %.300s", a->name) : same;
}
