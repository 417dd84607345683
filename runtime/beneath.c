#include "runtime/beneath.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/vfs.h>

#include "spec/base/owned.h"
#include "spec/base/sys.h"
#include "spec/base/text.h"

static const char *relative(const char *path)
{
	path += strspn(path, "/");
	return *path ? path : ".";
}

/* RESOLVE_IN_ROOT may answer EAGAIN when a rename happens meanwhile (openat2(2)). */
static int open_retrying(int root, const char *path, int flags, mode_t mode, uint64_t resolve)
{
	for (int tries = 0; tries < 128; tries++) {
		int fd = sys_openat2(root, path, (uint64_t)(flags | O_CLOEXEC), mode, resolve);
		if (fd >= 0 || (errno != EAGAIN && errno != EINTR))
			return fd;
	}
	return -1;
}

int beneath_open(int root, const char *path, int flags, mode_t mode)
{
	return open_retrying(root, relative(path), flags, mode,
			     RESOLVE_IN_ROOT | RESOLVE_NO_MAGICLINKS);
}

int beneath_open_nofollow(int root, const char *path, int flags)
{
	return open_retrying(root, relative(path), flags, 0, RESOLVE_IN_ROOT | RESOLVE_NO_SYMLINKS);
}

/* Walks from the longest existing prefix on: what exists may hold symlinks, which openat2 resolves
 * inside the root; what is made is a plain name in a directory we hold. */
static int make_rest(int root, char *path, mode_t mode, struct error *err)
{
	size_t length = strlen(path);
	owned_fd at = -1;
	char *rest = path + length;

	/* Cut components off the end until the prefix opens. */
	for (;;) {
		at = beneath_open(root, path, O_PATH | O_DIRECTORY, 0);
		if (at >= 0)
			break;
		char *slash = strrchr(path, '/');
		if (errno != ENOENT || !*relative(path) || strcmp(relative(path), ".") == 0)
			return error_errno(err, errno, "open directory /%s in the rootfs",
					   relative(path));
		rest = slash ? slash : path;
		*rest = '\0';
	}
	/* Before anything is made: a second try would find the directory and go another way. */
	for (const char *slash = rest; slash < path + length; slash += strlen(slash + 1) + 1)
		if (strcmp(slash + 1, "..") == 0)
			return error_set(err, EINVAL, "'..' behind a missing directory");
	while (rest < path + length) {
		char *name = rest + 1;
		size_t used = strlen(name);
		if (used && strcmp(name, ".") != 0) {
			if (mkdirat(at, name, mode) && errno != EEXIST)
				return error_errno(err, errno, "mkdir %s in the rootfs", name);
			int next = openat(at, name, O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
			if (next < 0)
				return error_errno(err, errno, "open directory %s in the rootfs",
						   name);
			close_fd(at);
			at = next;
		}
		rest = name + used;
	}
	return take_fd(&at);
}

int beneath_make_directory(int root, const char *path, mode_t mode, struct error *err)
{
	int fd = beneath_open(root, path, O_PATH | O_DIRECTORY, 0);

	if (fd >= 0)
		return fd;
	if (errno != ENOENT)
		return error_errno(err, errno, "open directory %s in the rootfs", path);
	/* A leading slash gives every component, the first too, a slash before it. */
	owned_string copy = text_format("/%s", relative(path));
	if (!copy)
		return error_errno(err, ENOMEM, "mkdir %s", path);
	fd = make_rest(root, copy, mode, err);
	return fd < 0 ? error_prefix(err, "%s", path) : fd;
}

int beneath_make_parent(int root, const char *path, const char **name, struct error *err)
{
	const char *slash = strrchr(path, '/');
	const char *last = slash ? slash + 1 : path;

	if (!*last || strcmp(last, ".") == 0 || strcmp(last, "..") == 0)
		return error_set(err, EINVAL, "%s: names no file", path);
	owned_string directory = strndup(path, (size_t)(last - path));
	if (!directory)
		return error_errno(err, ENOMEM, "%s", path);
	*name = last;
	return beneath_make_directory(root, directory, 0755, err);
}

int beneath_make_file(int root, const char *path, struct error *err)
{
	const char *name;
	int fd = beneath_open(root, path, O_PATH, 0);

	if (fd >= 0)
		return fd;
	if (errno != ENOENT)
		return error_errno(err, errno, "open %s in the rootfs", path);
	owned_fd parent = beneath_make_parent(root, path, &name, err);
	if (parent < 0)
		return -1;
	owned_fd made =
		openat(parent, name, O_CREAT | O_EXCL | O_WRONLY | O_NOFOLLOW | O_CLOEXEC, 0644);
	if (made < 0)
		return error_errno(err, errno, "create %s in the rootfs", path);
	fd = openat(parent, name, O_PATH | O_NOFOLLOW | O_CLOEXEC);
	return fd < 0 ? error_errno(err, errno, "open %s in the rootfs", path) : fd;
}

int beneath_check_filesystem(int fd, long magic, const char *what, struct error *err)
{
	struct statfs fs;

	if (fstatfs(fd, &fs))
		return error_errno(err, errno, "statfs %s", what);
	if (fs.f_type != magic)
		return error_set(err, EXDEV,
				 "%s: not on the file system expected there (type %#lx)", what,
				 (unsigned long)fs.f_type);
	return 0;
}
