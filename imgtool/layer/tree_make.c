/* Files made beneath one root: see tree.h. Directories are directories.h's business, what a layer takes away tree_hide.c's. */
#include "imgtool/layer/tree.h"

#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <stdlib.h>
#include <string.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include "imgtool/layer/tree_state.h"
#include "imgtool/layer/xattrs.h"
#include "spec/base/owned.h"

/* Something has the name. */
#define TAKEN 2

/* What makes one kind of entry at a place. 0, -1, TREE_NEEDS_LOWER or TAKEN. */
typedef int make_function(struct tree *tree, const struct tree_place *place,
			  const struct entry *entry, struct error *err);

/* ---- owners ---- */

/* Whether what we make at the place has another owner than the entry. */
static bool needs_owner(const struct tree *tree, const struct tree_place *place,
			const struct entry *entry)
{
	if (tree_records(tree))
		return false;
	return entry->uid != tree->uid || entry->gid != tree->gid ||
	       directory_of(&tree->directories, place->directory)->flags & DIRECTORY_GROUP;
}

static bool needs_record(const struct tree *tree, const struct entry *entry)
{
	return tree_records(tree) && (entry->uid || entry->gid);
}

static int owner_failed(const struct entry *entry, struct error *err)
{
	int code = errno;

	error_errno(err, code, "chown to %u:%u", entry->uid, entry->gid);
	if (code == EINVAL)
		error_hint(err, "the user namespace has no such id");
	return -1;
}

static int set_owner_at(const struct tree *tree, const struct tree_place *place,
			const struct entry *entry, struct error *err)
{
	if (needs_owner(tree, place, entry) &&
	    fchownat(place->fd, place->name, entry->uid, entry->gid, AT_SYMLINK_NOFOLLOW))
		return owner_failed(entry, err);
	return 0;
}

/* Owner's record and extended attributes of a regular file or a directory. */
static int set_attributes(struct tree *tree, int fd, const struct entry *entry, struct error *err)
{
	uint64_t *left_out = &tree->counts.xattrs_left_out;

	if (needs_record(tree, entry) &&
	    layer_xattr_record_owner(fd, entry->uid, entry->gid, left_out, err))
		return -1;
	return layer_xattrs_set(fd, entry, tree_records(tree), left_out, err);
}

/* ---- one kind of entry each ---- */

static int make_file(struct tree *tree, const struct tree_place *place, const struct entry *entry,
		     struct error *err)
{
	bool owner = needs_owner(tree, place, entry);
	/* A chown and, without CAP_FSETID, a write take the special bits away. */
	mode_t mode = entry->mode & 0777;

	/* What we are not allowed to write has no user attributes for us, not even while we have it open. */
	if (needs_record(tree, entry) || entry->n_xattrs)
		mode |= S_IRUSR | S_IWUSR;
	owned_fd fd = openat(place->fd, place->name,
			     O_CREAT | O_EXCL | O_WRONLY | O_NOFOLLOW | O_CLOEXEC, mode);
	if (fd < 0)
		return errno == EEXIST ? TAKEN : error_errno(err, errno, "create");
	if (owner && fchown(fd, entry->uid, entry->gid))
		return owner_failed(entry, err);
	if (set_attributes(tree, fd, entry, err))
		return -1;
	return tree_begin_file(tree, entry, take_fd(&fd), mode, err);
}

static int make_symlink(struct tree *tree, const struct tree_place *place,
			const struct entry *entry, struct error *err)
{
	const struct timespec times[2] = { { .tv_nsec = UTIME_OMIT }, entry->mtime };

	if (symlinkat(entry->link, place->fd, place->name))
		return errno == EEXIST ? TAKEN : error_errno(err, errno, "make symbolic link");
	if (set_owner_at(tree, place, entry, err))
		return -1;
	if (utimensat(place->fd, place->name, times, AT_SYMLINK_NOFOLLOW))
		return error_errno(err, errno, "set times");
	tree->counts.links++;
	return 0;
}

static int make_special(struct tree *tree, const struct tree_place *place,
			const struct entry *entry, struct error *err)
{
	const struct timespec times[2] = { { .tv_nsec = UTIME_OMIT }, entry->mtime };

	if (mknodat(place->fd, place->name, entry->mode & (S_IFMT | 0777),
		    makedev(entry->major, entry->minor)))
		return errno == EEXIST ? TAKEN : error_errno(err, errno, "mknod");
	if (set_owner_at(tree, place, entry, err))
		return -1;
	if (entry->n_xattrs &&
	    layer_xattrs_set_at(place->fd, place->name, entry, tree_records(tree),
				&tree->counts.xattrs_left_out, err))
		return -1;
	if (entry->mode & 07000 && fchmodat(place->fd, place->name, entry->mode & 07777, 0))
		return error_errno(err, errno, "chmod");
	if (utimensat(place->fd, place->name, times, AT_SYMLINK_NOFOLLOW))
		return error_errno(err, errno, "set times");
	tree->counts.others++;
	return 0;
}

/* The target of a hard link is missing: a lower layer may have it. */
static int miss_target(const struct tree *tree, const struct entry *entry, struct error *err)
{
	if (tree->options.parents_must_exist)
		return TREE_NEEDS_LOWER;
	return error_set(err, ENOENT, "hard link to '%.200s', which is not there", entry->link);
}

/* Removing a directory for the link would remove the target too. */
static int check_target_stays(struct tree *tree, const struct tree_place *place,
			      const struct tree_place *target, struct error *err)
{
	uint32_t number;
	int status =
		directory_enter(&tree->directories, place->directory, place->name, &number, err);

	if (status)
		return status < 0 ? -1 : 0;
	if (directory_is_below(&tree->directories, target->directory, number))
		return error_set(err, EINVAL, "hard link to what is in it");
	return 0;
}

static int make_hard_link(struct tree *tree, const struct tree_place *place,
			  const struct entry *entry, struct error *err)
{
	struct tree_place target;
	int status = tree_find_place(tree, entry->link, DIRECTORY_MISSING_TELL, &target, err);

	if (status < 0)
		return error_prefix(err, "hard link to '%.200s'", entry->link);
	if (status)
		return miss_target(tree, entry, err);
	if (target.directory == place->directory && strcmp(target.name, place->name) == 0)
		return error_set(err, EINVAL, "hard link to itself");
	if (tree->has_whiteouts && tree_is_whiteout(target.fd, target.name))
		return error_set(err, ENOENT, "hard link to '%.200s', which the layer removes",
				 entry->link);
	/* Again, for the search may have closed it. */
	int fd = directory_fd(&tree->directories, place->directory, err);
	if (fd < 0)
		return -1;
	/* Without AT_SYMLINK_FOLLOW a link to a symbolic link is one. */
	if (linkat(target.fd, target.name, fd, place->name, 0) == 0) {
		tree->counts.links++;
		return 0;
	}
	if (errno == ENOENT)
		return miss_target(tree, entry, err);
	if (errno != EEXIST)
		return error_errno(err, errno, "hard link to '%.200s'", entry->link);
	return check_target_stays(tree, place, &target, err) ? -1 : TAKEN;
}

/* ---- directories ---- */

/* Modes that let us in, and pass nothing on, while the tree is being made. */
static mode_t working_mode(const struct tree *tree, const struct entry *entry)
{
	return (entry->mode & 01777) | (tree_records(tree) ? S_IRWXU : 0);
}

/* What is set at the end. */
static int note_directory(struct tree *tree, uint32_t number, const struct entry *entry,
			  struct error *err)
{
	struct directory *one = directory_of(&tree->directories, number);
	bool recorded = tree_records(tree);
	const struct entry_xattr *acl = layer_xattr_find(entry, LAYER_XATTR_ACL_DEFAULT, recorded);
	unsigned flags = one->flags & ~(unsigned)(DIRECTORY_MODE | DIRECTORY_GROUP);

	one->mode = entry->mode & 07777;
	one->mtime_seconds = entry->mtime.tv_sec;
	one->mtime_nanoseconds = (uint32_t)entry->mtime.tv_nsec;
	flags |= DIRECTORY_MADE | DIRECTORY_LOOKED | DIRECTORY_TIMES;
	if (one->mode != working_mode(tree, entry))
		flags |= DIRECTORY_MODE;
	if (!recorded && entry->gid != tree->gid)
		flags |= DIRECTORY_GROUP;
	one->flags = (uint16_t)flags;
	tree->counts.directories++;
	if (acl || tree->directories.n_acls)
		return directory_put_acl_aside(&tree->directories, number, acl ? acl->value : NULL,
					       acl ? acl->size : 0, err);
	return 0;
}

static int make_directory(struct tree *tree, const struct tree_place *place,
			  const struct entry *entry, struct error *err)
{
	uint32_t number;

	if (mkdirat(place->fd, place->name, working_mode(tree, entry)))
		return errno == EEXIST ? TAKEN : error_errno(err, errno, "mkdir");
	if (directory_add(&tree->directories, place->directory, place->name, DIRECTORY_FRESH,
			  &number, err) ||
	    set_owner_at(tree, place, entry, err))
		return -1;
	if (entry->n_xattrs || needs_record(tree, entry)) {
		int fd = directory_fd(&tree->directories, number, err);

		if (fd < 0 || set_attributes(tree, fd, entry, err))
			return -1;
	}
	return note_directory(tree, number, entry, err);
}

/* The attributes of a directory that is there become the entry's; what is in it stays. */
static int take_over(struct tree *tree, uint32_t number, const struct entry *entry,
		     struct error *err)
{
	int fd = directory_fd(&tree->directories, number, err);
	mode_t mode = working_mode(tree, entry);
	struct stat st;

	if (fd < 0)
		return -1;
	if (fstat(fd, &st))
		return error_errno(err, errno, "stat");
	if (!tree_records(tree) && (st.st_uid != entry->uid || st.st_gid != entry->gid) &&
	    fchown(fd, entry->uid, entry->gid))
		return owner_failed(entry, err);
	if (layer_xattrs_remove(fd, tree_records(tree), err) ||
	    set_attributes(tree, fd, entry, err))
		return -1;
	if ((st.st_mode & 07777) != mode && fchmod(fd, mode))
		return error_errno(err, errno, "chmod");
	return note_directory(tree, number, entry, err);
}

/* ---- an entry ---- */

static int replace(struct tree *tree, const struct tree_place *place, const struct entry *entry,
		   make_function *make, struct error *err)
{
	uint32_t number;

	if (make != make_directory)
		return tree_remove_at(tree, place, err) ? -1 : make(tree, place, entry, err);
	int status =
		directory_enter(&tree->directories, place->directory, place->name, &number, err);
	if (status <= 0)
		return status ? -1 : take_over(tree, number, entry, err);
	if (tree_remove_at(tree, place, err))
		return -1;
	status = make(tree, place, entry, err);
	if (status || !tree->options.parents_must_exist)
		return status;
	/* In a layer of its own, what was there hid a lower directory: a whiteout, or what the layer thought better of. */
	number = directory_known(&tree->directories, place->directory, place->name,
				 strlen(place->name));
	return tree_mark_opaque(tree, number, err);
}

static make_function *maker_of(const struct entry *entry)
{
	if (entry->hardlink)
		return make_hard_link;
	switch (entry->mode & S_IFMT) {
	case S_IFREG:
		return make_file;
	case S_IFDIR:
		return make_directory;
	case S_IFLNK:
		return make_symlink;
	case S_IFCHR:
	case S_IFBLK:
	case S_IFIFO:
		return make_special;
	default:
		return NULL;
	}
}

static int make_root(struct tree *tree, const struct entry *entry, struct error *err)
{
	if (entry->hardlink || !S_ISDIR(entry->mode))
		return error_set(err, EINVAL,
				 "the entry for the root directory is not a directory");
	return take_over(tree, DIRECTORY_ROOT, entry, err);
}

static int make_at(struct tree *tree, const struct tree_place *place, const struct entry *entry,
		   make_function *make, struct error *err)
{
	struct directories *all = &tree->directories;

	if (directory_prepare(all, place->directory, err))
		return -1;
	int status = make(tree, place, entry, err);
	if (status == TAKEN)
		status = replace(tree, place, entry, make, err);
	if (status == TAKEN)
		return error_errno(err, EEXIST, "what had the name came back");
	if (status)
		return status;
	directory_mark(all, place->directory, DIRECTORY_HOLDS);
	if (make == make_directory)
		return 0;
	return name_set_add(
		&tree->made,
		name_hash(&all->key, place->directory, place->name, strlen(place->name)), err);
}

static int make_entry(struct tree *tree, const struct entry *entry, struct error *err)
{
	make_function *make = maker_of(entry);
	struct tree_place place;

	/* Ids of all ones mean "as it is" to chown(2). */
	if (entry->uid == UINT32_MAX || entry->gid == UINT32_MAX)
		return error_set(err, EINVAL, "owner %u:%u", entry->uid, entry->gid);
	if (!*entry->path)
		return make_root(tree, entry, err);
	if (!make)
		return error_set(err, EINVAL, "type %o of no file that a layer may have",
				 entry->mode & S_IFMT);
	int status = tree_find_place(tree, entry->path, tree_missing_parent(tree), &place, err);
	if (status)
		return status < 0 ? -1 : TREE_NEEDS_LOWER;
	if (tree_is_implied(tree, &place))
		return TREE_NEEDS_LOWER;
	if (tree->options.leave_out_devices && !entry->hardlink &&
	    (S_ISCHR(entry->mode) || S_ISBLK(entry->mode))) {
		tree->counts.devices_left_out++;
		return tree_remove_at(tree, &place, err);
	}
	return make_at(tree, &place, entry, make, err);
}

int tree_make(struct tree *tree, const struct entry *entry, struct error *err)
{
	if (tree_end_file(tree, err))
		return -1;
	return make_entry(tree, entry, err);
}

/* ---- beginning and end ---- */

struct tree *tree_open(int root, const struct tree_options *options, struct error *err)
{
	struct tree *tree = calloc(1, sizeof *tree);

	if (!tree) {
		error_errno(err, ENOMEM, "tree");
		return NULL;
	}
	tree->options = *options;
	tree->file.fd = -1;
	tree->uid = geteuid();
	tree->gid = getegid();
	/* A umask of this thread alone, since others make files too. Where that is forbidden the umask stays 0, so that
	 * none of several threads gets it back too early. */
	tree->own_umask = unshare(CLONE_FS) == 0;
	tree->umask_before = umask(0);
	if (directories_begin(&tree->directories, root, tree_records(tree), err) == 0)
		return tree;
	tree_drop(tree);
	return NULL;
}

int tree_finish(struct tree *tree, struct tree_counts *counts, struct error *err)
{
	int failed = tree_end_file(tree, err) || directories_settle(&tree->directories, err) ||
		     tree_tell_implied(tree, err);

	if (!failed && counts)
		*counts = tree->counts;
	tree_drop(tree);
	return failed ? -1 : 0;
}

void tree_drop(struct tree *tree)
{
	if (!tree)
		return;
	close_fd(tree->file.fd);
	directories_finish(&tree->directories);
	name_set_finish(&tree->made);
	if (tree->own_umask)
		umask(tree->umask_before);
	free(tree);
}
