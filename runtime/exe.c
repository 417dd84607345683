#include "runtime/exe.h"

#include <errno.h>
#include <stdbool.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/sendfile.h>
#include <sys/statvfs.h>

#include "spec/base/owned.h"
#include "spec/base/sys.h"

#define SEALS (F_SEAL_SEAL | F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_WRITE)

static bool is_protected(int exe)
{
	struct statvfs fs;
	int seals = fcntl(exe, F_GET_SEALS);

	if (seals >= 0 && (seals & SEALS) == SEALS)
		return true;
	return fstatvfs(exe, &fs) == 0 && (fs.f_flag & ST_RDONLY);
}

static int readonly_clone(const char *path)
{
	struct mount_attr attr = { .attr_set = MOUNT_ATTR_RDONLY };
	owned_fd fd = sys_open_tree(AT_FDCWD, path, OPEN_TREE_CLONE | OPEN_TREE_CLOEXEC);

	if (fd < 0 || sys_mount_setattr(fd, "", AT_EMPTY_PATH, &attr))
		return -1;
	return take_fd(&fd);
}

static int sealed_copy(const char *path, struct error *err)
{
	owned_fd exe = open(path, O_RDONLY | O_CLOEXEC);
	owned_fd fd = memfd_create("orun", MFD_CLOEXEC | MFD_ALLOW_SEALING);
	ssize_t sent;

	if (exe < 0)
		return error_errno(err, errno, "open %s", path);
	if (fd < 0)
		return error_errno(err, errno, "memfd_create");
	do
		sent = sendfile(fd, exe, NULL, 1 << 30);
	while (sent > 0);
	if (sent < 0 || fcntl(fd, F_ADD_SEALS, SEALS))
		return error_errno(err, errno, "copy %s", path);
	return take_fd(&fd);
}

int exe_open_protected(const char *path, struct error *err)
{
	int fd = readonly_clone(path);

	return fd >= 0 ? fd : sealed_copy(path, err);
}

int exe_protect(char *const argv[], struct error *err)
{
	owned_fd exe = open("/proc/self/exe", O_RDONLY | O_CLOEXEC);

	/* execveat(2) of a descriptor names the process after the descriptor's number. */
	prctl(PR_SET_NAME, "orun");
	if (exe < 0)
		return error_errno(err, errno, "open /proc/self/exe");
	if (is_protected(exe))
		return 0;
	owned_fd safe = exe_open_protected("/proc/self/exe", err);
	if (safe < 0)
		return error_prefix(err, "protect the runtime's executable");
	sys_execveat(safe, "", argv, environ, AT_EMPTY_PATH);
	return error_errno(err, errno, "execute the protected executable");
}
