/* An image in a layout (image-layout.md). Blobs wait in a directory of our own beside the others, .imgtool-NAME, locked while
 * its process lives; who finds one that is not locked removes it. They move into place, and index.json changes, under
 * a lock of the layout, so that of two images packed at once none is lost. */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "imgtool/base/discard.h"
#include "imgtool/base/interrupt.h"
#include "imgtool/image/image.h"
#include "imgtool/pack/documents.h"
#include "spec/base/io.h"
#include "spec/base/owned.h"

#define TEMPORARY ".imgtool-"

struct blob_here {
	char digest[DIGEST_MAX];
	uint64_t size;
	bool is_ours; /* waits in the temporary directory under its digest; otherwise it was there before */
	bool is_moved;
};

struct layout {
	struct pack_target target;
	char *path;
	bool is_new; /* the directory was made by us */
	int fd, temporary;
	char temporary_name[40];
	int blob; /* the one begun last */
	struct blob_here *blobs;
	size_t n_blobs;
	bool is_committed;
};

static int lock(const struct layout *layout, struct error *err)
{
	while (flock(layout->fd, LOCK_EX)) {
		if (errno != EINTR)
			return error_errno(err, errno, "lock %s", layout->path);
		if (interrupt_check(err))
			return -1;
	}
	return 0;
}

static void unlock(const struct layout *layout)
{
	(void)flock(layout->fd, LOCK_UN);
}

static bool exists(int directory, const char *name)
{
	return faccessat(directory, name, F_OK, AT_SYMLINK_NOFOLLOW) == 0;
}

/* What is left of a process that was killed. */
static void remove_stale(int directory, const char *name)
{
	owned_fd fd = openat(directory, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);

	if (fd >= 0 && flock(fd, LOCK_EX | LOCK_NB) == 0)
		(void)discard(directory, name, NULL, NULL);
}

/* *is_empty: apart from such directories. */
static int look_around(const struct layout *layout, bool *is_empty, struct error *err)
{
	owned_fd again = openat(layout->fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	owned_dir dir = again < 0 ? NULL : fdopendir(again);
	struct dirent *entry;

	if (!dir)
		return error_errno(err, errno, "read %s", layout->path);
	take_fd(&again);
	*is_empty = true;
	while (errno = 0, (entry = readdir(dir))) {
		if (text_starts_with(entry->d_name, TEMPORARY))
			remove_stale(layout->fd, entry->d_name);
		else if (strcmp(entry->d_name, ".") != 0 && strcmp(entry->d_name, "..") != 0)
			*is_empty = false;
	}
	return errno ? error_errno(err, errno, "read %s", layout->path) : 0;
}

static int make_temporary(struct layout *layout, struct error *err)
{
	for (unsigned i = 0;; i++) {
		snprintf(layout->temporary_name, sizeof layout->temporary_name, TEMPORARY "%d-%u",
			 (int)getpid(), i);
		if (mkdirat(layout->fd, layout->temporary_name, 0700) == 0)
			break;
		if (errno != EEXIST)
			return error_errno(err, errno, "make %s/%s", layout->path,
					   layout->temporary_name);
	}
	layout->temporary = openat(layout->fd, layout->temporary_name,
				   O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (layout->temporary >= 0 && flock(layout->temporary, LOCK_EX | LOCK_NB) == 0)
		return 0;
	error_errno(err, errno, "open %s/%s", layout->path, layout->temporary_name);
	(void)unlinkat(layout->fd, layout->temporary_name, AT_REMOVEDIR);
	return -1;
}

/* Under the lock, so that nobody takes the new directory for a stale one. */
static int prepare(struct layout *layout, struct error *err)
{
	bool is_empty = true;
	int result;

	if (lock(layout, err))
		return -1;
	result = look_around(layout, &is_empty, err);
	if (result == 0 && !is_empty && !exists(layout->fd, "oci-layout"))
		result = error_set(err, ENOTEMPTY, "%s: is neither empty nor an image layout",
				   layout->path);
	if (result == 0)
		result = make_temporary(layout, err);
	unlock(layout);
	return result;
}

static int open_directory(struct layout *layout, struct error *err)
{
	layout->is_new = mkdir(layout->path, 0777) == 0;
	if (!layout->is_new && errno != EEXIST)
		return error_errno(err, errno, "make %s", layout->path);
	layout->fd = open(layout->path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	return layout->fd < 0 ? error_errno(err, errno, "open %s", layout->path) : 0;
}

static int begin(struct pack_target *target, int *fd, uint64_t *offset, struct error *err)
{
	struct layout *layout = (struct layout *)target;

	/* Whatever was begun and not ended goes. */
	close_fd(take_fd(&layout->blob));
	(void)unlinkat(layout->temporary, "blob", 0);
	layout->blob = openat(layout->temporary, "blob",
			      O_RDWR | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0666);
	*fd = layout->blob;
	*offset = 0;
	return layout->blob < 0 ? error_errno(err, errno, "make a blob in %s", layout->path) : 0;
}

static int remember(struct layout *layout, const char *digest, uint64_t size, bool is_ours)
{
	struct blob_here *blobs = reallocarray(layout->blobs, layout->n_blobs + 1, sizeof *blobs);

	if (!blobs)
		return -1;
	layout->blobs = blobs;
	blobs[layout->n_blobs] = (struct blob_here){ .size = size, .is_ours = is_ours };
	snprintf(blobs[layout->n_blobs++].digest, DIGEST_MAX, "%s", digest);
	return 0;
}

static int end(struct pack_target *target, const char *digest, uint64_t size, struct error *err)
{
	struct layout *layout = (struct layout *)target;

	if (fsync(layout->blob))
		return error_errno(err, errno, "write a blob in %s", layout->path);
	close_fd(take_fd(&layout->blob));
	if (renameat(layout->temporary, "blob", layout->temporary, digest) ||
	    remember(layout, digest, size, true))
		return error_errno(err, errno, "name a blob in %s", layout->path);
	return 0;
}

static bool is_in_place(const struct layout *layout, const char *digest, uint64_t size)
{
	char path[BLOB_PATH_MAX];
	struct stat stat;

	pack_blob_path(digest, path);
	return fstatat(layout->fd, path, &stat, AT_SYMLINK_NOFOLLOW) == 0 &&
	       S_ISREG(stat.st_mode) && (uint64_t)stat.st_size == size;
}

static bool has(struct pack_target *target, const char *digest, uint64_t size)
{
	struct layout *layout = (struct layout *)target;

	for (size_t i = 0; i < layout->n_blobs; i++)
		if (strcmp(layout->blobs[i].digest, digest) == 0)
			return true;
	/* Looked for again at the end, because somebody may collect garbage meanwhile. */
	return is_in_place(layout, digest, size) && remember(layout, digest, size, false) == 0;
}

/* All blobs that are packed have digests of this algorithm. */
#define BLOBS "blobs/sha256"

static int make_blob_directories(const struct layout *layout, struct error *err)
{
	if ((mkdirat(layout->fd, "blobs", 0777) && errno != EEXIST) ||
	    (mkdirat(layout->fd, BLOBS, 0777) && errno != EEXIST))
		return error_errno(err, errno, "make %s/" BLOBS, layout->path);
	return 0;
}

static int sync_directory(const struct layout *layout, const char *name, struct error *err)
{
	owned_fd fd = openat(layout->fd, name, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	if (fd < 0 || fsync(fd))
		return error_errno(err, errno, "sync %s/%s", layout->path, name);
	return 0;
}

static int move_blob(const struct layout *layout, struct blob_here *blob, struct error *err)
{
	char path[BLOB_PATH_MAX];

	pack_blob_path(blob->digest, path);
	if (is_in_place(layout, blob->digest, blob->size))
		return 0;
	if (!blob->is_ours)
		return error_set(err, ENOENT, "%s/%s: was removed by another process", layout->path,
				 path);
	if (renameat(layout->temporary, blob->digest, layout->fd, path))
		return error_errno(err, errno, "rename to %s/%s", layout->path, path);
	blob->is_moved = true;
	return 0;
}

static int move_blobs(const struct layout *layout, struct error *err)
{
	if (make_blob_directories(layout, err))
		return -1;
	for (size_t i = 0; i < layout->n_blobs; i++)
		if (move_blob(layout, &layout->blobs[i], err))
			return -1;
	return sync_directory(layout, BLOBS, err);
}

static int replace_file(const struct layout *layout, const char *name, const char *text,
			struct error *err)
{
	owned_fd fd =
		openat(layout->temporary, name, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0666);

	if (fd < 0 || write_all(fd, text, strlen(text)) || fsync(fd) ||
	    renameat(layout->temporary, name, layout->fd, name))
		return error_errno(err, errno, "write %s/%s", layout->path, name);
	return 0;
}

/* What index.json will be. */
static int read_index(const struct layout *layout, const struct pack_image *image, char **after,
		      struct error *err)
{
	owned_string before = NULL;

	if ((exists(layout->fd, "index.json") &&
	     read_file_at(layout->fd, "index.json", IMAGE_JSON_MAX, &before, NULL, err)) ||
	    pack_index(before, image, after, err))
		return error_prefix(err, "%s", layout->path);
	return 0;
}

/* The index comes last: with it the image is there. */
static int write_index(const struct layout *layout, const char *index, bool *made_layout,
		       struct error *err)
{
	if (!exists(layout->fd, "oci-layout")) {
		if (replace_file(layout, "oci-layout", OCI_LAYOUT_TEXT, err))
			return -1;
		*made_layout = true;
	}
	return replace_file(layout, "index.json", index, err);
}

static void take_back(const struct layout *layout, bool made_layout)
{
	char path[BLOB_PATH_MAX];

	for (size_t i = 0; i < layout->n_blobs; i++) {
		if (!layout->blobs[i].is_moved)
			continue;
		pack_blob_path(layout->blobs[i].digest, path);
		(void)unlinkat(layout->fd, path, 0);
	}
	if (made_layout)
		(void)unlinkat(layout->fd, "oci-layout", 0);
}

static int commit_locked(const struct layout *layout, const struct pack_image *image,
			 struct error *err)
{
	owned_string index = NULL;
	bool made_layout = false;

	if (read_index(layout, image, &index, err))
		return -1;
	if (move_blobs(layout, err) == 0 && write_index(layout, index, &made_layout, err) == 0)
		return 0;
	take_back(layout, made_layout);
	return -1;
}

static int commit(struct pack_target *target, const struct pack_image *image, struct error *err)
{
	struct layout *layout = (struct layout *)target;

	if (lock(layout, err))
		return -1;
	int result = commit_locked(layout, image, err);
	layout->is_committed = result == 0;
	unlock(layout);
	return result ? -1 : sync_directory(layout, ".", err);
}

static void close_layout(struct pack_target *target)
{
	struct layout *layout = (struct layout *)target;

	close_fd(layout->blob);
	if (layout->temporary >= 0)
		(void)discard(layout->fd, layout->temporary_name, NULL, NULL);
	/* Each is kept by whatever is in it. */
	if (layout->is_new && !layout->is_committed) {
		(void)unlinkat(layout->fd, BLOBS, AT_REMOVEDIR);
		(void)unlinkat(layout->fd, "blobs", AT_REMOVEDIR);
		(void)rmdir(layout->path);
	}
	close_fd(layout->temporary);
	close_fd(layout->fd);
	free(layout->blobs);
	free(layout->path);
	free(layout);
}

static const struct pack_target_ops ops = { begin, end, has, commit, close_layout };

struct pack_target *pack_layout_open(const char *path, struct error *err)
{
	struct layout *layout = calloc(1, sizeof *layout);

	if (!layout) {
		error_errno(err, ENOMEM, "layout");
		return NULL;
	}
	layout->target.ops = &ops;
	layout->fd = layout->temporary = layout->blob = -1;
	layout->path = strdup(path);
	if (!layout->path || open_directory(layout, err) || prepare(layout, err)) {
		close_layout(&layout->target);
		return NULL;
	}
	return &layout->target;
}
