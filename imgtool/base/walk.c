#include "imgtool/base/walk.h"

#include <dirent.h>
#include <errno.h>
#include <limits.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "spec/base/owned.h"
#include "spec/base/sys.h"
#include "spec/base/text.h"

/* Directories on the way down that keep their descriptor. Below that only the innermost one has its own, and the way
 * back is "..", so that no tree uses up the process's descriptors. */
#define DESCRIPTORS_KEPT 32

struct name {
	unsigned char type;
	const char *text;
};

/* A directory on the way from the root to where we are. */
struct level {
	int fd; /* -1: given up, to be found again through ".." */
	dev_t device;
	ino_t inode;
	char *texts; /* of all its names */
	struct name *names;
	size_t n_names, next;
	size_t path_length; /* of its own path in walk->path */
};

struct walk {
	unsigned flags;
	struct level *levels;
	size_t n_levels, capacity;
	struct buffer path;
	struct walk_entry entry;
	bool enter; /* the entry last told is a directory to be entered */
};

static void level_finish(struct level *level, bool close_it)
{
	if (close_it)
		close_fd(level->fd);
	free(level->texts);
	free(level->names);
}

static int compare_names(const void *a, const void *b)
{
	return strcmp(((const struct name *)a)->text, ((const struct name *)b)->text);
}

static unsigned char type_of(int directory, const struct dirent *entry)
{
	struct stat st;

	if (entry->d_type != DT_UNKNOWN)
		return entry->d_type;
	if (fstatat(directory, entry->d_name, &st, AT_SYMLINK_NOFOLLOW))
		return DT_REG;
	return (unsigned char)IFTODT(st.st_mode);
}

/* Each text follows a byte with its type. */
static int read_texts(int fd, struct buffer *texts, size_t *count, struct error *err)
{
	owned_fd again = fcntl(fd, F_DUPFD_CLOEXEC, 0);
	owned_dir dir = again < 0 ? NULL : fdopendir(again);
	struct dirent *entry;

	if (!dir)
		return error_errno(err, errno, "read directory");
	take_fd(&again);
	while (errno = 0, (entry = readdir(dir))) {
		if (strcmp(entry->d_name, ".") == 0 || strcmp(entry->d_name, "..") == 0)
			continue;
		unsigned char type = type_of(fd, entry);
		buffer_add(texts, &type, 1);
		buffer_add(texts, entry->d_name, strlen(entry->d_name) + 1);
		++*count;
	}
	return errno ? error_errno(err, errno, "read directory") : 0;
}

static int read_names(struct level *level, unsigned flags, struct error *err)
{
	OWNED(buffer_finish) struct buffer texts = { 0 };
	size_t count = 0;

	if (read_texts(level->fd, &texts, &count, err))
		return -1;
	if (texts.failed)
		return error_errno(err, ENOMEM, "read directory");
	level->names = calloc(count ? count : 1, sizeof *level->names);
	if (!level->names)
		return error_errno(err, ENOMEM, "read directory");
	level->texts = take_pointer(texts.text);
	const char *at = level->texts;
	for (size_t i = 0; i < count; i++) {
		level->names[i] = (struct name){ .type = (unsigned char)at[0], .text = at + 1 };
		at += strlen(at + 1) + 2;
	}
	level->n_names = count;
	if (flags & WALK_SORTED)
		qsort(level->names, count, sizeof *level->names, compare_names);
	return 0;
}

/* @fd belongs to the new level from now on, unless this fails. */
static int push(struct walk *walk, int fd, struct error *err)
{
	struct level level = { .fd = fd, .path_length = walk->path.length };
	struct stat st;

	if (walk->n_levels == walk->capacity) {
		size_t capacity = walk->capacity ? 2 * walk->capacity : 16;
		struct level *levels = reallocarray(walk->levels, capacity, sizeof *levels);
		if (!levels)
			return error_errno(err, ENOMEM, "read directory");
		walk->levels = levels;
		walk->capacity = capacity;
	}
	if (fstat(fd, &st))
		return error_errno(err, errno, "stat");
	level.device = st.st_dev;
	level.inode = st.st_ino;
	if (read_names(&level, walk->flags, err)) {
		level_finish(&level, false);
		return -1;
	}
	walk->levels[walk->n_levels++] = level;
	return 0;
}

struct walk *walk_open(int root, unsigned flags, struct error *err)
{
	struct walk *walk = calloc(1, sizeof *walk);
	/* A description of its own: the place in the list of names is the description's. */
	owned_fd fd = openat(root, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	if (!walk) {
		error_errno(err, ENOMEM, "read directory");
		return NULL;
	}
	walk->flags = flags;
	if (fd < 0)
		error_errno(err, errno, "open directory");
	else if (push(walk, fd, err) == 0) {
		take_fd(&fd);
		return walk;
	}
	walk_close(walk);
	return NULL;
}

void walk_close(struct walk *walk)
{
	if (!walk)
		return;
	for (size_t i = 0; i < walk->n_levels; i++)
		level_finish(&walk->levels[i], true);
	free(walk->levels);
	buffer_finish(&walk->path);
	free(walk);
}

static void cut_path(struct walk *walk, size_t length)
{
	walk->path.length = length;
	if (walk->path.text)
		walk->path.text[length] = '\0';
}

static int open_plainly(int directory, const char *name)
{
	return sys_openat2(directory, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC, 0,
			   RESOLVE_NO_XDEV);
}

/* The owner of a directory may always change its mode. Through a descriptor, because chmod(2) follows links. */
static void make_accessible(int directory, const char *name)
{
	owned_fd fd = openat(directory, name, O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	char proc[64];

	snprintf(proc, sizeof proc, "/proc/self/fd/%d", fd);
	if (fd >= 0 && chmod(proc, 0700))
		return; /* opening it again says what is wrong */
}

int walk_enter(int directory, const char *name, unsigned flags)
{
	int fd = open_plainly(directory, name);

	if (fd >= 0 || errno != EACCES || !(flags & WALK_FORCE))
		return fd;
	make_accessible(directory, name);
	return open_plainly(directory, name);
}

/* 1: entered; 0: it is gone. */
static int enter(struct walk *walk, struct error *err)
{
	struct level *parent = &walk->levels[walk->n_levels - 1];
	owned_fd fd = walk_enter(parent->fd, walk->entry.name, walk->flags);

	if (fd < 0 && (errno == ENOENT || errno == ENOTDIR || errno == ELOOP))
		return 0;
	if (fd < 0 && errno == EXDEV)
		return error_set(err, EBUSY, "%.300s is a mount point", walk->path.text);
	if (fd < 0)
		return error_errno(err, errno, "open directory %.300s", walk->path.text);
	if (walk->n_levels > DESCRIPTORS_KEPT) {
		close_fd(parent->fd);
		parent->fd = -1;
	}
	if (push(walk, fd, err))
		return error_prefix(err, "%.300s", walk->path.text);
	take_fd(&fd);
	return 1;
}

/* The parent of the innermost level gets its descriptor back. */
static int find_parent_again(struct walk *walk, struct error *err)
{
	struct level *child = &walk->levels[walk->n_levels - 1], *parent = child - 1;
	struct stat st;

	if (parent->fd >= 0)
		return 0;
	owned_fd fd = open_plainly(child->fd, "..");
	if (fd < 0 || fstat(fd, &st))
		return error_errno(err, errno, "open the parent of %.300s", walk->path.text);
	if (st.st_dev != parent->device || st.st_ino != parent->inode)
		return error_set(err, ESTALE, "%.300s was moved meanwhile", walk->path.text);
	parent->fd = take_fd(&fd);
	return 0;
}

static void tell(struct walk *walk, enum walk_event event, const char *name, unsigned char type)
{
	walk->entry = (struct walk_entry){
		.event = event,
		.path = walk->path.text,
		.name = name,
		.directory = walk->levels[walk->n_levels - 1].fd,
		.depth = walk->n_levels,
		.type = type,
	};
}

static int leave(struct walk *walk, struct error *err)
{
	if (find_parent_again(walk, err))
		return -1;
	struct level *child = &walk->levels[--walk->n_levels], *parent = child - 1;
	cut_path(walk, child->path_length);
	level_finish(child, true);
	tell(walk, WALK_LEAVE, parent->names[parent->next - 1].text, DT_DIR);
	return 1;
}

int walk_next(struct walk *walk, const struct walk_entry **ret, struct error *err)
{
	*ret = &walk->entry;
	if (walk->enter) {
		walk->enter = false;
		int entered = enter(walk, err);
		if (entered < 0)
			return -1;
		if (!entered) {
			walk->entry.event = WALK_LEAVE;
			return 1;
		}
	}
	struct level *level = &walk->levels[walk->n_levels - 1];
	if (level->next == level->n_names)
		return walk->n_levels == 1 ? 0 : leave(walk, err);
	const struct name *name = &level->names[level->next++];
	cut_path(walk, level->path_length);
	if (level->path_length)
		buffer_add(&walk->path, "/", 1);
	buffer_add(&walk->path, name->text, strlen(name->text));
	if (walk->path.failed)
		return error_errno(err, ENOMEM, "read directory");
	tell(walk, WALK_NAME, name->text, name->type);
	walk->enter = name->type == DT_DIR;
	return 1;
}

void walk_skip(struct walk *walk)
{
	walk->enter = false;
}

/* The longest beginning of @path, up to a "/", that one system call takes. */
static size_t piece_of(const char *path)
{
	size_t length = strlen(path);

	if (length < PATH_MAX)
		return length;
	const char *slash = memrchr(path, '/', PATH_MAX - 1);
	return slash ? (size_t)(slash - path) : PATH_MAX;
}

int walk_open_directory(int root, const char *path, int flags)
{
	owned_fd at = openat(root, ".", O_PATH | O_DIRECTORY | O_CLOEXEC);
	char piece[PATH_MAX];

	while (at >= 0 && *path) {
		size_t length = piece_of(path);
		if (length >= sizeof piece) {
			errno = ENAMETOOLONG;
			return -1;
		}
		memcpy(piece, path, length);
		piece[length] = '\0';
		int next = sys_openat2(at, piece, O_PATH | O_DIRECTORY | O_CLOEXEC, 0,
				       RESOLVE_BENEATH | RESOLVE_NO_SYMLINKS | RESOLVE_NO_XDEV);
		if (next < 0)
			return -1;
		close_fd(at);
		at = next;
		path += length;
		path += strspn(path, "/");
	}
	if (at < 0 || flags == O_PATH)
		return take_fd(&at);
	return openat(at, ".", flags | O_DIRECTORY | O_CLOEXEC);
}
