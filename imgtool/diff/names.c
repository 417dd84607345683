#include "imgtool/diff/names.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "imgtool/base/walk.h"
#include "spec/base/io.h"
#include "spec/base/owned.h"
#include "spec/base/text.h"

#define ROOTFS "rootfs"
#define NAMES_MAX (1u << 30) /* bytes: millions of names of full length */

/* The first line: the version, the time at which all was complete, and the root directory's device and inode. Then for
 * each name 'd' or 'f', the name and a NUL; an empty one ends a directory. */
#define HEADER "imgtool names 1 "
#define HEADER_MAX 160

enum { MARK_DIRECTORY = 'd', MARK_OTHER = 'f' };

static int list_names(int root, struct buffer *to, struct error *err)
{
	struct walk *walk = walk_open(root, WALK_SORTED, err);
	const struct walk_entry *entry;
	int more;

	if (!walk)
		return -1;
	while ((more = walk_next(walk, &entry, err)) == 1) {
		char mark = entry->type == DT_DIR ? MARK_DIRECTORY : MARK_OTHER;
		if (entry->event == WALK_NAME)
			buffer_add(to, &mark, 1);
		buffer_add(to, entry->event == WALK_NAME ? entry->name : "",
			   entry->event == WALK_NAME ? strlen(entry->name) + 1 : 1);
	}
	walk_close(walk);
	return more;
}

static bool is_later(const struct timespec *a, const struct timespec *b)
{
	return a->tv_sec > b->tv_sec || (a->tv_sec == b->tv_sec && a->tv_nsec > b->tv_nsec);
}

/* Files get their times from the coarse clock, which is behind, or (kernel 6.13) from the precise one. */
static struct timespec pass_a_tick(void)
{
	const struct timespec pause = { .tv_nsec = 1000000 };
	struct timespec complete, now;

	clock_gettime(CLOCK_REALTIME, &complete);
	do {
		nanosleep(&pause, NULL);
		clock_gettime(CLOCK_REALTIME_COARSE, &now);
	} while (!is_later(&now, &complete));
	return complete;
}

int diff_names_write(int bundle, struct error *err)
{
	OWNED(buffer_finish) struct buffer text = { 0 };
	owned_fd root = openat(bundle, ROOTFS, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	char header[HEADER_MAX];
	struct stat st;

	if (root < 0 || fstat(root, &st))
		return error_errno(err, errno, "open " ROOTFS);
	owned_fd fd = openat(bundle, DIFF_NAMES,
			     O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
	if (fd < 0)
		return error_errno(err, errno, "create " DIFF_NAMES);
	if (list_names(root, &text, err))
		return error_prefix(err, DIFF_NAMES);
	const struct timespec complete = pass_a_tick();
	int length = snprintf(header, sizeof header, HEADER "%jd %ld %ju %ju\n",
			      (intmax_t)complete.tv_sec, complete.tv_nsec, (uintmax_t)st.st_dev,
			      (uintmax_t)st.st_ino);
	if (text.failed)
		return error_errno(err, ENOMEM, DIFF_NAMES);
	if (write_all(fd, header, (size_t)length) || write_all(fd, text.text, text.length))
		return error_errno(err, errno, "write " DIFF_NAMES);
	return 0;
}

/* ---- reading ---- */

enum { HEADER_SECONDS, HEADER_NANOSECONDS, HEADER_DEVICE, HEADER_INODE, HEADER_NUMBERS };

static bool parse_numbers(char *line, uint64_t ret[HEADER_NUMBERS])
{
	if (!text_starts_with(line, HEADER))
		return false;
	line += strlen(HEADER);
	for (size_t i = 0; i < HEADER_NUMBERS; i++) {
		const char *word = strsep(&line, " ");
		if (!word || text_to_uint64(word, &ret[i]))
			return false;
	}
	return !line && ret[HEADER_SECONDS] <= INT64_MAX && ret[HEADER_NANOSECONDS] < 1000000000;
}

static int parse_header(struct diff_names *names, int root, struct error *err)
{
	uint64_t numbers[HEADER_NUMBERS];
	struct stat st;
	char *line_end = memchr(names->text, '\n', (size_t)(names->end - names->text));

	if (line_end)
		*line_end = '\0';
	if (!line_end || !parse_numbers(names->text, numbers))
		return error_set(err, EINVAL, DIFF_NAMES ": its first line is not imgtool's");
	names->complete = (struct timespec){ .tv_sec = (time_t)numbers[HEADER_SECONDS],
					     .tv_nsec = (long)numbers[HEADER_NANOSECONDS] };
	names->at = line_end + 1;
	if (fstat(root, &st))
		return error_errno(err, errno, "stat " ROOTFS);
	if (st.st_dev == numbers[HEADER_DEVICE] && st.st_ino == numbers[HEADER_INODE])
		return 0;
	return error_set(err, EXDEV,
			 "the bundle was copied since it was unpacked, which gave new times to all "
			 "its files: what changed can no longer be told");
}

int diff_names_read(int bundle, int root, struct diff_names *ret, struct error *err)
{
	owned_fd fd = openat(bundle, DIFF_NAMES, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
	struct stat st;
	size_t length;

	*ret = (struct diff_names){ 0 };
	if (fd < 0)
		return error_errno(err, errno, DIFF_NAMES);
	if (fstat(fd, &st) || !S_ISREG(st.st_mode))
		return error_set(err, EINVAL, DIFF_NAMES ": is no regular file");
	if (read_all(fd, NAMES_MAX, &ret->text, &length, err))
		return error_prefix(err, DIFF_NAMES);
	ret->end = ret->text + length;
	/* From here on every name ends within the text. */
	if (!length || ret->end[-1] != '\0')
		return error_set(err, EINVAL, DIFF_NAMES ": is not whole");
	return parse_header(ret, root, err);
}

void diff_names_finish(struct diff_names *names)
{
	free(names->text);
}

const char *diff_names_peek(const struct diff_names *names, bool *is_directory)
{
	if (names->at >= names->end || !*names->at)
		return NULL;
	*is_directory = *names->at == MARK_DIRECTORY;
	return names->at + 1;
}

void diff_names_take(struct diff_names *names)
{
	names->at += strlen(names->at) + 1;
}

void diff_names_leave(struct diff_names *names)
{
	size_t depth = 1;

	while (depth && names->at < names->end) {
		if (!*names->at)
			depth--;
		else if (*names->at == MARK_DIRECTORY)
			depth++;
		diff_names_take(names);
	}
}
