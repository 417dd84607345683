#include "imgtool/diff/overlay.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/sysmacros.h>
#include <sys/xattr.h>

#include "imgtool/diff/same_file.h"
#include "imgtool/store/overlay.h"
#include "imgtool/store/parts.h"
#include "imgtool/store/store.h"
#include "spec/base/owned.h"

struct overlay_diff {
	struct diff_teller teller;
	int upper, lower;    /* roots */
	const char *opaque;  /* name of the xattr */
	int lower_directory; /* what the layers have of the directory @lower_path; -1: not open */
	struct buffer lower_path;
};

static bool is_whiteout(const struct stat *st)
{
	return S_ISCHR(st->st_mode) && st->st_rdev == makedev(0, 0);
}

/* The layers' directory for the one that has the name of @entry. */
static int open_lower(struct overlay_diff *diff, const struct walk_entry *entry, struct error *err)
{
	size_t length = strlen(entry->path) - strlen(entry->name);

	length -= length > 0; /* the slash */
	if (diff->lower_directory >= 0 && diff->lower_path.length == length &&
	    (!length || memcmp(diff->lower_path.text, entry->path, length) == 0))
		return 0;
	diff->lower_path.length = 0;
	buffer_add(&diff->lower_path, entry->path, length);
	if (diff->lower_path.failed)
		return error_errno(err, ENOMEM, "diff");
	close_fd(diff->lower_directory);
	diff->lower_directory =
		walk_open_directory(diff->lower, length ? diff->lower_path.text : "", O_RDONLY);
	if (diff->lower_directory < 0)
		return error_errno(err, errno, "diff: %.300s in the layers", diff->lower_path.text);
	return 0;
}

/* 1: the layers have the name; 0; -1. */
static int stat_lower(struct overlay_diff *diff, const struct walk_entry *entry, struct stat *ret,
		      struct error *err)
{
	if (!diff->teller.levels[entry->depth - 1].known)
		return 0;
	if (open_lower(diff, entry, err))
		return -1;
	if (fstatat(diff->lower_directory, entry->name, ret, AT_SYMLINK_NOFOLLOW))
		return errno == ENOENT
			       ? 0
			       : error_errno(err, errno, "diff: %.300s in the layers", entry->path);
	/* A single layer is looked at as it is, with the whiteouts that hide nothing. */
	return !is_whiteout(ret);
}

/* What the layers have in the directory @entry and it has not, since it hides them: it was removed and made anew. */
static int tell_hidden(struct overlay_diff *diff, const struct walk_entry *entry, struct error *err)
{
	char value = 0;
	struct stat st;
	owned_fd upper = openat(entry->directory, entry->name,
				O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);

	if (upper < 0)
		return error_errno(err, errno, "diff: open %.300s", entry->path);
	if (fgetxattr(upper, diff->opaque, &value, 1) != 1 || value != 'y')
		return 0;
	owned_fd lower = walk_open_directory(diff->lower, entry->path, O_RDONLY);
	struct walk *names = lower < 0 ? NULL : walk_open(lower, WALK_SORTED, err);
	const struct walk_entry *hidden;
	int more = 0;
	if (lower < 0)
		return error_errno(err, errno, "diff: %.300s in the layers", entry->path);
	while (names && (more = walk_next(names, &hidden, err)) == 1) {
		walk_skip(names);
		bool is_there = fstatat(upper, hidden->name, &st, AT_SYMLINK_NOFOLLOW) == 0;
		if (!is_there && diff_tell_deleted(&diff->teller, entry->path, entry->depth,
						   hidden->name, err)) {
			more = -1;
			break;
		}
	}
	walk_close(names);
	return names ? more : -1;
}

/* A name that the layers have too. */
static int tell_both(struct overlay_diff *diff, const struct walk_entry *entry,
		     const struct stat *upper, const struct stat *lower, struct error *err)
{
	const struct placed_file now = { entry->directory, entry->name, upper },
				 before = { diff->lower_directory, entry->name, lower };
	int same = same_file(&now, &before, err);

	if (same < 0 || (!same && diff_tell(&diff->teller, CHANGE_MODIFIED, entry, upper, err)))
		return -1;
	if (!S_ISDIR(upper->st_mode))
		return 0;
	if (diff_set_level(&diff->teller, entry->depth,
			   (struct diff_level){ .told = !same, .known = S_ISDIR(lower->st_mode) },
			   err))
		return -1;
	return S_ISDIR(lower->st_mode) ? tell_hidden(diff, entry, err) : 0;
}

static int look_at(struct overlay_diff *diff, const struct walk_entry *entry, struct error *err)
{
	struct stat upper, lower;

	if (entry->event == WALK_LEAVE)
		return 0;
	if (fstatat(entry->directory, entry->name, &upper, AT_SYMLINK_NOFOLLOW))
		return errno == ENOENT ? 0 : error_errno(err, errno, "diff: %.300s", entry->path);
	int known = stat_lower(diff, entry, &lower, err);
	if (known < 0)
		return -1;
	if (is_whiteout(&upper))
		return known ? diff_tell(&diff->teller, CHANGE_DELETED, entry, &upper, err) : 0;
	if (known)
		return tell_both(diff, entry, &upper, &lower, err);
	if (diff_tell(&diff->teller, CHANGE_ADDED, entry, &upper, err))
		return -1;
	return S_ISDIR(upper.st_mode) ? diff_set_level(&diff->teller, entry->depth,
						       (struct diff_level){ .told = true }, err)
				      : 0;
}

static int walk_upper(struct overlay_diff *diff, struct error *err)
{
	const struct walk_entry *entry;
	int more;

	if (diff_set_level(&diff->teller, 0, (struct diff_level){ true, true }, err))
		return -1;
	struct walk *walk = walk_open(diff->upper, WALK_SORTED, err);
	if (!walk)
		return -1;
	while ((more = walk_next(walk, &entry, err)) == 1)
		if (look_at(diff, entry, err)) {
			more = -1;
			break;
		}
	walk_close(walk);
	return more;
}

/* What the container would see if it had written nothing. */
static int mount_lower(const struct bundle_record *record, bool *user_xattrs, struct error *err)
{
	struct store_stack stack = { .root = -1 };
	struct store *store = store_open(record->store, STORE_TO_USE, err);
	int lower = -1;

	if (store && store_stack_open(store, &record->layers, &stack, err) == 0) {
		*user_xattrs = !store->initial;
		const struct overlay overlay = { .lower = stack.directories,
						 .n_lower = stack.keys.n,
						 .upper = -1,
						 .work = -1,
						 .user_xattrs = *user_xattrs,
						 .label = "imgtool" };
		lower = overlay_mount(&overlay, err);
	}
	store_stack_finish(&stack);
	store_close(store);
	return lower;
}

int diff_overlay(int bundle, const struct bundle_record *record, change_handler *handler,
		 void *context, struct error *err)
{
	struct overlay_diff diff = { .teller = { .handler = handler, .context = context },
				     .lower_directory = -1 };
	bool user_xattrs = false;
	owned_fd lower = mount_lower(record, &user_xattrs, err);
	owned_fd overlay =
		openat(bundle, RECORD_OVERLAY, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	owned_fd upper = overlay < 0 ? -1
				     : openat(overlay, RECORD_UPPER,
					      O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);

	if (lower < 0)
		return -1;
	if (upper < 0)
		return error_errno(err, errno, "open " RECORD_OVERLAY "/" RECORD_UPPER);
	diff.upper = diff.teller.root = upper;
	diff.lower = lower;
	diff.opaque = user_xattrs ? "user.overlay.opaque" : "trusted.overlay.opaque";
	int result = walk_upper(&diff, err);
	close_fd(diff.lower_directory);
	buffer_finish(&diff.lower_path);
	diff_teller_finish(&diff.teller);
	return result;
}
