/* Names in their directories: found, removed, and known as the layer's own. */
#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "imgtool/base/discard.h"
#include "imgtool/layer/tree_state.h"

int tree_find_place(struct tree *tree, const char *path, enum directory_missing missing,
		    struct tree_place *ret, struct error *err)
{
	const char *slash = strrchr(path, '/');
	const char *name = slash ? slash + 1 : path;

	if (!*name)
		return error_set(err, EINVAL, "is the root directory");
	if (strcmp(name, ".") == 0 || strcmp(name, "..") == 0)
		return error_set(err, EINVAL, "ends in '%s'", name);
	int status = directory_resolve(&tree->directories, path, slash ? (size_t)(slash - path) : 0,
				       missing, &ret->directory, err);
	if (status)
		return status;
	ret->name = name;
	ret->fd = directory_fd(&tree->directories, ret->directory, err);
	return ret->fd < 0 ? -1 : 0;
}

int tree_remove_at(struct tree *tree, const struct tree_place *place, struct error *err)
{
	struct directories *all = &tree->directories;
	uint32_t number = directory_known(all, place->directory, place->name, strlen(place->name));

	if (directory_prepare(all, place->directory, err))
		return -1;
	if (number == DIRECTORY_NONE && (!unlinkat(place->fd, place->name, 0) || errno == ENOENT)) {
		directory_forget(all, DIRECTORY_NONE);
		return 0;
	}
	directory_forget(all, number);
	return discard(place->fd, place->name, NULL, err);
}

bool tree_made_at(const struct tree *tree, uint32_t parent, const char *name, uint32_t *directory)
{
	size_t length = strlen(name);
	const struct directories *all = &tree->directories;

	*directory = directory_known(all, parent, name, length);
	if (*directory != DIRECTORY_NONE)
		return directory_of(all, *directory)->flags & (DIRECTORY_MADE | DIRECTORY_HOLDS);
	return name_set_has(&tree->made, name_hash(&all->key, parent, name, length));
}
