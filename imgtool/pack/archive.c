/* A new archive, for `docker load` and for readers of oci-archives alike: a layout in a tar, with manifest.json. A blob is
 * written where it stays, and its header when its size and digest are known. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "imgtool/pack/documents.h"
#include "imgtool/pack/tar.h"
#include "spec/base/io.h"
#include "spec/base/owned.h"

struct header {
	uint64_t offset;
	char name[BLOB_PATH_MAX];
	uint64_t size;
};

struct archive {
	struct pack_target target;
	char *path, *temporary; /* the temporary file is beside the other */
	int fd;
	uint64_t end;		/* bytes; a multiple of TAR_BLOCK */
	struct header *headers; /* of blobs: written at the end, when their time is known */
	size_t n_headers;
};

static int put(const struct archive *archive, const void *data, size_t length, uint64_t offset,
	       struct error *err)
{
	return write_all_at(archive->fd, data, length, offset)
		       ? error_errno(err, errno, "write %s", archive->temporary)
		       : 0;
}

static uint64_t in_blocks(uint64_t size)
{
	return (size + TAR_BLOCK - 1) / TAR_BLOCK * TAR_BLOCK;
}

static int begin(struct pack_target *target, int *fd, uint64_t *offset, struct error *err)
{
	struct archive *archive = (struct archive *)target;

	/* What was begun and not ended goes; what pads is to be zeros. */
	if (ftruncate(archive->fd, (off_t)archive->end))
		return error_errno(err, errno, "truncate %s", archive->temporary);
	*fd = archive->fd;
	*offset = archive->end + TAR_BLOCK;
	return 0;
}

static int end(struct pack_target *target, const char *digest, uint64_t size, struct error *err)
{
	struct archive *archive = (struct archive *)target;
	struct header *headers =
		reallocarray(archive->headers, archive->n_headers + 1, sizeof *archive->headers);

	if (!headers)
		return error_errno(err, ENOMEM, "archive");
	archive->headers = headers;
	headers[archive->n_headers] = (struct header){ .offset = archive->end, .size = size };
	pack_blob_path(digest, headers[archive->n_headers++].name);
	archive->end += TAR_BLOCK + in_blocks(size);
	return 0;
}

static bool has(struct pack_target *target, const char *digest, uint64_t size)
{
	const struct archive *archive = (struct archive *)target;
	char name[BLOB_PATH_MAX];

	pack_blob_path(digest, name);
	for (size_t i = 0; i < archive->n_headers; i++)
		if (archive->headers[i].size == size && strcmp(archive->headers[i].name, name) == 0)
			return true;
	return false;
}

static int add_text(struct archive *archive, const char *name, const char *text, int64_t mtime,
		    struct error *err)
{
	char header[TAR_BLOCK];
	size_t length = strlen(text);

	pack_tar_file_header(header, name, length, mtime);
	if (put(archive, header, sizeof header, archive->end, err) ||
	    put(archive, text, length, archive->end + TAR_BLOCK, err))
		return -1;
	archive->end += TAR_BLOCK + in_blocks(length);
	return 0;
}

static int write_headers(const struct archive *archive, int64_t mtime, struct error *err)
{
	char header[TAR_BLOCK];

	for (size_t i = 0; i < archive->n_headers; i++) {
		const struct header *one = &archive->headers[i];

		pack_tar_file_header(header, one->name, one->size, mtime);
		if (put(archive, header, sizeof header, one->offset, err))
			return -1;
	}
	return 0;
}

/* The length pads the last member too: what is not written reads as zeros. */
static int put_in_place(struct archive *archive, struct error *err)
{
	archive->end += (uint64_t)2 * TAR_BLOCK;
	if (ftruncate(archive->fd, (off_t)archive->end) || fsync(archive->fd))
		return error_errno(err, errno, "write %s", archive->temporary);
	if (rename(archive->temporary, archive->path))
		return error_errno(err, errno, "rename %s to %s", archive->temporary,
				   archive->path);
	free(take_pointer(archive->temporary));
	return 0;
}

static int commit(struct pack_target *target, const struct pack_image *image, struct error *err)
{
	struct archive *archive = (struct archive *)target;
	owned_string index = NULL;
	owned_string manifest = NULL;

	if (ftruncate(archive->fd, (off_t)archive->end))
		return error_errno(err, errno, "truncate %s", archive->temporary);
	if (pack_index(NULL, image, &index, err) || pack_docker_manifest(image, &manifest, err) ||
	    write_headers(archive, image->created, err) ||
	    add_text(archive, "oci-layout", OCI_LAYOUT_TEXT, image->created, err) ||
	    add_text(archive, "index.json", index, image->created, err) ||
	    add_text(archive, "manifest.json", manifest, image->created, err))
		return -1;
	return put_in_place(archive, err);
}

static void close_archive(struct pack_target *target)
{
	struct archive *archive = (struct archive *)target;

	if (archive->temporary && archive->fd >= 0)
		(void)unlink(archive->temporary);
	close_fd(archive->fd);
	free(archive->headers);
	free(archive->temporary);
	free(archive->path);
	free(archive);
}

static const struct pack_target_ops ops = { begin, end, has, commit, close_archive };

static int check_place(const char *path, struct error *err)
{
	struct stat stat;

	/* The link itself, since that is what would be replaced. */
	if (lstat(path, &stat) == 0 && !S_ISREG(stat.st_mode))
		return error_set(err, EEXIST, "%s: exists and is no regular file", path);
	return 0;
}

static int open_temporary(struct archive *archive, struct error *err)
{
	enum { TRIES = 100 };

	for (unsigned i = 0; archive->fd < 0 && i < TRIES; i++) {
		free(archive->temporary);
		archive->temporary =
			text_format("%s.imgtool-%d-%u", archive->path, (int)getpid(), i);
		if (!archive->temporary)
			return error_errno(err, ENOMEM, "archive");
		archive->fd = open(archive->temporary, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0666);
		if (archive->fd < 0 && errno != EEXIST)
			break;
	}
	return archive->fd < 0 ? error_errno(err, errno, "make %s", archive->temporary) : 0;
}

struct pack_target *pack_archive_open(const char *path, struct error *err)
{
	struct archive *archive = calloc(1, sizeof *archive);

	if (!archive) {
		error_errno(err, ENOMEM, "archive");
		return NULL;
	}
	archive->target.ops = &ops;
	archive->fd = -1;
	archive->path = strdup(path);
	if (!archive->path || check_place(path, err) || open_temporary(archive, err)) {
		close_archive(&archive->target);
		return NULL;
	}
	return &archive->target;
}
