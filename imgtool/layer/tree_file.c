/* A regular file from its first byte to its times. The common one costs four system calls: open, write, times, close. */
#include <errno.h>
#include <limits.h>
#include <string.h>
#include <unistd.h>

#include "imgtool/layer/tree_state.h"
#include "imgtool/layer/xattrs.h"
#include "spec/base/owned.h"

static int end_metadata(struct tree *tree, const struct tree_file *file, struct error *err)
{
	const struct timespec times[2] = { { .tv_nsec = UTIME_OMIT }, file->mtime };

	if (file->end < file->size && ftruncate(file->fd, file->size))
		return error_errno(err, errno, "set size");
	if (file->capability_size &&
	    layer_xattr_set_capability(file->fd, file->capability, file->capability_size,
				       &tree->counts.xattrs_left_out, err))
		return -1;
	if (file->late_mode && fchmod(file->fd, file->mode))
		return error_errno(err, errno, "chmod");
	if (futimens(file->fd, times))
		return error_errno(err, errno, "set times");
	return 0;
}

int tree_end_file(struct tree *tree, struct error *err)
{
	struct tree_file *file = &tree->file;

	if (file->fd < 0)
		return 0;
	int failed = end_metadata(tree, file, err);
	/* Where the space is counted late, it is here that it has not been enough. */
	if (close(take_fd(&file->fd)) && !failed)
		failed = error_errno(err, errno, "close");
	return failed ? error_prefix(err, "the file before") : 0;
}

int tree_write(struct tree *tree, const void *data, size_t length, int64_t offset,
	       struct error *err)
{
	struct tree_file *file = &tree->file;
	const char *at = data;

	if (file->fd < 0)
		return error_set(err, EINVAL, "data without a file");
	if (offset < 0 || offset > file->size || length > (uint64_t)(file->size - offset))
		return error_set(err, EINVAL, "data beyond the file's size of %lld bytes",
				 (long long)file->size);
	tree->counts.bytes += length;
	while (length) {
		ssize_t written = pwrite(file->fd, at, length, offset);

		if (written < 0 && errno == EINTR)
			continue;
		if (written < 0)
			return error_errno(err, errno, "write");
		at += written;
		offset += written;
		length -= (size_t)written;
	}
	if (offset > file->end)
		file->end = offset;
	return 0;
}

static int set_capability(struct tree_file *file, const struct entry *entry, struct error *err)
{
	const struct entry_xattr *capability =
		layer_xattr_find(entry, LAYER_XATTR_CAPABILITY, false);

	if (!capability)
		return 0;
	if (capability->size > sizeof file->capability)
		return error_set(err, EINVAL, XATTR_CAPABILITY " of %zu bytes", capability->size);
	memcpy(file->capability, capability->value, capability->size);
	file->capability_size = capability->size;
	return 0;
}

int tree_begin_file(struct tree *tree, const struct entry *entry, int fd, mode_t mode,
		    struct error *err)
{
	tree->file = (struct tree_file){
		.fd = fd,
		.size = entry->size,
		.mtime = entry->mtime,
		.mode = entry->mode & 07777,
		.late_mode = mode != (entry->mode & 07777),
	};
	if (entry->n_xattrs && set_capability(&tree->file, entry, err))
		return -1;
	tree->counts.files++;
	return 0;
}
