#include "runtime/rootfs.h"

#include <errno.h>
#include <sched.h>
#include <stdio.h>
#include <sys/mount.h>
#include <sys/wait.h>

#include "runtime/mount.h"
#include "runtime/mount_new.h"
#include "spec/base/owned.h"
#include "spec/base/sys.h"

static bool owns_mounts(const struct plan *plan)
{
	return plan->new_namespace[NAMESPACE_MOUNT];
}

int rootfs_open(const struct plan *plan, struct error *err)
{
	owned_fd fd = sys_open_tree(AT_FDCWD, plan->rootfs,
				    OPEN_TREE_CLONE | OPEN_TREE_CLOEXEC | AT_RECURSIVE);
	struct stat st;

	if (fd < 0 || fstat(fd, &st))
		return error_errno(err, errno, "rootfs '%s'", plan->rootfs);
	if (!S_ISDIR(st.st_mode))
		return error_errno(err, ENOTDIR, "rootfs '%s'", plan->rootfs);
	return take_fd(&fd);
}

/* At its own path, where hooks look for it. Root of a user namespace may have no way there, through
 * directories such as /var/lib/containers that are the host root's alone; on top of / it has. */
static int attach(const struct plan *plan, int root)
{
	if (sys_move_mount(root, "", AT_FDCWD, plan->rootfs, MOVE_MOUNT_F_EMPTY_PATH) == 0)
		return 0;
	if (errno != EACCES || !plan->in_user_namespace || !owns_mounts(plan))
		return -1;
	return sys_move_mount(root, "", AT_FDCWD, "/", MOVE_MOUNT_F_EMPTY_PATH);
}

int rootfs_attach(const struct plan *plan, int root, struct error *err)
{
	if (owns_mounts(plan) && mount(NULL, "/", NULL, MS_SLAVE | MS_REC, NULL))
		return error_errno(err, errno, "make the mount namespace's mounts slaves");
	if (attach(plan, root))
		return error_errno(err, errno, "attach the rootfs at '%s'", plan->rootfs);
	/* In a namespace of others the clone must not even be a slave: what is mounted in it goes with it. */
	return mount_set_propagation(root, (owns_mounts(plan) ? MS_SLAVE : MS_PRIVATE) | MS_REC,
				     err);
}

static uint64_t mount_id(const char *path)
{
	struct statx st;

	if (statx(AT_FDCWD, path, AT_NO_AUTOMOUNT, STATX_MNT_ID, &st) ||
	    !(st.stx_mask & STATX_MNT_ID))
		return 0;
	return st.stx_mnt_id;
}

uint64_t rootfs_mount_id(int root)
{
	struct statx st;

	if (statx(root, "", AT_EMPTY_PATH, STATX_MNT_ID, &st) || !(st.stx_mask & STATX_MNT_ID))
		return 0;
	return st.stx_mnt_id;
}

uint64_t rootfs_mount_id_of(pid_t pid)
{
	char path[32];

	snprintf(path, sizeof path, "/proc/%d/root", (int)pid);
	return mount_id(path);
}

static int detach(const char *rootfs, uint64_t id, struct error *err)
{
	/* Not ours: never attached, or detached already. */
	if (mount_id(rootfs) != id)
		return 0;
	if (umount2(rootfs, MNT_DETACH | UMOUNT_NOFOLLOW) && errno != EINVAL)
		return error_errno(err, errno, "unmount '%s'", rootfs);
	return 0;
}

/* In a process of its own: there is no way back from another mount namespace with our root. */
static int detach_in(const char *namespace, const char *rootfs, uint64_t id, struct error *err)
{
	owned_fd fd = open(namespace, O_RDONLY | O_CLOEXEC);
	struct clone_args args = { .exit_signal = SIGCHLD };
	int status = 0;

	if (fd < 0)
		return 0; /* the namespace has gone, and its mounts with it */
	pid_t pid = sys_clone3(&args);
	if (pid < 0)
		return error_errno(err, errno, "clone3");
	if (pid == 0)
		_exit(setns(fd, CLONE_NEWNS) || detach(rootfs, id, NULL));
	while (waitpid(pid, &status, 0) < 0 && errno == EINTR)
		;
	return status ? error_set(err, EBUSY, "unmount '%s' in '%s'", rootfs, namespace) : 0;
}

int rootfs_detach(const char *namespace, const char *rootfs, uint64_t id, struct error *err)
{
	if (!id)
		return 0;
	return namespace ? detach_in(namespace, rootfs, id, err) : detach(rootfs, id, err);
}

int rootfs_make_readonly(const struct plan *plan, int root, struct error *err)
{
	if (mounts_make_readonly(plan, root, err))
		return -1;
	if (!plan->config->root->readonly)
		return 0;
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
