#include "imgtool/store/overlay.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/vfs.h>
#include <sys/wait.h>
#include <unistd.h>

#include "spec/base/owned.h"
#include "spec/base/sys.h"
#include "spec/base/text.h"

#define DESCRIPTOR_PATH "/proc/self/fd/%d"
#define DESCRIPTOR_PATH_MAX 32

/* What a kernel may have by default and these mounts must not: the upper directory of one mount is a layer of others
 * later, so it may hold nothing that leads elsewhere (redirect_dir, metacopy) or that ties it to one place (index).
 * "nofollow" also makes nothing of redirects that a layer might have brought along. */
static const char *const fixed_options[][2] = {
	{ "redirect_dir", "nofollow" },
	{ "metacopy", "off" },
	{ "index", "off" },
};
#define FIXED_OPTIONS (sizeof fixed_options / sizeof *fixed_options)

/* The kernel's own words for the last failure of a file system context: "e overlay: …". */
static int context_error(int context, const char *what, int code, struct error *err)
{
	char said[512];
	ssize_t length = read(context, said, sizeof said - 1);

	if (length <= 2)
		return error_errno(err, code, "overlay: %s", what);
	said[length] = '\0';
	said[strcspn(said, "\n")] = '\0';
	return error_errno(err, code, "overlay: %s: %s", what, said + 2);
}

static int set_text(int context, const char *key, const char *value, struct error *err)
{
	if (sys_fsconfig(context, FSCONFIG_SET_STRING, key, value, 0))
		return context_error(context, key, errno, err);
	return 0;
}

/* A directory by its descriptor: kernel 6.13, and mountinfo shows its path. Before that by the path that
 * leads to the descriptor. */
static int set_directory(int context, const char *key, int fd, struct error *err)
{
	char path[DESCRIPTOR_PATH_MAX];

	if (sys_fsconfig(context, FSCONFIG_SET_FD, key, NULL, fd) == 0)
		return 0;
	snprintf(path, sizeof path, DESCRIPTOR_PATH, fd);
	return set_text(context, key, path, err);
}

static int set_options(int context, const struct overlay *overlay, struct error *err)
{
	for (size_t i = 0; i < FIXED_OPTIONS; i++)
		if (set_text(context, fixed_options[i][0], fixed_options[i][1], err))
			return -1;
	if (overlay->user_xattrs && sys_fsconfig(context, FSCONFIG_SET_FLAG, "userxattr", NULL, 0))
		return context_error(context, "userxattr", errno, err);
	if (set_text(context, "source", overlay->label, err))
		return -1;
	for (size_t i = overlay->n_lower; i-- > 0;)
		if (set_directory(context, "lowerdir+", overlay->lower[i], err))
			return -1;
	if (overlay->upper < 0)
		return 0;
	return set_directory(context, "upperdir", overlay->upper, err) ||
			       set_directory(context, "workdir", overlay->work, err)
		       ? -1
		       : 0;
}

static int mount_by_context(int context, const struct overlay *overlay, struct error *err)
{
	if (set_options(context, overlay, err))
		return -1;
	if (sys_fsconfig(context, FSCONFIG_CMD_CREATE, NULL, NULL, 0))
		return context_error(context, "mount", errno, err);
	int mount = sys_fsmount(context, FSMOUNT_CLOEXEC, 0);
	return mount < 0 ? context_error(context, "fsmount", errno, err) : mount;
}

static void print_options(const struct overlay *overlay, struct buffer *to)
{
	for (size_t i = 0; i < FIXED_OPTIONS; i++)
		buffer_print(to, "%s=%s,", fixed_options[i][0], fixed_options[i][1]);
	if (overlay->user_xattrs)
		buffer_print(to, "userxattr,");
	for (size_t i = overlay->n_lower; i-- > 0;)
		buffer_print(to, "%s" DESCRIPTOR_PATH,
			     i == overlay->n_lower - 1 ? "lowerdir=" : ":", overlay->lower[i]);
	if (overlay->upper >= 0)
		buffer_print(to, ",upperdir=" DESCRIPTOR_PATH ",workdir=" DESCRIPTOR_PATH,
			     overlay->upper, overlay->work);
}

/* Makes @fd the same directory by its mount in this namespace: the kernel stacks no others. 0, or -1 with errno. */
static int find_again(int fd)
{
	char proc[DESCRIPTOR_PATH_MAX], path[PATH_MAX];
	struct stat before, now;

	snprintf(proc, sizeof proc, DESCRIPTOR_PATH, fd);
	ssize_t length = readlink(proc, path, sizeof path - 1);
	if (length < 0 || fstat(fd, &before))
		return -1;
	path[length] = '\0';
	owned_fd again = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (again < 0 || fstat(again, &now))
		return -1;
	if (before.st_dev != now.st_dev || before.st_ino != now.st_ino) {
		errno = ESTALE;
		return -1;
	}
	return dup3(again, fd, O_CLOEXEC) < 0 ? -1 : 0;
}

static int find_all_again(const struct overlay *overlay)
{
	for (size_t i = 0; i < overlay->n_lower; i++)
		if (find_again(overlay->lower[i]))
			return -1;
	return overlay->upper >= 0 && (find_again(overlay->upper) || find_again(overlay->work)) ? -1
												: 0;
}

/* In a child with a mount namespace of its own, so that nobody sees the place that mount(2) wants: the mount covers
 * the root directory there, and a detached copy of it goes to the parent. Of a process that may have threads, so no
 * function here may take a lock. Returns 0 or an errno value. */
static int mount_and_send(const struct overlay *overlay, const char *options, int socket)
{
	union {
		char space[CMSG_SPACE(sizeof(int))];
		struct cmsghdr align;
	} control = { 0 };
	char byte = 0;
	struct iovec data = { .iov_base = &byte, .iov_len = 1 };
	struct msghdr message = { .msg_iov = &data,
				  .msg_iovlen = 1,
				  .msg_control = control.space,
				  .msg_controllen = sizeof control.space };
	struct cmsghdr *header = CMSG_FIRSTHDR(&message);

	if (unshare(CLONE_NEWNS) || mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) ||
	    find_all_again(overlay) || mount(overlay->label, "/", "overlay", 0, options))
		return errno;
	/* "/" still means the directory underneath, "/.." is what covers it. */
	int detached = sys_open_tree(AT_FDCWD, "/..", OPEN_TREE_CLONE | OPEN_TREE_CLOEXEC);
	if (detached < 0)
		return errno;
	*header = (struct cmsghdr){ .cmsg_level = SOL_SOCKET,
				    .cmsg_type = SCM_RIGHTS,
				    .cmsg_len = CMSG_LEN(sizeof detached) };
	memcpy(CMSG_DATA(header), &detached, sizeof detached);
	return sendmsg(socket, &message, MSG_NOSIGNAL) == 1 ? 0 : errno;
}

/* -1: the sender ended without it. */
static int receive_descriptor(int socket)
{
	union {
		char space[CMSG_SPACE(sizeof(int))];
		struct cmsghdr align;
	} control;
	char byte;
	struct iovec data = { .iov_base = &byte, .iov_len = 1 };
	struct msghdr message = { .msg_iov = &data,
				  .msg_iovlen = 1,
				  .msg_control = control.space,
				  .msg_controllen = sizeof control.space };
	int fd;

	if (recvmsg(socket, &message, MSG_CMSG_CLOEXEC) != 1 || !CMSG_FIRSTHDR(&message))
		return -1;
	memcpy(&fd, CMSG_DATA(CMSG_FIRSTHDR(&message)), sizeof fd);
	return fd;
}

static int mount_in_child(const struct overlay *overlay, const char *options, struct error *err)
{
	int ends[2], status = 0;

	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends))
		return error_errno(err, errno, "overlay: socketpair");
	owned_fd ours = ends[0];
	owned_fd theirs = ends[1];
	pid_t child = fork();
	if (child < 0)
		return error_errno(err, errno, "overlay: fork");
	if (child == 0)
		_exit(mount_and_send(overlay, options, theirs));
	close_fd(take_fd(&theirs));
	owned_fd mounted = receive_descriptor(ours);
	while (waitpid(child, &status, 0) < 0 && errno == EINTR)
		;
	if (mounted < 0)
		return error_errno(err, WIFEXITED(status) ? WEXITSTATUS(status) : EIO,
				   "overlay: mount");
	return take_fd(&mounted);
}

int overlay_mount_by_options(const struct overlay *overlay, struct error *err)
{
	OWNED(buffer_finish) struct buffer options = { 0 };

	print_options(overlay, &options);
	if (options.failed)
		return error_errno(err, ENOMEM, "overlay");
	if (options.length < (size_t)sysconf(_SC_PAGESIZE))
		return mount_in_child(overlay, options.text, err);
	error_set(err, E2BIG, "overlay: %zu layers are more than mount(2) can be told of",
		  overlay->n_lower);
	return error_hint(err, "newer kernels take up to %d", OVERLAY_LAYERS_MAX);
}

/* Whether the kernel takes layers one by one: otherwise all of them have to be in one value, which fsconfig(2) limits to 256
 * bytes. A kernel whose overlayfs does not have the new interface takes any option until the mount is made. */
static bool takes_layers(void)
{
	owned_fd context = sys_fsopen("overlay", FSOPEN_CLOEXEC);

	return context >= 0 &&
	       sys_fsconfig(context, FSCONFIG_SET_STRING, "no-such-option", "", 0) != 0 &&
	       sys_fsconfig(context, FSCONFIG_SET_STRING, "lowerdir+", "/", 0) == 0;
}

int overlay_mount(const struct overlay *overlay, struct error *err)
{
	if (overlay->n_lower > OVERLAY_LAYERS_MAX)
		return error_set(err, E2BIG, "overlay: %zu layers; the kernel takes %d at most",
				 overlay->n_lower, OVERLAY_LAYERS_MAX);
	if (overlay->n_lower == 1 && overlay->upper < 0) {
		int same = fcntl(overlay->lower[0], F_DUPFD_CLOEXEC, 0);
		return same < 0 ? error_errno(err, errno, "overlay") : same;
	}
	if (!takes_layers())
		return overlay_mount_by_options(overlay, err);
	owned_fd context = sys_fsopen("overlay", FSOPEN_CLOEXEC);
	if (context < 0)
		return error_errno(err, errno, "overlay: fsopen");
	return mount_by_context(context, overlay, err);
}

/* Not through the descriptor of what is mounted, which would keep it busy. */
static char *path_through(int directory, const char *name)
{
	return text_format(DESCRIPTOR_PATH "/%s", directory, name);
}

int overlay_is_mounted(int directory, const char *name, struct error *err)
{
	owned_fd fd = openat(directory, name, O_PATH | O_NOFOLLOW | O_DIRECTORY | O_CLOEXEC);
	struct statx st;
	struct statfs fs;

	if (fd < 0 || statx(fd, "", AT_EMPTY_PATH, STATX_BASIC_STATS, &st) || fstatfs(fd, &fs))
		return error_errno(err, errno, "%s", name);
	if (!(st.stx_attributes & STATX_ATTR_MOUNT_ROOT))
		return 0;
	if (fs.f_type != OVERLAYFS_SUPER_MAGIC)
		return error_set(err, EBUSY, "%s: something else is mounted there", name);
	return 1;
}

int overlay_attach(int mount, int directory, const char *name, struct error *err)
{
	int mounted = overlay_is_mounted(directory, name, err);

	if (mounted)
		return mounted < 0 ? -1 : error_set(err, EBUSY, "%s: is mounted already", name);
	if (sys_move_mount(mount, "", directory, name, MOVE_MOUNT_F_EMPTY_PATH))
		return error_errno(err, errno, "%s: move_mount", name);
	return 0;
}

int overlay_detach(int directory, const char *name, struct error *err)
{
	owned_string path = path_through(directory, name);

	if (!path)
		return error_errno(err, ENOMEM, "%s", name);
	if (umount2(path, UMOUNT_NOFOLLOW) == 0)
		return 0;
	int code = errno;
	error_errno(err, code, "%s: umount", name);
	if (code == EBUSY)
		error_hint(err, "a process still uses it: stop the container first");
	return -1;
}
