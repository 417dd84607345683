#include "runtime/device.h"

#include <errno.h>
#include <string.h>
#include <sys/sysmacros.h>

#include "runtime/beneath.h"
#include "runtime/mount_new.h"
#include "spec/base/owned.h"
#include "spec/base/sys.h"

static const struct device default_devices[] = {
#define DEFAULT_DEVICE(name, major_, minor_)                                  \
	{                                                                     \
		.path = "/dev/" name, .type = 'c', .major = { true, major_ }, \
		.minor = { true, minor_ }, .file_mode = {                     \
			true,                                                 \
			0666                                                  \
		}                                                             \
	}
	DEFAULT_DEVICE("null", 1, 3),	 DEFAULT_DEVICE("zero", 1, 5),
	DEFAULT_DEVICE("full", 1, 7),	 DEFAULT_DEVICE("random", 1, 8),
	DEFAULT_DEVICE("urandom", 1, 9), DEFAULT_DEVICE("tty", 5, 0),
};

/* Link in /dev, what it points to; wanted only where the target is there. */
static const struct {
	const char *name, *target, *needs;
} default_links[] = {
	{ "fd", "/proc/self/fd", NULL },	  { "stdin", "/proc/self/fd/0", NULL },
	{ "stdout", "/proc/self/fd/1", NULL },	  { "stderr", "/proc/self/fd/2", NULL },
	{ "core", "/proc/kcore", "/proc/kcore" }, { "ptmx", "pts/ptmx", NULL },
};

const char *device_default_path(size_t index)
{
	return index < sizeof default_devices / sizeof *default_devices
		       ? default_devices[index].path
		       : NULL;
}

static mode_t node_type(const struct device *device)
{
	return device->type == 'b' ? S_IFBLK : device->type == 'p' ? S_IFIFO : S_IFCHR;
}

static dev_t node_number(const struct device *device)
{
	return device->type == 'p'
		       ? 0
		       : makedev((unsigned)device->major.value, (unsigned)device->minor.value);
}

int device_open_host(const char *path, int type, unsigned major, unsigned minor, struct error *err)
{
	owned_fd fd = open(path, O_PATH | O_NOFOLLOW | O_CLOEXEC);
	struct stat st;

	if (fd < 0 || fstat(fd, &st))
		return error_errno(err, errno, "host device '%s'", path);
	if ((st.st_mode & S_IFMT) != (type == 'b' ? S_IFBLK : S_IFCHR) ||
	    st.st_rdev != makedev(major, minor))
		return error_set(err, ENODEV, "host device '%s': is not %c %u:%u", path, type,
				 major, minor);
	return take_fd(&fd);
}

static int check_existing(int parent, const char *name, const struct device *device,
			  struct error *err)
{
	struct stat st;

	if (fstatat(parent, name, &st, AT_SYMLINK_NOFOLLOW))
		return error_errno(err, errno, "stat");
	if ((st.st_mode & S_IFMT) == node_type(device) &&
	    (device->type == 'p' || st.st_rdev == node_number(device)))
		return 0;
	return error_set(err, EEXIST, "a file that is not this device is there already");
}

static int make_node(int parent, const char *name, const struct device *device, struct error *err)
{
	mode_t mode = (device->file_mode.set ? device->file_mode.value : 0666) & 07777;

	if (mknodat(parent, name, node_type(device) | mode, node_number(device))) {
		if (errno == EEXIST)
			return check_existing(parent, name, device, err);
		return error_errno(err, errno, "mknod");
	}
	if ((device->uid.value || device->gid.value) &&
	    fchownat(parent, name, device->uid.value, device->gid.value, AT_SYMLINK_NOFOLLOW))
		return error_errno(err, errno, "chown");
	return 0;
}

static int bind_node(int parent, const char *name, const struct device *device, struct error *err)
{
	owned_fd made =
		openat(parent, name, O_CREAT | O_EXCL | O_WRONLY | O_NOFOLLOW | O_CLOEXEC, 0644);

	if (made < 0 && errno != EEXIST)
		return error_errno(err, errno, "create");
	if (made < 0 && check_existing(parent, name, device, NULL) == 0)
		return 0;
	owned_fd target = openat(parent, name, O_PATH | O_NOFOLLOW | O_CLOEXEC);
	owned_fd source = device_open_host(device->path, device->type == 'b' ? 'b' : 'c',
					   (unsigned)device->major.value,
					   (unsigned)device->minor.value, err);
	if (source < 0)
		return -1;
	owned_fd clone =
		sys_open_tree(source, "", OPEN_TREE_CLONE | OPEN_TREE_CLOEXEC | AT_EMPTY_PATH);
	if (clone < 0 || target < 0)
		return error_errno(err, errno, "open_tree");
	return mount_attach(clone, target, err);
}

static int make_device(const struct plan *plan, const struct device *device, int parent,
		       const char *name, struct error *err)
{
	bool bind = plan->in_user_namespace && device->type != 'p';
	struct error failure = { 0 };
	int failed = bind ? 0 : make_node(parent, name, device, &failure);

	/* Without a user namespace of its own the container may be in one nevertheless: its runtime's. */
	if (failed && failure.code == EPERM && device->type != 'p')
		bind = cgroup_caller_is_unprivileged();
	if (bind)
		failed = bind_node(parent, name, device, err);
	else if (failed)
		error_set(err, failure.code, "%s", failure.msg);
	return failed ? error_prefix(err, "device %s", device->path) : 0;
}

/* /dev of the rootfs, which must be a directory and no link (CVE-2026-41579). */
static int open_dev(int root, struct error *err)
{
	if (mkdirat(root, "dev", 0755) && errno != EEXIST)
		return error_errno(err, errno, "mkdir /dev in the rootfs");
	int fd = openat(root, "dev", O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	return fd < 0 ? error_errno(err, errno, "open /dev in the rootfs") : fd;
}

static int make_links(int root, int dev, struct error *err)
{
	for (size_t i = 0; i < sizeof default_links / sizeof *default_links; i++) {
		const char *name = default_links[i].name;
		if (default_links[i].needs) {
			owned_fd needed = beneath_open(root, default_links[i].needs, O_PATH, 0);
			if (needed < 0)
				continue;
		}
		if (symlinkat(default_links[i].target, dev, name) == 0)
			continue;
		if (errno != EEXIST)
			return error_errno(err, errno, "symlink /dev/%s", name);
		/* An image's own node would be the host's pty multiplexer. */
		if (strcmp(name, "ptmx") == 0 &&
		    (unlinkat(dev, name, 0) || symlinkat(default_links[i].target, dev, name)))
			return error_errno(err, errno, "replace /dev/%s", name);
	}
	return 0;
}

static int make_configured(const struct plan *plan, int root, struct error *err)
{
	const struct linux_config *linux_ = plan->config->linux_;

	for (size_t i = 0; linux_ && i < linux_->devices.n; i++) {
		const char *name;
		/* Docker lists the host's for --privileged; the container's own is a link. */
		if (plan->own_dev && path_equal(linux_->devices.v[i]->path, "/dev/ptmx"))
			continue;
		owned_fd parent = beneath_make_parent(root, linux_->devices.v[i]->path, &name, err);
		if (parent < 0 || make_device(plan, linux_->devices.v[i], parent, name, err))
			return error_prefix(err, "linux.devices[%zu]", i);
	}
	return 0;
}

/* A configured device stands in for a default one, with a mode and an owner of its own. */
static bool is_configured(const struct plan *plan, const char *path)
{
	const struct linux_config *linux_ = plan->config->linux_;

	for (size_t i = 0; linux_ && i < linux_->devices.n; i++)
		if (path_equal(linux_->devices.v[i]->path, path))
			return true;
	return false;
}

int devices_make(const struct plan *plan, int root, struct error *err)
{
	if (plan->own_dev) {
		owned_fd dev = open_dev(root, err);
		if (dev < 0)
			return -1;
		for (size_t i = 0; i < sizeof default_devices / sizeof *default_devices; i++)
			if (!is_configured(plan, default_devices[i].path) &&
			    make_device(plan, &default_devices[i], dev,
					default_devices[i].path + strlen("/dev/"), err))
				return -1;
		if (make_links(root, dev, err))
			return -1;
	}
	return make_configured(plan, root, err);
}
