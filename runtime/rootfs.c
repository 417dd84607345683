#include "runtime/rootfs.h"

#include <errno.h>
#include <string.h>
#include <sys/mount.h>

#include "runtime/mount.h"
#include "runtime/mount_new.h"
#include "runtime/sys.h"
#include "spec/base/owned.h"

static bool owns_mounts(const struct plan *plan)
{
	return plan->new_namespace[NAMESPACE_MOUNT];
}

int rootfs_open(const struct plan *plan, struct error *err)
{
	int fd = owns_mounts(plan)
			 ? sys_open_tree(AT_FDCWD, plan->rootfs,
					 OPEN_TREE_CLONE | OPEN_TREE_CLOEXEC | AT_RECURSIVE)
			 : open(plan->rootfs, O_PATH | O_DIRECTORY | O_CLOEXEC);
	struct stat st;

	if (fd < 0)
		return error_errno(err, errno, "rootfs '%s'", plan->rootfs);
	if (fstat(fd, &st) == 0 && !S_ISDIR(st.st_mode)) {
		close_fd(fd);
		return error_errno(err, ENOTDIR, "rootfs '%s'", plan->rootfs);
	}
	return fd;
}

int rootfs_attach(const struct plan *plan, int root, struct error *err)
{
	if (!owns_mounts(plan))
		return 0;
	if (mount(NULL, "/", NULL, MS_SLAVE | MS_REC, NULL))
		return error_errno(err, errno, "make the mount namespace's mounts slaves");
	if (sys_move_mount(root, "", AT_FDCWD, plan->rootfs, MOVE_MOUNT_F_EMPTY_PATH))
		return error_errno(err, errno, "attach the rootfs at '%s'", plan->rootfs);
	return mount_set_propagation(root, MS_SLAVE | MS_REC, err);
}

int rootfs_make_readonly(const struct plan *plan, int root, struct error *err)
{
	if (mounts_make_readonly(plan, root, err))
		return -1;
	if (!plan->config->root->readonly)
		return 0;
	if (!owns_mounts(plan))
		return error_set(err, EINVAL, "root.readonly: needs a mount namespace of its own");
	return mount_set_attributes(root, MOUNT_ATTR_RDONLY, 0, false, err);
}

static int pivot(struct error *err)
{
	/* The old root ends up on top of the new one, which is the working directory: no directory for it
	 * is needed (pivot_root(2), notes). Its mounts are slaves, so detaching them stays in here. */
	if (sys_pivot_root(".", ".")) {
		error_errno(err, errno, "pivot_root");
		return errno == EINVAL ? error_hint(err, "a root on an initramfs needs --no-pivot")
				       : -1;
	}
	if (umount2(".", MNT_DETACH))
		return error_errno(err, errno, "detach the old root");
	return 0;
}

static int move_and_chroot(int root, struct error *err)
{
	if (sys_move_mount(root, "", AT_FDCWD, "/", MOVE_MOUNT_F_EMPTY_PATH))
		return error_errno(err, errno, "move the rootfs to /");
	if (chroot("."))
		return error_errno(err, errno, "chroot");
	return 0;
}

int rootfs_enter(const struct plan *plan, int root, bool no_pivot, struct error *err)
{
	unsigned long propagation = plan->rootfs_propagation;

	if (fchdir(root))
		return error_errno(err, errno, "chdir to the rootfs");
	if (!owns_mounts(plan)) {
		if (chroot("."))
			return error_errno(err, errno, "chroot");
	} else if (no_pivot ? move_and_chroot(root, err) : pivot(err)) {
		return -1;
	}
	if (chdir("/"))
		return error_errno(err, errno, "chdir to /");
	/* Slaves they are already. A shared root is a peer group of its own: private comes first. */
	if (!owns_mounts(plan) || (propagation & MS_SLAVE))
		return 0;
	if (propagation & MS_SHARED && mount_set_propagation(root, MS_PRIVATE, err))
		return -1;
	return mount_set_propagation(root, propagation, err);
}
