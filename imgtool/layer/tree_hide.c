/* What a layer takes away: of the tree below it, or by marks that overlayfs understands. */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/xattr.h>
#include <unistd.h>

#include "imgtool/layer/tree_state.h"
#include "spec/base/owned.h"

/* Directories that are still to be gone through. */
struct work {
	uint32_t *v;
	size_t n;
};

static int work_add(struct work *work, uint32_t directory, struct error *err)
{
	if ((work->n & (work->n - 1)) == 0) {
		uint32_t *larger =
			reallocarray(work->v, work->n ? 2 * work->n : 1, sizeof *work->v);

		if (!larger)
			return error_errno(err, ENOMEM, "directories");
		work->v = larger;
	}
	work->v[work->n++] = directory;
	return 0;
}

/* What is done with a name in one of them; it may add to the work. */
typedef int name_function(struct tree *tree, const struct tree_place *place, int type,
			  struct work *work, struct error *err);

static int each_name(struct tree *tree, uint32_t directory, name_function *each, struct work *work,
		     struct error *err)
{
	int fd = directory_fd(&tree->directories, directory, err);
	const struct dirent *entry;

	if (fd < 0)
		return -1;
	owned_fd list = openat(fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	owned_dir dir = list < 0 ? NULL : fdopendir(list);
	if (!dir)
		return error_errno(err, errno, "open directory");
	fd = take_fd(&list);
	while ((errno = 0, entry = readdir(dir))) {
		struct tree_place place = { directory, fd, entry->d_name };

		if (strcmp(entry->d_name, ".") != 0 && strcmp(entry->d_name, "..") != 0 &&
		    each(tree, &place, entry->d_type, work, err))
			return -1;
	}
	return errno ? error_errno(err, errno, "read directory") : 0;
}

static int go_through(struct tree *tree, uint32_t directory, name_function *each, struct error *err)
{
	struct work work = { 0 };
	int failed = work_add(&work, directory, err);

	while (!failed && work.n)
		failed = each_name(tree, work.v[--work.n], each, &work, err);
	free(work.v);
	return failed ? -1 : 0;
}

/* ---- from the tree ---- */

static int clear_name(struct tree *tree, const struct tree_place *place, int type,
		      struct work *work, struct error *err)
{
	uint32_t inside;

	(void)type;
	if (!tree_made_at(tree, place->directory, place->name, &inside))
		return tree_remove_at(tree, place, err);
	if (inside == DIRECTORY_NONE ||
	    directory_of(&tree->directories, inside)->flags & DIRECTORY_FRESH)
		return 0;
	return work_add(work, inside, err);
}

static int clear(struct tree *tree, uint32_t directory, struct error *err)
{
	if (directory_of(&tree->directories, directory)->flags & DIRECTORY_FRESH)
		return 0;
	return go_through(tree, directory, clear_name, err);
}

int tree_remove(struct tree *tree, const char *path, struct error *err)
{
	struct tree_place place;
	uint32_t directory;

	if (tree_end_file(tree, err))
		return -1;
	int status = tree_find_place(tree, path, DIRECTORY_MISSING_TELL, &place, err);
	if (status)
		return status < 0 ? -1 : 0;
	if (!tree_made_at(tree, place.directory, place.name, &directory))
		return tree_remove_at(tree, &place, err);
	return directory == DIRECTORY_NONE ? 0 : clear(tree, directory, err);
}

int tree_clear(struct tree *tree, const char *path, struct error *err)
{
	uint32_t directory;

	if (tree_end_file(tree, err))
		return -1;
	int status = directory_resolve(&tree->directories, path, strlen(path),
				       DIRECTORY_MISSING_TELL, &directory, err);
	if (status)
		return status < 0 ? -1 : 0;
	return clear(tree, directory, err);
}

/* ---- for overlayfs: Documentation/filesystems/overlayfs.rst, "whiteouts and opaque directories" ---- */

bool tree_is_whiteout(int dirfd, const char *name)
{
	struct stat st;

	return fstatat(dirfd, name, &st, AT_SYMLINK_NOFOLLOW) == 0 && S_ISCHR(st.st_mode) &&
	       st.st_rdev == 0;
}

static bool is_within_opaque(const struct directories *all, uint32_t number)
{
	while (!(directory_of(all, number)->flags & DIRECTORY_OPAQUE) && number != DIRECTORY_ROOT)
		number = directory_of(all, number)->parent;
	return number != DIRECTORY_ROOT;
}

static int drop_whiteout(struct tree *tree, const struct tree_place *place, int type,
			 struct work *work, struct error *err)
{
	uint32_t inside = directory_known(&tree->directories, place->directory, place->name,
					  strlen(place->name));

	if (inside != DIRECTORY_NONE)
		return directory_of(&tree->directories, inside)->flags & DIRECTORY_WHITEOUTS
			       ? work_add(work, inside, err)
			       : 0;
	if ((type != DT_CHR && type != DT_UNKNOWN) || !tree_is_whiteout(place->fd, place->name))
		return 0;
	return tree_remove_at(tree, place, err);
}

/* @attribute: "trusted.overlay.NAME" */
static int set_mark(struct tree *tree, uint32_t directory, const char *attribute, const char *value,
		    struct error *err)
{
	const size_t trusted = strlen("trusted.");
	char user[64];
	int fd = directory_fd(&tree->directories, directory, err);

	if (fd < 0)
		return -1;
	if (tree->options.user_xattrs) {
		snprintf(user, sizeof user, "user.%s", attribute + trusted);
		attribute = user;
	}
	if (fsetxattr(fd, attribute, value, strlen(value), 0))
		return error_errno(err, errno, "set attribute '%s'", attribute);
	return 0;
}

int tree_mark_opaque(struct tree *tree, uint32_t directory, struct error *err)
{
	struct directory *one = directory_of(&tree->directories, directory);

	if (set_mark(tree, directory, "trusted.overlay.opaque", "y", err))
		return -1;
	one->flags |= DIRECTORY_OPAQUE;
	if (!(one->flags & DIRECTORY_WHITEOUTS))
		return 0;
	return go_through(tree, directory, drop_whiteout, err);
}

int tree_make_opaque(struct tree *tree, const char *path, struct error *err)
{
	uint32_t directory;

	if (tree_end_file(tree, err))
		return -1;
	int status = directory_resolve(&tree->directories, path, strlen(path),
				       tree_missing_parent(tree), &directory, err);
	if (status < 0)
		return -1;
	if (status || directory == DIRECTORY_ROOT)
		return TREE_NEEDS_LOWER;
	/* Parents implied so far are as below, those that come now are new. */
	if (tree->options.implied &&
	    directory_of(&tree->directories, directory)->flags & DIRECTORY_HOLDS)
		return TREE_NEEDS_LOWER;
	return tree_mark_opaque(tree, directory, err);
}

int tree_whiteout(struct tree *tree, const char *path, struct error *err)
{
	struct directories *all = &tree->directories;
	struct tree_place place;
	uint32_t directory;

	if (tree_end_file(tree, err))
		return -1;
	int status = tree_find_place(tree, path, tree_missing_parent(tree), &place, err);
	if (status)
		return status < 0 ? -1 : TREE_NEEDS_LOWER;
	if (tree_is_implied(tree, &place))
		return TREE_NEEDS_LOWER;
	if (is_within_opaque(all, place.directory))
		return 0;
	if (tree_made_at(tree, place.directory, place.name, &directory))
		return directory == DIRECTORY_NONE ? 0 : tree_mark_opaque(tree, directory, err);
	if (directory_prepare(all, place.directory, err))
		return -1;
	struct directory *parent = directory_of(all, place.directory);
	/* overlayfs passes over whiteouts where it merges directories. A layer may have some in a directory that is in no
	 * other; an origin that is not known makes it look there too. */
	if (!(parent->flags & DIRECTORY_SEARCHED) &&
	    set_mark(tree, place.directory, "trusted.overlay.origin", "", err))
		return -1;
	parent->flags |= DIRECTORY_SEARCHED;
	/* A second whiteout of the name finds the first. */
	if (mknodat(place.fd, place.name, S_IFCHR, 0) && errno != EEXIST)
		return error_errno(err, errno, "make whiteout");
	tree->has_whiteouts = true;
	directory_mark(all, place.directory, DIRECTORY_WHITEOUTS);
	return 0;
}

/* ---- parents without an entry ---- */

enum directory_missing tree_missing_parent(const struct tree *tree)
{
	if (!tree->options.parents_must_exist)
		return DIRECTORY_MISSING_MAKE;
	return tree->options.implied ? DIRECTORY_MISSING_IMPLY : DIRECTORY_MISSING_TELL;
}

static bool is_implied(const struct directory *one)
{
	return (one->flags & (DIRECTORY_FRESH | DIRECTORY_MADE | DIRECTORY_GONE)) ==
	       DIRECTORY_FRESH;
}

bool tree_is_implied(const struct tree *tree, const struct tree_place *place)
{
	if (!tree->options.implied)
		return false;
	uint32_t number = directory_known(&tree->directories, place->directory, place->name,
					  strlen(place->name));

	return number != DIRECTORY_NONE && is_implied(directory_of(&tree->directories, number));
}

/* Puts the path together from its end. */
static int tell_implied(const struct tree *tree, uint32_t number, struct error *err)
{
	const struct directories *all = &tree->directories;
	size_t length = 0;

	for (uint32_t i = number; i != DIRECTORY_ROOT; i = directory_of(all, i)->parent)
		length += directory_of(all, i)->name_length + 1u;
	owned_string path = malloc(length);
	if (!path)
		return error_errno(err, ENOMEM, "path");
	for (uint32_t i = number; i != DIRECTORY_ROOT; i = directory_of(all, i)->parent) {
		path[--length] = i == number ? '\0' : '/';
		length -= directory_of(all, i)->name_length;
		memcpy(path + length, directory_name(all, i), directory_of(all, i)->name_length);
	}
	return tree->options.implied(tree->options.implied_context, path,
				     !(directory_of(all, number)->flags & DIRECTORY_HOLDS), err);
}

int tree_tell_implied(const struct tree *tree, struct error *err)
{
	const struct directories *all = &tree->directories;

	for (uint32_t i = 1; i < all->n && tree->options.implied; i++) {
		const struct directory *one = directory_of(all, i);

		if (is_implied(one) && !is_within_opaque(all, one->parent) &&
		    tell_implied(tree, i, err))
			return -1;
	}
	return 0;
}
