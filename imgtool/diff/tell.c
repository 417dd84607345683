#include "imgtool/diff/tell.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>

#include "spec/base/owned.h"
#include "spec/base/text.h"

int diff_set_level(struct diff_teller *teller, size_t depth, struct diff_level level,
		   struct error *err)
{
	if (depth >= teller->n_levels) {
		size_t n = 2 * depth + 16;
		struct diff_level *levels = reallocarray(teller->levels, n, sizeof *levels);
		if (!levels)
			return error_errno(err, ENOMEM, "diff");
		teller->levels = levels;
		teller->n_levels = n;
	}
	teller->levels[depth] = level;
	return 0;
}

void diff_teller_finish(struct diff_teller *teller)
{
	free(teller->levels);
}

/* The directory @path, whose name begins at @name_at. */
static int tell_directory(const struct diff_teller *teller, const char *path, size_t name_at,
			  struct error *err)
{
	owned_string parent = strndup(path, name_at);
	struct change change = { .kind = CHANGE_MODIFIED, .path = path, .name = path + name_at };

	if (!parent)
		return error_errno(err, ENOMEM, "diff");
	owned_fd directory = walk_open_directory(teller->root, parent, O_RDONLY);
	change.directory = directory;
	if (directory < 0 || fstatat(directory, change.name, &change.stat, AT_SYMLINK_NOFOLLOW))
		return error_errno(err, errno, "diff: %.300s", path);
	return teller->handler(&change, teller->context, err);
}

/* All directories on the way of @path, @depth components long. */
static int tell_parents(struct diff_teller *teller, const char *path, size_t depth,
			struct error *err)
{
	size_t name_at = 0;

	for (size_t i = 1; i < depth; i++) {
		size_t end = name_at + strcspn(path + name_at, "/");
		if (!teller->levels[i].told) {
			owned_string directory = strndup(path, end);
			if (!directory)
				return error_errno(err, ENOMEM, "diff");
			if (tell_directory(teller, directory, name_at, err))
				return -1;
			teller->levels[i].told = true;
		}
		name_at = end + 1;
	}
	return 0;
}

int diff_tell(struct diff_teller *teller, enum change_kind kind, const struct walk_entry *entry,
	      const struct stat *stat, struct error *err)
{
	const struct change change = { .kind = kind,
				       .path = entry->path,
				       .directory = entry->directory,
				       .name = entry->name,
				       .stat = *stat };

	if (tell_parents(teller, entry->path, entry->depth, err))
		return -1;
	return teller->handler(&change, teller->context, err);
}

int diff_tell_deleted(struct diff_teller *teller, const char *path, size_t depth, const char *name,
		      struct error *err)
{
	owned_string full = text_format("%s%s%s", path, *path ? "/" : "", name);
	const struct change change = {
		.kind = CHANGE_DELETED, .path = full, .directory = -1, .name = name
	};

	if (!full)
		return error_errno(err, ENOMEM, "diff");
	if (tell_parents(teller, full, depth + 1, err))
		return -1;
	return teller->handler(&change, teller->context, err);
}
