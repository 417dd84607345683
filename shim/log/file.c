#include "shim/log/file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "shim/log/entry.h"
#include "spec/base/io.h"
#include "spec/base/owned.h"

/* Bytes behind the last newline of a file of @size. More than a record are not ours to take away: *ret is
 * then LOG_RECORD_MAX. */
static int find_torn(int fd, int64_t size, size_t *ret)
{
	char block[4096];

	for (*ret = 0; *ret < LOG_RECORD_MAX && size > 0;) {
		size_t wanted = size < (int64_t)sizeof block ? (size_t)size : sizeof block;
		ssize_t got = pread(fd, block, wanted, size - (int64_t)wanted);
		if (got != (ssize_t)wanted)
			return -1;
		const char *newline = memrchr(block, '\n', wanted);
		if (newline) {
			*ret += (size_t)(block + wanted - newline) - 1;
			return 0;
		}
		*ret += wanted;
		size -= (int64_t)wanted;
	}
	return 0;
}

static int repair(int fd, int64_t *size)
{
	size_t torn;

	if (find_torn(fd, *size, &torn))
		return -1;
	if (torn == 0)
		return 0;
	if (torn >= LOG_RECORD_MAX) {
		*size += 1;
		return write_all(fd, "\n", 1);
	}
	*size -= (int64_t)torn;
	return ftruncate(fd, *size);
}

/* O_NONBLOCK: where the name is a FIFO's, open must not wait for somebody to read it. */
static int open_file(struct log_file *file, struct error *err)
{
	const struct log_place *place = &file->place;
	owned_fd fd = openat(
		place->directory, place->name,
		O_RDWR | O_APPEND | O_CREAT | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY, 0640);
	struct stat st;

	if (fd < 0)
		return error_errno(err, errno, "open the log %s", place->name);
	if (fstat(fd, &st))
		return error_errno(err, errno, "stat the log %s", place->name);
	if (!S_ISREG(st.st_mode))
		return error_set(err, EINVAL, "the log %s is not a regular file", place->name);
	file->size = st.st_size;
	if (repair(fd, &file->size))
		return error_errno(err, errno, "repair the log %s", place->name);
	file->torn = 0;
	file->fd = take_fd(&fd);
	return 0;
}

int log_file_open(struct log_file *file, struct log_place *place, int64_t max_size,
		  struct error *err)
{
	*file = (struct log_file){ .place = *place, .max_size = max_size, .fd = -1 };
	*place = (struct log_place){ .directory = -1 };
	if (open_file(file, err)) {
		log_file_close(file);
		return -1;
	}
	return 0;
}

void log_file_close(struct log_file *file)
{
	log_file_reopen(file);
	log_place_finish(&file->place);
}

void log_file_reopen(struct log_file *file)
{
	close_fd(file->fd);
	file->fd = -1;
	file->size = 0;
	file->torn = 0;
}

bool log_file_is_due(struct log_file *file, size_t waiting)
{
	struct stat st;

	if (file->max_size == 0 || file->size + (int64_t)waiting < file->max_size)
		return false;
	/* Somebody may have emptied it. */
	if (file->fd >= 0 && fstat(file->fd, &st) == 0)
		file->size = st.st_size;
	return file->size + (int64_t)waiting >= file->max_size;
}

int log_file_rotate(struct log_file *file, struct error *err)
{
	if (log_place_rotate(&file->place, err))
		return -1;
	log_file_reopen(file);
	return open_file(file, err);
}

/* Takes what is left of a record away. The size is asked for, since somebody may have emptied the file. */
static int cut_torn(struct log_file *file)
{
	struct stat st;

	if (file->torn == 0)
		return 0;
	if (fstat(file->fd, &st))
		return -1;
	file->size = st.st_size;
	if (file->size >= (int64_t)file->torn) {
		if (ftruncate(file->fd, file->size - (int64_t)file->torn))
			return -1;
		file->size -= (int64_t)file->torn;
	}
	file->torn = 0;
	return 0;
}

int log_file_append(struct log_file *file, const char *data, size_t length, size_t *kept,
		    struct error *err)
{
	size_t done = 0;
	int code = 0;

	*kept = 0;
	if (file->fd < 0 && open_file(file, err))
		return -1;
	if (cut_torn(file))
		return error_errno(err, errno, "write the log %s", file->place.name);
	while (done < length && !code) {
		ssize_t written = write(file->fd, data + done, length - done);
		if (written > 0)
			done += (size_t)written;
		else if (written == 0 || errno != EINTR)
			code = written ? errno : EIO;
	}
	file->size += (int64_t)done;
	*kept = done;
	if (!code)
		return 0;
	const char *newline = memrchr(data, '\n', done);
	*kept = newline ? (size_t)(newline - data) + 1 : 0;
	file->torn = done - *kept;
	cut_torn(file);
	return error_errno(err, code, "write the log %s", file->place.name);
}
