#include "imgtool/image/files.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "imgtool/image/archive_members.h"
#include "imgtool/image/archive_spool.h"
#include "imgtool/image/digest.h"
#include "imgtool/image/image.h"
#include "spec/base/owned.h"
#include "spec/base/sys.h"

struct image_files {
	int fd;				 /* the directory or the archive */
	struct archive_members *members; /* NULL: a directory */
};

void image_files_close(struct image_files *files)
{
	if (!files)
		return;
	close_fd(files->fd);
	archive_members_free(files->members);
	free(files);
}

/* Nonblocking, so that a FIFO or a terminal of that name cannot hold us up. */
enum { OPEN_FLAGS = O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY };

static int check_regular(int fd, uint64_t *size, struct error *err)
{
	struct stat st;

	if (fstat(fd, &st))
		return error_errno(err, errno, "stat");
	if (S_ISDIR(st.st_mode))
		return error_errno(err, EISDIR, "open");
	if (!S_ISREG(st.st_mode))
		return error_set(err, EINVAL, "is not a regular file");
	*size = (uint64_t)st.st_size;
	return 0;
}

static int open_archive(const char *path, struct image_files *files, struct error *err)
{
	uint64_t size;

	files->fd = open(path, OPEN_FLAGS);
	if (files->fd < 0)
		return error_errno(err, errno, "open");
	if (check_regular(files->fd, &size, err))
		return -1;
	if (archive_is_compressed(files->fd)) {
		int plain = archive_spool(files->fd, ARCHIVE_SPOOL_MAX, err);

		if (plain < 0)
			return -1;
		close_fd(files->fd);
		files->fd = plain;
	}
	files->members = archive_members_read(files->fd, err);
	return files->members ? 0 : -1;
}

static int open_directory(const char *path, struct image_files *files, struct error *err)
{
	files->fd = open(path, O_PATH | O_DIRECTORY | O_CLOEXEC);
	if (files->fd >= 0)
		return 0;
	int code = errno;
	error_errno(err, code, "open");
	return code == ENOTDIR ? error_hint(err, "an archive is named as oci-archive:FILE or "
						 "docker-archive:FILE")
			       : -1;
}

struct image_files *image_files_open(const char *path, bool archive, struct error *err)
{
	OWNED(owned_files_close) struct image_files *files = calloc(1, sizeof *files);

	if (!files) {
		error_errno(err, ENOMEM, "open");
		return NULL;
	}
	files->fd = -1;
	if (archive ? open_archive(path, files, err) : open_directory(path, files, err))
		return NULL;
	return take_pointer(files);
}

/* Links are followed as long as they stay beneath the directory. */
static int find_in_directory(const struct image_files *files, const char *name, struct blob *ret,
			     struct error *err)
{
	owned_fd fd = sys_openat2(files->fd, name, OPEN_FLAGS, 0,
				  RESOLVE_BENEATH | RESOLVE_NO_MAGICLINKS);

	if (fd < 0 && errno == EXDEV)
		return error_set(err, EXDEV, "%s: a link leads out of the directory", name);
	if (fd < 0)
		return error_errno(err, errno, "%s", name);
	if (check_regular(fd, &ret->size, err))
		return error_prefix(err, "%s", name);
	ret->fd = take_fd(&fd);
	return 0;
}

static int find_in_archive(const struct image_files *files, const char *name, struct blob *ret,
			   struct error *err)
{
	if (archive_members_find(files->members, name, &ret->offset, &ret->size, err))
		return -1;
	ret->fd = fcntl(files->fd, F_DUPFD_CLOEXEC, 0);
	return ret->fd < 0 ? error_errno(err, errno, "%s", name) : 0;
}

int image_files_find(const struct image_files *files, const char *name, struct blob *ret,
		     struct error *err)
{
	*ret = (struct blob){ .fd = -1 };
	return files->members ? find_in_archive(files, name, ret, err)
			      : find_in_directory(files, name, ret, err);
}

int image_files_blob(const struct image_files *files, const struct descriptor *descriptor,
		     struct blob *ret, struct error *err)
{
	char name[sizeof "blobs/" + DIGEST_MAX];

	if (digest_check(descriptor->digest, err))
		return -1;
	snprintf(name, sizeof name, "blobs/%s", descriptor->digest);
	*strchr(name, ':') = '/';
	if (image_files_find(files, name, ret, err))
		return descriptor->urls.n
			       ? error_hint(err, "it is to be had from %s", descriptor->urls.v[0])
			       : -1;
	ret->digest = strdup(descriptor->digest);
	if (!ret->digest)
		error_errno(err, ENOMEM, "%s", name);
	else if (ret->size != (uint64_t)descriptor->size)
		error_set(err, EBADMSG,
			  "%s: has %" PRIu64 " bytes, but the descriptor says %" PRId64, name,
			  ret->size, descriptor->size);
	else
		return 0;
	blob_finish(ret);
	return -1;
}

static int read_and_finish(struct blob *blob, char **ret, size_t *length, struct error *err)
{
	int failed = blob_read(blob, IMAGE_JSON_MAX, ret, length, err);

	blob_finish(blob);
	return failed;
}

int image_files_read(const struct image_files *files, const char *name, char **ret, size_t *length,
		     struct error *err)
{
	struct blob blob;

	if (image_files_find(files, name, &blob, err))
		return -1;
	return read_and_finish(&blob, ret, length, err) ? error_prefix(err, "%s", name) : 0;
}

int image_files_read_blob(const struct image_files *files, const struct descriptor *descriptor,
			  char **ret, size_t *length, struct error *err)
{
	struct blob blob;

	return image_files_blob(files, descriptor, &blob, err) ||
			       read_and_finish(&blob, ret, length, err)
		       ? -1
		       : 0;
}
