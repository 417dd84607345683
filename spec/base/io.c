#include "spec/base/io.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "spec/base/owned.h"
#include "spec/base/text.h"

int read_all(int fd, size_t max, char **ret, size_t *length, struct error *err)
{
	size_t used = 0, capacity = 4096;
	owned_string text = malloc(capacity + 1);

	while (text) {
		ssize_t got = read(fd, text + used, capacity - used);
		if (got < 0) {
			if (errno == EINTR)
				continue;
			return error_errno(err, errno, "read");
		}
		if (got == 0)
			break;
		used += (size_t)got;
		if (used > max)
			return error_set(err, EFBIG, "read: larger than %zu bytes", max);
		if (used < capacity)
			continue;
		char *larger = realloc(text, capacity * 2 + 1);
		if (!larger)
			break;
		capacity *= 2;
		text = larger;
	}
	if (!text || used == capacity)
		return error_errno(err, ENOMEM, "read");
	text[used] = '\0';
	*ret = take_pointer(text);
	if (length)
		*length = used;
	return 0;
}

int read_file_at(int dirfd, const char *path, size_t max, char **ret, size_t *length,
		 struct error *err)
{
	owned_fd fd = openat(dirfd, path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
	struct stat st;

	if (fd < 0)
		return error_errno(err, errno, "open %s", path);
	if (fstat(fd, &st))
		return error_errno(err, errno, "stat %s", path);
	if (S_ISDIR(st.st_mode))
		return error_errno(err, EISDIR, "read %s", path);
	if (!S_ISREG(st.st_mode))
		return error_set(err, EINVAL, "read %s: not a regular file", path);
	if (st.st_size > 0 && (uintmax_t)st.st_size > max)
		return error_set(err, EFBIG, "read %s: %jd bytes are more than the %zu allowed",
				 path, (intmax_t)st.st_size, max);
	if (read_all(fd, max, ret, length, err))
		return error_prefix(err, "%s", path);
	return 0;
}

int read_line_at(int dirfd, const char *path, char *line, size_t size, struct error *err)
{
	owned_fd fd = openat(dirfd, path, O_RDONLY | O_CLOEXEC);

	if (fd < 0)
		return error_errno(err, errno, "open %s", path);
	ssize_t got = read(fd, line, size - 1);
	if (got < 0)
		return error_errno(err, errno, "read %s", path);
	line[got] = '\0';
	line[strcspn(line, "\n")] = '\0';
	return 0;
}

int write_kernel_file_at(int dirfd, const char *path, const char *text, struct error *err)
{
	owned_fd fd = openat(dirfd, path, O_WRONLY | O_CLOEXEC | O_NOFOLLOW);
	size_t length = strlen(text);

	if (fd < 0)
		return error_errno(err, errno, "open %s", path);
	ssize_t written = write(fd, text, length);
	if (written < 0)
		return error_errno(err, errno, "write '%.200s' to %s", text, path);
	if ((size_t)written != length)
		return error_set(err, EIO, "write '%.200s' to %s: only %zd of %zu bytes were taken",
				 text, path, written, length);
	return 0;
}

int write_all(int fd, const void *data, size_t length)
{
	const char *at = data;

	while (length) {
		ssize_t written = write(fd, at, length);
		if (written < 0) {
			if (errno == EINTR)
				continue;
			return -1;
		}
		at += written;
		length -= (size_t)written;
	}
	return 0;
}

int write_all_at(int fd, const void *data, size_t length, uint64_t offset)
{
	const char *at = data;

	while (length > 0) {
		ssize_t written = pwrite(fd, at, length, (off_t)offset);
		if (written < 0) {
			if (errno == EINTR)
				continue;
			return -1;
		}
		at += written;
		length -= (size_t)written;
		offset += (uint64_t)written;
	}
	return 0;
}

int write_file_atomic_at(int dirfd, const char *name, const void *data, size_t length, mode_t mode,
			 struct error *err)
{
	owned_string temporary = text_format("%s.%d.tmp", name, (int)getpid());

	if (!temporary)
		return error_errno(err, ENOMEM, "write %s", name);
	/* Whatever bears the name, of a killed process or put there by somebody else, is not written to. */
	const int flags = O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC;
	int made = openat(dirfd, temporary, flags, mode);
	if (made < 0 && errno == EEXIST && unlinkat(dirfd, temporary, 0) == 0)
		made = openat(dirfd, temporary, flags, mode);
	owned_fd fd = made;
	if (fd < 0)
		return error_errno(err, errno, "create %s", temporary);
	if (write_all(fd, data, length) || renameat(dirfd, temporary, dirfd, name)) {
		error_errno(err, errno, "write %s", name);
		unlinkat(dirfd, temporary, 0);
		return -1;
	}
	return 0;
}

static int make_directory(const char *path, mode_t mode, struct error *err)
{
	struct stat st;

	if (mkdir(path, mode) == 0)
		return 0;
	if (errno != EEXIST)
		return error_errno(err, errno, "mkdir %s", path);
	if (stat(path, &st))
		return error_errno(err, errno, "stat %s", path);
	if (!S_ISDIR(st.st_mode))
		return error_errno(err, ENOTDIR, "mkdir %s", path);
	return 0;
}

int make_directories(const char *path, mode_t mode, struct error *err)
{
	owned_string copy = strdup(path);

	if (!copy)
		return error_errno(err, ENOMEM, "mkdir %s", path);
	if (!*path)
		return error_errno(err, ENOENT, "mkdir of an empty path");
	for (char *slash = strchr(copy + 1, '/'); slash; slash = strchr(slash + 1, '/')) {
		*slash = '\0';
		if (make_directory(copy, mode, err))
			return -1;
		*slash = '/';
	}
	return make_directory(copy, mode, err);
}
