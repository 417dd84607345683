/* Walks a group and those below it without recursion: a container may have nested groups deeper than our
 * stack and our descriptors, so the way back is "..", not a stack of open directories. */
#include "runtime/cgroup/tree.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "spec/base/owned.h"

/* Where the listing of one level goes on. */
struct level {
	off_t position;
	char *name; /* of the group below in which the walk is now */
};

struct walk {
	int fd; /* the group the walk is in */
	struct level *levels;
	size_t depth, capacity;
	/* What getdents64(2) has returned for fd. */
	_Alignas(struct dirent64) char entries[8192];
	size_t at, length;
};

static void walk_finish(struct walk *walk)
{
	close_fd(walk->fd);
	for (size_t i = 0; i < walk->depth; i++)
		free(walk->levels[i].name);
	free(walk->levels);
}

/* The next group below, or NULL at the end. *position is where the listing goes on behind it. */
static const char *next_group(struct walk *walk, off_t *position)
{
	for (;;) {
		if (walk->at >= walk->length) {
			long got = syscall(SYS_getdents64, walk->fd, walk->entries,
					   sizeof walk->entries);
			if (got <= 0)
				return NULL;
			walk->at = 0;
			walk->length = (size_t)got;
		}
		const struct dirent64 *entry = (const void *)(walk->entries + walk->at);
		walk->at += entry->d_reclen;
		*position = entry->d_off;
		if (entry->d_type == DT_DIR && strcmp(entry->d_name, ".") != 0 &&
		    strcmp(entry->d_name, "..") != 0)
			return entry->d_name;
	}
}

static int go_down(struct walk *walk, const char *name, off_t position, struct error *err)
{
	if (walk->depth == walk->capacity) {
		size_t more = walk->capacity ? walk->capacity * 2 : 8;
		struct level *levels = reallocarray(walk->levels, more, sizeof *levels);
		if (!levels)
			return error_errno(err, ENOMEM, "cgroup walk");
		walk->levels = levels;
		walk->capacity = more;
	}
	int fd = openat(walk->fd, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (fd < 0)
		return errno == ENOENT ? 0 : error_errno(err, errno, "open cgroup %s", name);
	char *copy = strdup(name);
	if (!copy) {
		close_fd(fd);
		return error_errno(err, ENOMEM, "cgroup walk");
	}
	walk->levels[walk->depth++] = (struct level){ .position = position, .name = copy };
	close_fd(walk->fd);
	walk->fd = fd;
	walk->at = walk->length = 0;
	return 1;
}

static int go_up(struct walk *walk, const struct cgroup_visitor *visitor, struct error *err)
{
	struct level *level = &walk->levels[--walk->depth];
	owned_string name = take_pointer(level->name);
	int fd = openat(walk->fd, "..", O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	if (fd < 0)
		return error_errno(err, errno, "open the cgroup above %s", name);
	close_fd(walk->fd);
	walk->fd = fd;
	walk->at = walk->length = 0;
	if (lseek(fd, level->position, SEEK_SET) < 0)
		return error_errno(err, errno, "list the cgroup above %s", name);
	return visitor->leave ? visitor->leave(fd, name, visitor->context, err) : 0;
}

int cgroup_walk(const char *directory, const struct cgroup_visitor *visitor, struct error *err)
{
	OWNED(walk_finish)
	struct walk walk = { .fd = open(directory,
					O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC) };

	if (walk.fd < 0)
		return errno == ENOENT || errno == ENODEV
			       ? 0
			       : error_errno(err, errno, "open cgroup %s", directory);
	int entered = 1;
	for (;;) {
		if (entered && visitor->enter && visitor->enter(walk.fd, visitor->context, err))
			return -1;
		off_t position;
		const char *name = next_group(&walk, &position);
		if (name)
			entered = go_down(&walk, name, position, err);
		else if (walk.depth == 0)
			return 0;
		else
			entered = go_up(&walk, visitor, err);
		if (entered < 0)
			return -1;
	}
}
