#include "runtime/restore_root.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>

#include "runtime/beneath.h"
#include "runtime/mount_new.h"
#include "runtime/rootfs.h"
#include "spec/base/owned.h"
#include "spec/base/sys.h"

/* The mount that @directory is on, as a descriptor of its root. */
static int open_mount_of(const char *directory, struct error *err)
{
	owned_fd at = open(directory, O_PATH | O_DIRECTORY | O_CLOEXEC);
	struct statx st;

	while (at >= 0 && statx(at, "", AT_EMPTY_PATH, STATX_TYPE, &st) == 0) {
		if (st.stx_attributes & STATX_ATTR_MOUNT_ROOT)
			return take_fd(&at);
		int above = openat(at, "..", O_PATH | O_DIRECTORY | O_CLOEXEC);
		close_fd(at);
		at = above;
	}
	return error_errno(err, errno, "find the mount of '%s'", directory);
}

/* What is mounted in the record's directory must not appear on the host. Other mounts are left as they are:
 * sources of bind mounts may have to stay shared with it. */
static int cut_propagation(const char *directory, struct error *err)
{
	owned_fd mount = open_mount_of(directory, err);

	return mount < 0 ? -1 : mount_set_propagation(mount, MS_SLAVE, err);
}

/* A directory to mount on, which nobody else sees: the record itself stays as delete knows it. */
static int make_place(const struct restore_root *root, struct error *err)
{
	owned_fd record = open(root->directory, O_PATH | O_DIRECTORY | O_CLOEXEC);
	const uint64_t attributes = MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV | MOUNT_ATTR_NOEXEC;

	if (record < 0)
		return error_errno(err, errno, "open '%s'", root->directory);
	owned_fd mount = mount_new("tmpfs", "tmpfs", NULL, 0, attributes, err);
	if (mount < 0 || mount_set_propagation(mount, MS_PRIVATE, err) ||
	    mount_attach(mount, record, err))
		return -1;
	return mkdir(root->path, 0755) ? error_errno(err, errno, "mkdir '%s'", root->path) : 0;
}

/* A clone of the rootfs at the place. Returns its descriptor. */
static int attach_rootfs(const struct restore_root *root, unsigned long propagation,
			 struct error *err)
{
	owned_fd place = open(root->path, O_PATH | O_DIRECTORY | O_CLOEXEC);
	owned_fd rootfs = rootfs_open(root->plan, err);

	if (rootfs < 0)
		return -1;
	if (place < 0)
		return error_errno(err, errno, "open '%s'", root->path);
	if (mount_set_propagation(rootfs, propagation | MS_REC, err) ||
	    mount_attach(rootfs, place, err))
		return -1;
	return take_fd(&rootfs);
}

/* CRIU restores a tmpfs with what is in it. */
static bool is_on_tmpfs(const struct plan *plan, const char *destination)
{
	for (size_t i = 0; i < plan->n_mounts; i++) {
		const struct mount *mount = plan->mounts[i].mount;
		size_t length = strlen(mount->destination);
		if (text_equal(mount->type, "tmpfs") &&
		    text_starts_with(destination, mount->destination) && destination[length] == '/')
			return true;
	}
	return false;
}

static bool needs_mount_point(const struct plan *plan, const struct mount_plan *entry)
{
	return !entry->options.remount && !entry->cgroup && !entry->options.copy_symlink &&
	       !is_on_tmpfs(plan, entry->mount->destination);
}

static int open_source(const struct plan *plan, const struct mount_plan *entry, struct error *err)
{
	const char *source = entry->mount->source;
	owned_string path = source[0] == '/' ? strdup(source)
					     : text_format("%s/%s", plan->bundle, source);
	unsigned flags = OPEN_TREE_CLONE | OPEN_TREE_CLOEXEC | AT_RECURSIVE;

	if (!path)
		return error_errno(err, ENOMEM, "source '%s'", source);
	int fd = sys_open_tree(AT_FDCWD, path, flags);
	if (fd >= 0)
		return fd;
	error_errno(err, errno, "source '%s'", source);
	return error_hint(err, "what a checkpointed container had from the host must be there "
			       "again");
}

/* Bound as on creation, since another mount point may be in it. */
static int make_bind_point(const struct plan *plan, const struct mount_plan *entry, int rootfs,
			   struct error *err)
{
	const char *destination = entry->mount->destination;
	owned_fd source = open_source(plan, entry, err);
	struct stat st;

	if (source < 0)
		return -1;
	if (fstat(source, &st))
		return error_errno(err, errno, "stat '%s'", entry->mount->source);
	owned_fd target = S_ISDIR(st.st_mode)
				  ? beneath_make_directory(rootfs, destination, 0755, err)
				  : beneath_make_file(rootfs, destination, err);
	if (target < 0 || mount_set_propagation(source, MS_PRIVATE | MS_REC, err))
		return -1;
	return mount_attach(source, target, err);
}

static int make_mount_point(const struct plan *plan, const struct mount_plan *entry, int rootfs,
			    struct error *err)
{
	if (entry->options.bind)
		return make_bind_point(plan, entry, rootfs, err);
	owned_fd fd = beneath_make_directory(rootfs, entry->mount->destination, 0755, err);
	return fd < 0 ? -1 : 0;
}

static int make_mount_points(const struct restore_root *root, struct error *err)
{
	const struct plan *plan = root->plan;
	owned_fd rootfs = attach_rootfs(root, MS_PRIVATE, err);

	if (rootfs < 0)
		return -1;
	for (size_t i = 0; i < plan->n_mounts; i++)
		if (needs_mount_point(plan, &plan->mounts[i]) &&
		    make_mount_point(plan, &plan->mounts[i], rootfs, err))
			return error_prefix(err, "mounts[%zu]: %s", i,
					    plan->mounts[i].mount->destination);
	if (umount2(root->path, MNT_DETACH | UMOUNT_NOFOLLOW))
		return error_errno(err, errno, "unmount '%s'", root->path);
	return 0;
}

static int prepare(const struct restore_root *root, struct error *err)
{
	if (cut_propagation(root->directory, err) || make_place(root, err) ||
	    make_mount_points(root, err))
		return -1;
	owned_fd rootfs = attach_rootfs(root, MS_SLAVE, err);
	return rootfs < 0 ? -1 : 0;
}

/* ---- in and out ---- */

/* By path, which is all that criu can be told. */
static int name_paths(struct restore_root *root, int record, struct error *err)
{
	char link[40], directory[PATH_MAX];

	snprintf(link, sizeof link, "/proc/self/fd/%d", record);
	ssize_t length = readlink(link, directory, sizeof directory - 1);
	if (length < 0)
		return error_errno(err, errno, "path of the state directory");
	directory[length] = '\0';
	root->directory = strdup(directory);
	root->path = text_format("%s/root", directory);
	return root->directory && root->path ? 0 : error_errno(err, ENOMEM, "path");
}

static int remember_host(struct restore_root *root, struct error *err)
{
	root->host_cwd = open(".", O_PATH | O_DIRECTORY | O_CLOEXEC);
	root->host_namespace = open("/proc/self/ns/mnt", O_RDONLY | O_CLOEXEC);
	return root->host_cwd < 0 || root->host_namespace < 0
		       ? error_errno(err, errno, "open the mount namespace")
		       : 0;
}

int restore_root_enter(struct restore_root *root, const struct plan *plan, int record,
		       struct error *err)
{
	root->plan = plan;
	if (name_paths(root, record, err) || remember_host(root, err))
		return -1;
	if (unshare(CLONE_NEWNS))
		return error_errno(err, errno, "new mount namespace");
	return prepare(root, err);
}

int restore_root_leave(struct restore_root *root, struct error *err)
{
	owned_fd namespace = take_fd(&root->host_namespace);
	owned_fd cwd = take_fd(&root->host_cwd);

	if (namespace < 0 || cwd < 0)
		return 0;
	if (setns(namespace, CLONE_NEWNS) || fchdir(cwd))
		return error_errno(err, errno, "return to the host's mount namespace");
	return 0;
}

void restore_root_finish(struct restore_root *root)
{
	close_fd(take_fd(&root->host_namespace));
	close_fd(take_fd(&root->host_cwd));
	free(take_pointer(root->directory));
	free(take_pointer(root->path));
}
