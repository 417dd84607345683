#include "runtime/copy_tree.h"

#include <errno.h>
#include <limits.h>
#include <string.h>
#include <sys/sendfile.h>
#include <sys/sysmacros.h>
#include <sys/xattr.h>

#include "spec/base/owned.h"
#include "spec/base/sys.h"

/* Deeper than any tree that tools make: a hostile image must not exhaust our stack or descriptors. */
#define DEPTH_MAX 256

static int copy_level(int from, int to, dev_t device, int depth, struct error *err);

static int copy_attributes(int from, int to, struct error *err)
{
	char names[4096], value[4096];
	ssize_t length = flistxattr(from, names, sizeof names);

	for (ssize_t at = 0; at < length; at += (ssize_t)strlen(names + at) + 1) {
		ssize_t size = fgetxattr(from, names + at, value, sizeof value);
		/* Some attributes (security.*) may not be set by everybody: as cp -a, go on without. */
		if (size >= 0 && fsetxattr(to, names + at, value, (size_t)size, 0) &&
		    errno != EPERM && errno != EOPNOTSUPP)
			return error_errno(err, errno, "set attribute %s", names + at);
	}
	return 0;
}

static int copy_metadata(int from, int to, const struct stat *st, struct error *err)
{
	const struct timespec times[2] = { st->st_atim, st->st_mtim };

	if (fchown(to, st->st_uid, st->st_gid))
		return error_errno(err, errno, "chown");
	if (copy_attributes(from, to, err))
		return -1;
	if (fchmod(to, st->st_mode & 07777))
		return error_errno(err, errno, "chmod");
	if (futimens(to, times))
		return error_errno(err, errno, "set times");
	return 0;
}

static int copy_file(int from, int to, const char *name, const struct stat *st, struct error *err)
{
	owned_fd in = openat(from, name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
	owned_fd out = openat(to, name, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
	ssize_t sent = 0;

	if (in < 0 || out < 0)
		return error_errno(err, errno, "open");
	do
		sent = sendfile(out, in, NULL, 1 << 30);
	while (sent > 0);
	if (sent < 0)
		return error_errno(err, errno, "copy");
	return copy_metadata(in, out, st, err);
}

static int copy_directory(int from, int to, const char *name, const struct stat *st, dev_t device,
			  int depth, struct error *err)
{
	if (mkdirat(to, name, 0700))
		return error_errno(err, errno, "mkdir");
	owned_fd in = openat(from, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	owned_fd out = openat(to, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (in < 0 || out < 0)
		return error_errno(err, errno, "open");
	if (copy_level(in, out, device, depth + 1, err))
		return -1;
	return copy_metadata(in, out, st, err);
}

static int copy_special(int from, int to, const char *name, const struct stat *st,
			struct error *err)
{
	char target[PATH_MAX];

	if (S_ISLNK(st->st_mode)) {
		ssize_t length = readlinkat(from, name, target, sizeof target - 1);
		if (length < 0)
			return error_errno(err, errno, "readlink");
		target[length] = '\0';
		if (symlinkat(target, to, name))
			return error_errno(err, errno, "symlink");
	} else if (S_ISSOCK(st->st_mode)) {
		return 0; /* nobody listens on a copy */
	} else if (mknodat(to, name, st->st_mode, st->st_rdev)) {
		return error_errno(err, errno, "mknod");
	}
	if (fchownat(to, name, st->st_uid, st->st_gid, AT_SYMLINK_NOFOLLOW))
		return error_errno(err, errno, "chown");
	return 0;
}

static int copy_entry(int from, int to, const char *name, dev_t device, int depth,
		      struct error *err)
{
	struct stat st;
	int failed;

	if (fstatat(from, name, &st, AT_SYMLINK_NOFOLLOW))
		return error_errno(err, errno, "copy %s: stat", name);
	if (st.st_dev != device)
		return 0;
	if (S_ISDIR(st.st_mode))
		failed = copy_directory(from, to, name, &st, device, depth, err);
	else if (S_ISREG(st.st_mode))
		failed = copy_file(from, to, name, &st, err);
	else
		failed = copy_special(from, to, name, &st, err);
	return failed ? error_prefix(err, "copy %s", name) : 0;
}

static int copy_level(int from, int to, dev_t device, int depth, struct error *err)
{
	owned_fd list = openat(from, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	const struct dirent *entry;

	if (depth > DEPTH_MAX)
		return error_set(err, ELOOP, "more than %d directories deep", DEPTH_MAX);
	if (list < 0)
		return error_errno(err, errno, "open directory");
	owned_dir dir = fdopendir(list);
	if (!dir)
		return error_errno(err, errno, "open directory");
	int fd = take_fd(&list);
	while ((entry = readdir(dir)))
		if (strcmp(entry->d_name, ".") != 0 && strcmp(entry->d_name, "..") != 0 &&
		    copy_entry(fd, to, entry->d_name, device, depth, err))
			return -1;
	return 0;
}

int copy_tree(int from, int to, struct error *err)
{
	struct stat st;

	if (fstat(from, &st))
		return error_errno(err, errno, "stat");
	return copy_level(from, to, st.st_dev, 0, err);
}
