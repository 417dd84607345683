/* The table of directories and their open descriptors: see directories.h. Paths are directory_resolve.c's business. */
#include "imgtool/layer/directories.h"

#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "spec/base/owned.h"
#include "spec/base/sys.h"

#define FIRST_SLOTS 1024 /* a power of two, as all that follow */

/* ---- the table ---- */

static int out_of_memory(struct error *err)
{
	return error_errno(err, ENOMEM, "directories of the layer");
}

/* The place of the name in the hash table: of its directory, or where that would be put. One that is gone gives its
 * place to the next of that name, so that names which come and go do not make chains. */
static size_t slot_of(const struct directories *all, uint32_t parent, const char *name,
		      size_t length)
{
	size_t at = name_hash(&all->key, parent, name, length) & (all->n_slots - 1);

	for (; all->slots[at]; at = (at + 1) & (all->n_slots - 1)) {
		const struct directory *one = &all->v[all->slots[at] - 1];

		if (one->parent == parent && one->name_length == length &&
		    memcmp(all->names + one->name, name, length) == 0)
			break;
	}
	return at;
}

static int grow_slots(struct directories *all, struct error *err)
{
	size_t n = all->n_slots ? 2 * all->n_slots : FIRST_SLOTS;
	uint32_t *slots = calloc(n, sizeof *slots);

	if (!slots)
		return out_of_memory(err);
	free(all->slots);
	all->slots = slots;
	all->n_slots = n;
	/* The root is nobody's child. */
	for (uint32_t i = 1; i < all->n; i++)
		if (!(all->v[i].flags & DIRECTORY_GONE))
			slots[slot_of(all, all->v[i].parent, directory_name(all, i),
				      all->v[i].name_length)] = i + 1;
	return 0;
}

static int reserve(void **array, size_t *capacity, size_t n, size_t size, struct error *err)
{
	if (n <= *capacity)
		return 0;
	size_t more = *capacity ? 2 * *capacity : 256;
	while (more < n)
		more *= 2;
	void *larger = reallocarray(*array, more, size);
	if (!larger)
		return out_of_memory(err);
	*array = larger;
	*capacity = more;
	return 0;
}

static int add(struct directories *all, uint32_t parent, const char *name, uint32_t *ret,
	       struct error *err)
{
	size_t length = strlen(name);
	unsigned depth = all->n ? directory_of(all, parent)->depth + 1u : 0;

	if (length > NAME_MAX)
		return error_errno(err, ENAMETOOLONG, "'%.40s…'", name);
	if (all->n >= DIRECTORIES_MAX)
		return error_set(err, EFBIG, "more than %u directories in one layer",
				 DIRECTORIES_MAX);
	if (depth > DIRECTORY_DEPTH_MAX)
		return error_set(err, ENAMETOOLONG, "more than %d directories deep",
				 DIRECTORY_DEPTH_MAX);
	if (reserve((void **)&all->v, &all->capacity, all->n + 1, sizeof *all->v, err) ||
	    reserve((void **)&all->names, &all->names_capacity, all->names_length + length + 1, 1,
		    err))
		return -1;
	if (all->n >= all->n_slots / 2 && grow_slots(all, err))
		return -1;
	uint32_t number = (uint32_t)all->n;
	if (number)
		all->slots[slot_of(all, parent, name, length)] = number + 1;
	all->v[all->n++] = (struct directory){ .parent = parent,
					       .name = (uint32_t)all->names_length,
					       .name_length = (uint8_t)length,
					       .depth = (uint16_t)depth,
					       .slot = -1 };
	memcpy(all->names + all->names_length, name, length + 1);
	all->names_length += length + 1;
	*ret = number;
	return 0;
}

int directory_add(struct directories *all, uint32_t parent, const char *name, uint16_t flags,
		  uint32_t *ret, struct error *err)
{
	if (add(all, parent, name, ret, err))
		return -1;
	directory_of(all, *ret)->flags = flags;
	return 0;
}

uint32_t directory_known(const struct directories *all, uint32_t parent, const char *name,
			 size_t length)
{
	uint32_t number = all->slots[slot_of(all, parent, name, length)];

	if (!number || all->v[number - 1].flags & DIRECTORY_GONE)
		return DIRECTORY_NONE;
	return number - 1;
}

void directory_mark(struct directories *all, uint32_t number, uint16_t flag)
{
	while (!(all->v[number].flags & flag)) {
		all->v[number].flags |= flag;
		number = all->v[number].parent;
	}
}

bool directory_is_below(const struct directories *all, uint32_t number, uint32_t above)
{
	while (number != above && number != DIRECTORY_ROOT)
		number = all->v[number].parent;
	return number == above;
}

/* ---- descriptors ---- */

static void close_slot(struct directories *all, struct open_directory *slot)
{
	if (slot->fd < 0)
		return;
	all->v[slot->directory].slot = -1;
	close_fd(take_fd(&slot->fd));
}

static void keep_open(struct directories *all, uint32_t number, int fd)
{
	struct open_directory *oldest = all->open;

	for (size_t i = 0; i < DIRECTORIES_OPEN && oldest->fd >= 0; i++)
		if (all->open[i].fd < 0 || all->open[i].used < oldest->used)
			oldest = &all->open[i];
	close_slot(all, oldest);
	*oldest = (struct open_directory){ .fd = fd, .directory = number, .used = ++all->clock };
	all->v[number].slot = (int8_t)(oldest - all->open);
}

static int open_plainly(int dirfd, const char *path, uint64_t flags)
{
	return sys_openat2(dirfd, path, flags | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC, 0,
			   RESOLVE_BENEATH | RESOLVE_NO_SYMLINKS | RESOLVE_NO_XDEV);
}

/* The owner may always change the mode, but by a descriptor only of what can be opened: chmod(2) of a file that is no link
 * through procfs instead. */
static int open_locked(int dirfd, const char *name, struct stat *before)
{
	char path[40];
	owned_fd place = open_plainly(dirfd, name, O_PATH);

	if (place < 0 || fstat(place, before))
		return -1;
	snprintf(path, sizeof path, "/proc/self/fd/%d", place);
	if (chmod(path, (before->st_mode & 07777) | S_IRWXU))
		return -1;
	return open_plainly(place, ".", O_RDONLY);
}

/* Opens a directory that was there before. *before: what it was like. Returns -1 with errno. */
static int open_existing(const struct directories *all, int dirfd, const char *name,
			 struct stat *before)
{
	owned_fd fd = open_plainly(dirfd, name, O_RDONLY);

	if (fd < 0)
		return errno == EACCES && all->unlock ? open_locked(dirfd, name, before) : -1;
	if (fstat(fd, before))
		return -1;
	if (all->unlock && (before->st_mode & S_IRWXU) != S_IRWXU &&
	    fchmod(fd, (before->st_mode & 07777) | S_IRWXU))
		return -1;
	return take_fd(&fd);
}

static void describe(const struct directories *all, struct directory *one, const struct stat *st)
{
	one->mode = (uint16_t)(st->st_mode & 07777);
	one->mtime_seconds = st->st_mtim.tv_sec;
	one->mtime_nanoseconds = (uint32_t)st->st_mtim.tv_nsec;
	if (st->st_gid != all->group)
		one->flags |= DIRECTORY_GROUP;
	if (all->unlock && (st->st_mode & S_IRWXU) != S_IRWXU)
		one->flags |= DIRECTORY_MODE;
}

int directory_enter(struct directories *all, uint32_t parent, const char *name, uint32_t *ret,
		    struct error *err)
{
	struct stat before;

	*ret = directory_known(all, parent, name, strlen(name));
	if (*ret != DIRECTORY_NONE)
		return 0;
	int place = directory_fd(all, parent, err);
	if (place < 0)
		return -1;
	owned_fd fd = open_existing(all, place, name, &before);
	if (fd < 0 && (errno == ENOENT || errno == ENOTDIR || errno == ELOOP))
		return DIRECTORY_ABSENT;
	if (fd < 0)
		return error_errno(err, errno, "open directory '%s'", name);
	if (add(all, parent, name, ret, err))
		return -1;
	describe(all, directory_of(all, *ret), &before);
	keep_open(all, *ret, take_fd(&fd));
	return 0;
}

int directory_fd(struct directories *all, uint32_t number, struct error *err)
{
	char path[PATH_MAX];
	size_t at = sizeof path - 1;
	uint32_t above = number;

	if (number == DIRECTORY_ROOT)
		return all->root;
	path[at] = '\0';
	/* Up to the nearest that is open, or as far as one path reaches. */
	while (above != DIRECTORY_ROOT && all->v[above].slot < 0 && at > NAME_MAX + 1u) {
		const struct directory *one = &all->v[above];

		if (path[at])
			path[--at] = '/';
		at -= one->name_length;
		memcpy(path + at, all->names + one->name, one->name_length);
		above = one->parent;
	}
	if (above == number) {
		struct open_directory *slot = &all->open[all->v[number].slot];

		slot->used = ++all->clock;
		return slot->fd;
	}
	/* Recursion ends after DIRECTORY_DEPTH_MAX * NAME_MAX / PATH_MAX steps. */
	int from = directory_fd(all, above, err);
	if (from < 0)
		return -1;
	int fd = open_plainly(from, path + at, O_RDONLY);
	if (fd < 0)
		return error_errno(err, errno, "open directory '%.200s' again", path + at);
	keep_open(all, number, fd);
	return fd;
}

void directory_forget(struct directories *all, uint32_t number)
{
	/* What was resolved last may have led through a link of the name that was removed. */
	all->last = DIRECTORY_NONE;
	if (number == DIRECTORY_NONE)
		return;
	for (size_t i = 0; i < DIRECTORIES_OPEN; i++)
		if (all->open[i].fd >= 0 && directory_is_below(all, all->open[i].directory, number))
			close_slot(all, &all->open[i]);
	all->v[number].flags |= DIRECTORY_GONE;
}

/* ---- beginning and end ---- */

int directories_begin(struct directories *all, int root, bool unlock, struct error *err)
{
	struct stat before;
	uint32_t number;

	*all = (struct directories){ .root = -1, .last = DIRECTORY_NONE, .unlock = unlock };
	all->group = getegid();
	for (size_t i = 0; i < DIRECTORIES_OPEN; i++)
		all->open[i].fd = -1;
	if (name_key_make(&all->key, err) || add(all, DIRECTORY_ROOT, "", &number, err))
		return -1;
	all->root = open_existing(all, root, ".", &before);
	if (all->root < 0)
		return error_errno(err, errno, "open root directory");
	describe(all, directory_of(all, number), &before);
	return 0;
}

void directories_finish(struct directories *all)
{
	for (size_t i = 0; i < DIRECTORIES_OPEN; i++)
		close_slot(all, &all->open[i]);
	for (size_t i = 0; i < all->n_acls; i++)
		free(all->acls[i].value);
	free(all->acls);
	free(all->v);
	free(all->names);
	free(all->slots);
	free(all->last_path);
	close_fd(all->root);
	*all = (struct directories){ .root = -1 };
	for (size_t i = 0; i < DIRECTORIES_OPEN; i++)
		all->open[i].fd = -1;
}
