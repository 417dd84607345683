#include "imgtool/convert/image_root.h"

#include <errno.h>
#include <stdbool.h>
#include <string.h>

#include "spec/base/io.h"
#include "spec/base/owned.h"
#include "spec/base/sys.h"

/* RESOLVE_IN_ROOT may answer EAGAIN when something is renamed anywhere meanwhile. */
enum { TRIES = 128 };

static int open_beneath(int root, const char *path, int flags)
{
	const char *relative = path + strspn(path, "/");

	for (int tries = 0; tries < TRIES; tries++) {
		int fd = sys_openat2(root, *relative ? relative : ".",
				     (uint64_t)(flags | O_CLOEXEC), 0,
				     RESOLVE_IN_ROOT | RESOLVE_NO_MAGICLINKS);

		if (fd >= 0 || (errno != EAGAIN && errno != EINTR))
			return fd;
	}
	return -1;
}

static bool is_absent(int code)
{
	return code == ENOENT || code == ENOTDIR;
}

int image_root_stat(int root, const char *path, struct stat *ret)
{
	owned_fd fd = open_beneath(root, path, O_PATH);

	return fd < 0 ? -1 : fstat(fd, ret);
}

int image_root_read_file(int root, const char *path, size_t max, char **ret, struct error *err)
{
	struct stat st;

	*ret = NULL;
	if (image_root_stat(root, path, &st))
		return is_absent(errno) ? 0 : error_errno(err, errno, "%s of the image", path);
	if (!S_ISREG(st.st_mode))
		return error_set(err, EINVAL, "%s of the image is not a regular file", path);
	owned_fd fd = open_beneath(root, path, O_RDONLY | O_NOCTTY | O_NONBLOCK);
	if (fd < 0)
		return error_errno(err, errno, "%s of the image", path);
	if (read_all(fd, max, ret, NULL, err))
		return error_prefix(err, "%s of the image", path);
	return 0;
}

/* Opens the component that @path ends with, which is made when it is not there. A link is followed beneath
 * @root by the whole path, as the container would. */
static int open_or_make(int root, int parent, const char *name, const char *path)
{
	const int flags = O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC;

	if (strcmp(name, ".") == 0 || strcmp(name, "..") == 0)
		return open_beneath(root, path, O_PATH | O_DIRECTORY);
	int fd = openat(parent, name, flags);
	if (fd < 0 && errno == ENOENT && mkdirat(parent, name, 0755) == 0)
		return openat(parent, name, flags);
	if (fd < 0 && errno == ENOTDIR)
		return open_beneath(root, path, O_PATH | O_DIRECTORY);
	return fd;
}

int image_root_make_directory(int root, const char *path, struct error *err)
{
	owned_string copy = strdup(path);
	owned_fd at = open_beneath(root, "/", O_PATH | O_DIRECTORY);

	if (!copy || at < 0)
		return error_errno(err, copy ? errno : ENOMEM, "the image's root");
	for (char *end = copy;;) {
		char *name = end + strspn(end, "/");

		end = name + strcspn(name, "/");
		if (end == name)
			return 0;
		char behind = *end;
		*end = '\0';
		int fd = open_or_make(root, at, name, copy);
		if (fd < 0)
			return error_errno(err, errno, "make directory %s in the image's root",
					   path);
		*end = behind;
		close_fd(at);
		at = fd;
	}
}
