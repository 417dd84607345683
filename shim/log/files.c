#include "shim/log/files.h"

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>

#include "spec/base/owned.h"

/* A rotation takes about as long as an attempt and comes a thousand times as seldom. */
enum { ATTEMPTS = 50 };

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

/* Whether file number 0 is the first that was opened, or there is none as there was none then. */
static bool is_unmoved(const struct log_place *place, const struct log_files *files,
		       bool has_newest)
{
	struct stat st;

	if (fstatat(place->directory, place->name, &st, AT_SYMLINK_NOFOLLOW))
		return !has_newest;
	return has_newest && files->v[0].inode == st.st_ino && files->v[0].device == st.st_dev;
}

/* From the newest on: a rotation makes numbers grow, so a file that moves meanwhile is met a second time, and
 * known by its inode, which nobody else gets while it is open. From the oldest on it would be missed. When a
 * new file has come meanwhile, numbers mean other files than before: *whole is false then, and those opened so
 * far are the newest ones. */
static int open_each(const struct log_place *place, struct log_files *files, bool *whole,
		     struct error *err)
{
	*whole = true;
	if (open_one(place, 0, files, err))
		return -1;
	bool has_newest = files->n > 0;
	for (unsigned number = 1; number < place->count && *whole; number++) {
		size_t n = files->n;
		if (open_one(place, number, files, err))
			return -1;
		*whole = is_unmoved(place, files, has_newest);
		if (!*whole && files->n > n)
			close_fd(files->v[--files->n].fd);
	}
	*whole &= has_newest;
	return 0;
}

int log_files_open(const struct log_place *place, struct log_files *files, struct error *err)
{
	bool whole = false;

	files->n = 0;
	for (int attempt = 0; attempt < ATTEMPTS && !whole; attempt++) {
		log_files_close(files);
		if (open_each(place, files, &whole, err)) {
			log_files_close(files);
			return -1;
		}
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
