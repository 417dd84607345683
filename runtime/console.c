#include "runtime/console.h"

#include <errno.h>
#include <linux/magic.h>
#include <sys/ioctl.h>

#include "runtime/beneath.h"
#include "runtime/mount_new.h"
#include "spec/base/owned.h"
#include "spec/base/sys.h"

static int set_size(int master, const struct console_size *size, struct error *err)
{
	if (!size || (!size->height && !size->width))
		return 0;
	struct winsize window = { .ws_row = (unsigned short)size->height,
				  .ws_col = (unsigned short)size->width };
	if (ioctl(master, TIOCSWINSZ, &window))
		return error_errno(err, errno, "process.consoleSize");
	return 0;
}

int console_bind(int root, const struct console *console, struct error *err)
{
	owned_fd dev = beneath_open_nofollow(root, "/dev", O_PATH | O_DIRECTORY);
	struct stat st;

	if (dev < 0)
		return error_errno(err, errno, "open /dev in the rootfs");
	owned_fd made =
		openat(dev, "console", O_CREAT | O_EXCL | O_WRONLY | O_NOFOLLOW | O_CLOEXEC, 0600);
	if (made < 0 && errno != EEXIST)
		return error_errno(err, errno, "create /dev/console");
	owned_fd target = openat(dev, "console", O_PATH | O_NOFOLLOW | O_CLOEXEC);
	if (target < 0 || fstat(target, &st))
		return error_errno(err, errno, "open /dev/console");
	if (S_ISLNK(st.st_mode) || S_ISDIR(st.st_mode))
		return error_set(err, EEXIST, "/dev/console: is not a file in the rootfs");
	owned_fd clone = sys_open_tree(console->slave, "",
				       OPEN_TREE_CLONE | OPEN_TREE_CLOEXEC | AT_EMPTY_PATH);
	if (clone < 0)
		return error_errno(err, errno, "open_tree of the terminal");
	return mount_attach(clone, target, err);
}

int console_open(int root, const struct process *process, struct console *ret, struct error *err)
{
	int unlock = 0;
	owned_fd master = beneath_open(root, "/dev/pts/ptmx", O_RDWR | O_NOCTTY | O_CLOEXEC, 0);

	if (master < 0) {
		error_errno(err, errno, "process.terminal: open /dev/pts/ptmx in the rootfs");
		return error_hint(err, "mount devpts at /dev/pts");
	}
	if (beneath_check_filesystem(master, DEVPTS_SUPER_MAGIC, "/dev/pts/ptmx", err))
		return -1;
	if (ioctl(master, TIOCSPTLCK, &unlock))
		return error_errno(err, errno, "unlock the terminal");
	owned_fd slave = ioctl(master, TIOCGPTPEER, O_RDWR | O_NOCTTY | O_CLOEXEC);
	if (slave < 0)
		return error_errno(err, errno, "open the terminal's other side");
	if (set_size(master, process->console_size, err))
		return -1;
	ret->master = take_fd(&master);
	ret->slave = take_fd(&slave);
	return 0;
}

int console_take(const struct console *console, struct error *err)
{
	if (ioctl(console->slave, TIOCSCTTY, 0))
		return error_errno(err, errno, "take the controlling terminal");
	for (int fd = 0; fd <= 2; fd++)
		if (dup2(console->slave, fd) < 0)
			return error_errno(err, errno, "dup2 of the terminal");
	return 0;
}
