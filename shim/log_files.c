#include "shim/log_files.h"

#include <errno.h>
#include <fcntl.h>

#include "spec/base/owned.h"

static int find(const struct log_files *files, const struct stat *st)
{
	for (size_t i = 0; i < files->n; i++)
		if (files->v[i].inode == st->st_ino && files->v[i].device == st->st_dev)
			return (int)i;
	return -1;
}

int log_files_find(const struct log_files *files, int fd)
{
	struct stat st;

	return fstat(fd, &st) ? -1 : find(files, &st);
}

static int open_one(const struct log_place *place, unsigned number, struct log_files *files,
		    struct error *err)
{
	char name[NAME_MAX + 1];
	struct stat st;

	log_place_name(place, number, name);
	owned_fd fd = openat(place->directory, name,
			     O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY);
	if (fd < 0)
		return errno == ENOENT ? 0 : error_errno(err, errno, "open the log %s", name);
	if (fstat(fd, &st))
		return error_errno(err, errno, "stat the log %s", name);
	if (!S_ISREG(st.st_mode))
		return error_set(err, EINVAL, "the log %s is not a regular file", name);
	if (find(files, &st) < 0)
		files->v[files->n++] =
			(struct log_files_one){ take_fd(&fd), st.st_size, st.st_dev, st.st_ino };
	return 0;
}

static void turn_round(struct log_files *files)
{
	for (size_t i = 0; i < files->n / 2; i++) {
		struct log_files_one one = files->v[i];
		files->v[i] = files->v[files->n - 1 - i];
		files->v[files->n - 1 - i] = one;
	}
}

/* From the newest on: a rotation makes numbers grow, so a file that moves meanwhile is met a second time, and
 * known by its inode, which nobody else gets while it is open. From the oldest on it would be missed. */
int log_files_open(const struct log_place *place, struct log_files *files, struct error *err)
{
	files->n = 0;
	for (unsigned number = 0; number < place->count; number++)
		if (open_one(place, number, files, err)) {
			log_files_close(files);
			return -1;
		}
	turn_round(files);
	return 0;
}

void log_files_close(struct log_files *files)
{
	for (size_t i = 0; i < files->n; i++)
		close_fd(files->v[i].fd);
	files->n = 0;
}
