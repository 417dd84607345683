#include "imgtool/diff/plain.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <string.h>

#include "imgtool/diff/names.h"
#include "spec/base/owned.h"

/* Names that are there and names that were there, side by side, both sorted. */
struct plain_diff {
	struct diff_teller teller;
	struct diff_names names;
};

static bool changed_since(const struct stat *st, const struct timespec *time)
{
	return st->st_ctim.tv_sec > time->tv_sec ||
	       (st->st_ctim.tv_sec == time->tv_sec && st->st_ctim.tv_nsec > time->tv_nsec);
}

/* Recorded names of the directory @path before @until, NULL: all that are left, are gone. */
static int tell_gone(struct plain_diff *diff, const char *path, size_t depth, const char *until,
		     struct error *err)
{
	bool is_directory;
	const char *name;

	while ((name = diff_names_peek(&diff->names, &is_directory)) &&
	       (!until || strcmp(name, until) < 0)) {
		if (diff_tell_deleted(&diff->teller, path, depth, name, err))
			return -1;
		diff_names_take(&diff->names);
		if (is_directory)
			diff_names_leave(&diff->names);
	}
	return 0;
}

static int tell_gone_before(struct plain_diff *diff, const struct walk_entry *entry,
			    struct error *err)
{
	size_t length = strlen(entry->path) - strlen(entry->name);
	owned_string directory = strndup(entry->path, length ? length - 1 : 0);

	return directory ? tell_gone(diff, directory, entry->depth - 1, entry->name, err)
			 : error_errno(err, ENOMEM, "diff");
}

/* @known, @was_directory: what the record has of the name. */
static int tell_there(struct plain_diff *diff, const struct walk_entry *entry, bool known,
		      bool was_directory, struct error *err)
{
	bool is_directory = entry->type == DT_DIR, told = false;
	struct stat st;

	if (fstatat(entry->directory, entry->name, &st, AT_SYMLINK_NOFOLLOW))
		return errno == ENOENT ? 0 : error_errno(err, errno, "diff: %.300s", entry->path);
	if (!known || is_directory != was_directory || changed_since(&st, &diff->names.complete)) {
		enum change_kind kind = known ? CHANGE_MODIFIED : CHANGE_ADDED;
		if (diff_tell(&diff->teller, kind, entry, &st, err))
			return -1;
		told = true;
	}
	if (known && was_directory && !is_directory)
		diff_names_leave(&diff->names);
	if (!is_directory)
		return 0;
	return diff_set_level(&diff->teller, entry->depth,
			      (struct diff_level){ .told = told, .known = known && was_directory },
			      err);
}

static int look_at_name(struct plain_diff *diff, const struct walk_entry *entry, struct error *err)
{
	bool was_directory = false;
	const char *recorded;

	if (!diff->teller.levels[entry->depth - 1].known)
		return tell_there(diff, entry, false, false, err);
	if (tell_gone_before(diff, entry, err))
		return -1;
	recorded = diff_names_peek(&diff->names, &was_directory);
	bool known = recorded && strcmp(recorded, entry->name) == 0;
	if (known)
		diff_names_take(&diff->names);
	return tell_there(diff, entry, known, was_directory, err);
}

static int look_at(struct plain_diff *diff, const struct walk_entry *entry, struct error *err)
{
	if (entry->event == WALK_NAME)
		return look_at_name(diff, entry, err);
	if (!diff->teller.levels[entry->depth].known)
		return 0;
	if (tell_gone(diff, entry->path, entry->depth, NULL, err))
		return -1;
	diff_names_leave(&diff->names);
	return 0;
}

static int walk_root(struct plain_diff *diff, struct error *err)
{
	const struct walk_entry *entry;
	int more;

	if (diff_set_level(&diff->teller, 0, (struct diff_level){ true, true }, err))
		return -1;
	struct walk *walk = walk_open(diff->teller.root, WALK_SORTED, err);
	if (!walk)
		return -1;
	while ((more = walk_next(walk, &entry, err)) == 1)
		if (look_at(diff, entry, err)) {
			more = -1;
			break;
		}
	walk_close(walk);
	return more < 0 ? -1 : tell_gone(diff, "", 0, NULL, err);
}

int diff_plain(int bundle, change_handler *handler, void *context, struct error *err)
{
	owned_fd root = openat(bundle, "rootfs", O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	struct plain_diff diff = { .teller = {
					   .handler = handler, .context = context, .root = root } };

	if (root < 0)
		return error_errno(err, errno, "open rootfs");
	int result = diff_names_read(bundle, root, &diff.names, err) || walk_root(&diff, err) ? -1
											      : 0;
	diff_names_finish(&diff.names);
	diff_teller_finish(&diff.teller);
	return result;
}
