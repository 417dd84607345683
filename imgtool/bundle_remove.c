#include "imgtool/bundle_remove.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>

#include "imgtool/base/discard.h"
#include "imgtool/base/mounts.h"
#include "imgtool/store/overlay_bundle.h"
#include "imgtool/store/reference.h"
#include "spec/base/owned.h"

struct removal {
	char path[PATH_MAX]; /* absolute, without links */
	const char *name;    /* in @path */
	int parent, bundle;
	struct bundle_record *record;
};

static void removal_finish(struct removal *removal)
{
	record_free(removal->record);
	close_fd(removal->bundle);
	close_fd(removal->parent);
}

/* For removal_finish, also on failure. */
static int open_removal(const char *path, struct removal *ret, struct error *err)
{
	*ret = (struct removal){ .parent = -1, .bundle = -1 };
	if (!realpath(path, ret->path))
		return error_errno(err, errno, "open");
	char *slash = strrchr(ret->path, '/');
	ret->name = slash + 1;
	if (!*ret->name)
		return error_set(err, EBUSY, "is the root directory");
	*slash = '\0';
	ret->parent = open(*ret->path ? ret->path : "/", O_PATH | O_DIRECTORY | O_CLOEXEC);
	*slash = '/';
	ret->bundle = ret->parent < 0 ? -1
				      : openat(ret->parent, ret->name,
					       O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (ret->bundle < 0)
		return error_errno(err, errno, "open");
	ret->record = record_read(ret->bundle, err);
	return ret->record ? 0 : -1;
}

/* All but the record: as long as that is there, a removal that was cut short can be done again. */
static int remove_contents(const struct removal *removal, struct error *err)
{
	owned_fd again = openat(removal->bundle, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	owned_dir dir = again < 0 ? NULL : fdopendir(again);
	const struct dirent *entry;

	if (!dir)
		return error_errno(err, errno, "read directory");
	take_fd(&again);
	while (errno = 0, (entry = readdir(dir))) {
		if (strcmp(entry->d_name, ".") == 0 || strcmp(entry->d_name, "..") == 0 ||
		    strcmp(entry->d_name, RECORD_NAME) == 0)
			continue;
		if (discard(removal->bundle, entry->d_name, NULL, err))
			return -1;
	}
	return errno ? error_errno(err, errno, "read directory") : 0;
}

/* The store is the one that the record names, which anyone may have written: only a reference that no bundle holds any
 * more is removed there. What cannot be removed is left to gc. */
static void remove_reference(const struct removal *removal)
{
	struct store *store = store_open(removal->record->store, STORE_TO_USE, NULL);
	struct store_reference *reference =
		store ? store_reference_read(store, removal->record->reference, NULL) : NULL;

	if (reference &&
	    store_reference_is_alive(store, removal->record->reference, reference, NULL) == 0)
		(void)store_reference_remove(store, removal->record->reference, NULL);
	store_reference_free(reference);
	store_close(store);
}

static int remove_opened(const struct removal *removal, struct error *err)
{
	if (removal->record->store && overlay_bundle_unmount(removal->path, err))
		return -1;
	if (mounts_check_none(removal->path, err)) {
		error_hint(err, "unmount it first");
		return -1;
	}
	if (remove_contents(removal, err))
		return -1;
	if (unlinkat(removal->bundle, RECORD_NAME, 0) ||
	    unlinkat(removal->parent, removal->name, AT_REMOVEDIR))
		return error_errno(err, errno, "remove");
	if (removal->record->store)
		remove_reference(removal);
	return 0;
}

int bundle_remove(const char *path, struct error *err)
{
	struct removal removal;
	int result = open_removal(path, &removal, err) || remove_opened(&removal, err) ? -1 : 0;

	if (result)
		error_prefix(err, "bundle %s", path);
	removal_finish(&removal);
	return result;
}
