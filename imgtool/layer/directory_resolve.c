/* From a path to a directory's number, name by name, as the kernel would go in a container: a link is followed from where it
 * is, and ".." in its target ends at the root. */
#include <errno.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>

#include "imgtool/layer/directories.h"
#include "spec/base/owned.h"

#define LINKS_MAX 40 /* as the kernel, path_resolution(7) */

struct walk {
	uint32_t current;
	const char *rest; /* what is still to be gone */
	const char *end;
	char *text; /* owned; holds @rest once a link was followed */
	int links;
};

/* The next name, NUL-terminated; false: none is left. */
static bool next_name(struct walk *walk, char name[NAME_MAX + 2])
{
	while (walk->rest < walk->end && *walk->rest == '/')
		walk->rest++;
	if (walk->rest == walk->end)
		return false;
	const char *slash = memchr(walk->rest, '/', (size_t)(walk->end - walk->rest));
	const char *end = slash ? slash : walk->end;
	size_t length = (size_t)(end - walk->rest);
	/* One byte more than the kernel takes is enough for it to refuse the name. */
	if (length > NAME_MAX + 1)
		length = NAME_MAX + 1;
	memcpy(name, walk->rest, length);
	name[length] = '\0';
	walk->rest = end;
	return true;
}

static int follow(struct walk *walk, const char *target, size_t length, struct error *err)
{
	size_t left = (size_t)(walk->end - walk->rest);
	char *text = malloc(length + left + 1);

	if (!text)
		return error_errno(err, ENOMEM, "path");
	memcpy(text, target, length);
	memcpy(text + length, walk->rest, left);
	free(walk->text);
	walk->text = text;
	walk->rest = text;
	walk->end = text + length + left;
	if (length && target[0] == '/')
		walk->current = DIRECTORY_ROOT;
	return 0;
}

/* What @name in the present directory is when it is no directory. */
static int pass_other(struct directories *all, struct walk *walk, const char *name,
		      enum directory_missing missing, struct error *err)
{
	char target[PATH_MAX];
	int place = directory_fd(all, walk->current, err);

	if (place < 0)
		return -1;
	ssize_t length = readlinkat(place, name, target, sizeof target);
	if (length >= 0) {
		if (++walk->links > LINKS_MAX)
			return error_errno(err, ELOOP, "'%s'", name);
		return follow(walk, target, (size_t)length, err);
	}
	bool absent = errno == ENOENT;
	if (!absent && errno != EINVAL)
		return error_errno(err, errno, "read link '%s'", name);
	if (missing == DIRECTORY_MISSING_TELL || (missing == DIRECTORY_MISSING_IMPLY && !absent))
		return DIRECTORY_ABSENT;
	if (!absent)
		return error_errno(err, ENOTDIR, "parent '%s'", name);
	if (directory_prepare(all, walk->current, err))
		return -1;
	if (mkdirat(place, name, 0755))
		return error_errno(err, errno, "make parent '%s'", name);
	/* Its time is 1970, the same whenever the layer is extracted. */
	return directory_add(all, walk->current, name, DIRECTORY_FRESH | DIRECTORY_TIMES,
			     &walk->current, err);
}

static int walk_on(struct directories *all, struct walk *walk, enum directory_missing missing,
		   struct error *err)
{
	char name[NAME_MAX + 2];

	while (next_name(walk, name)) {
		uint32_t inside;

		if (strcmp(name, ".") == 0)
			continue;
		if (strcmp(name, "..") == 0) {
			walk->current = directory_of(all, walk->current)->parent;
			continue;
		}
		int status = directory_enter(all, walk->current, name, &inside, err);
		if (status == 0)
			walk->current = inside;
		else if (status == DIRECTORY_ABSENT)
			status = pass_other(all, walk, name, missing, err);
		if (status)
			return status;
	}
	return 0;
}

static int remember(struct directories *all, const char *path, size_t length, uint32_t number,
		    struct error *err)
{
	if (!all->last_path || length > all->last_capacity) {
		char *larger = realloc(all->last_path, 2 * length);

		if (!larger)
			return error_errno(err, ENOMEM, "path");
		all->last_path = larger;
		all->last_capacity = 2 * length;
	}
	memcpy(all->last_path, path, length);
	all->last_length = length;
	all->last = number;
	return 0;
}

/* Tools write no such names; where "a/.." is depends on whether a is a link, and readers differ. */
static bool has_dots(const char *path, size_t length)
{
	for (size_t at = 0; at + 1 < length; at++)
		if (path[at] == '.' && path[at + 1] == '.' && (at == 0 || path[at - 1] == '/') &&
		    (at + 2 == length || path[at + 2] == '/'))
			return true;
	return false;
}

int directory_resolve(struct directories *all, const char *path, size_t length,
		      enum directory_missing missing, uint32_t *ret, struct error *err)
{
	if (!length) {
		*ret = DIRECTORY_ROOT;
		return 0;
	}
	/* Entries of one directory follow each other. */
	if (all->last != DIRECTORY_NONE && all->last_length == length &&
	    memcmp(all->last_path, path, length) == 0) {
		*ret = all->last;
		return 0;
	}
	if (has_dots(path, length))
		return error_set(err, EINVAL, "has '..' in it");
	struct walk walk = { .current = DIRECTORY_ROOT, .rest = path, .end = path + length };
	int status = walk_on(all, &walk, missing, err);
	free(walk.text);
	if (status)
		return status;
	*ret = walk.current;
	return remember(all, path, length, walk.current, err);
}
