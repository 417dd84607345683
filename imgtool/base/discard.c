#include "imgtool/base/discard.h"

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <sys/stat.h>

#include "imgtool/base/walk.h"
#include "spec/base/owned.h"

/* In a directory without permission to write, which its owner may give. */
static int unlink_forcing(int directory, const char *name, int flags)
{
	if (unlinkat(directory, name, flags) == 0)
		return 0;
	if (errno != EACCES || fchmod(directory, 0700))
		return -1;
	return unlinkat(directory, name, flags);
}

static int remove_name(int directory, const char *name, bool is_directory, const char *shown,
		       struct error *err)
{
	if (unlink_forcing(directory, name, is_directory ? AT_REMOVEDIR : 0) == 0 ||
	    errno == ENOENT)
		return 0;
	return error_errno(err, errno, "remove %.300s", shown);
}

/* @share: names of a file share its blocks; otherwise the last name that goes has them. */
static void count(int directory, const char *name, bool share, struct discarded *counts)
{
	struct stat st;

	if (!counts || fstatat(directory, name, &st, AT_SYMLINK_NOFOLLOW))
		return;
	uint64_t bytes = (uint64_t)st.st_blocks * 512;
	counts->entries++;
	if (S_ISDIR(st.st_mode) || st.st_nlink < 2)
		counts->bytes += bytes;
	else if (share)
		counts->bytes += bytes / st.st_nlink;
}

static int visit(const struct walk_entry *entry, bool remove, struct discarded *counts,
		 struct error *err)
{
	bool is_directory = entry->type == DT_DIR;

	if (is_directory && entry->event == WALK_NAME)
		return 0; /* what is in it goes first */
	count(entry->directory, entry->name, !remove, counts);
	return remove ? remove_name(entry->directory, entry->name, is_directory, entry->path, err)
		      : 0;
}

static int visit_below(int directory, const char *name, bool remove, struct discarded *counts,
		       struct error *err)
{
	unsigned flags = remove ? WALK_FORCE : 0;
	owned_fd fd = walk_enter(directory, name, flags);
	const struct walk_entry *entry;
	int more;

	if (fd < 0 && errno == ENOENT)
		return 0;
	if (fd < 0 && errno == EXDEV)
		return error_set(err, EBUSY, "%s is a mount point", name);
	if (fd < 0)
		return error_errno(err, errno, "open directory %s", name);
	struct walk *walk = walk_open(fd, flags, err);
	if (!walk)
		return -1;
	while ((more = walk_next(walk, &entry, err)) == 1)
		if (visit(entry, remove, counts, err)) {
			more = -1;
			break;
		}
	walk_close(walk);
	return more;
}

int discard(int dirfd, const char *name, struct discarded *counts, struct error *err)
{
	struct stat st;

	if (fstatat(dirfd, name, &st, AT_SYMLINK_NOFOLLOW))
		return errno == ENOENT ? 0 : error_errno(err, errno, "stat %s", name);
	if (S_ISDIR(st.st_mode) && visit_below(dirfd, name, true, counts, err))
		return -1;
	count(dirfd, name, false, counts);
	return remove_name(dirfd, name, S_ISDIR(st.st_mode), name, err);
}

int discard_foresee(int dirfd, const char *name, struct discarded *counts, struct error *err)
{
	struct stat st;

	if (fstatat(dirfd, name, &st, AT_SYMLINK_NOFOLLOW))
		return errno == ENOENT ? 0 : error_errno(err, errno, "stat %s", name);
	count(dirfd, name, true, counts);
	return S_ISDIR(st.st_mode) ? visit_below(dirfd, name, false, counts, err) : 0;
}
