#include "runtime/mount.h"

#include <errno.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>

#include <linux/magic.h>

#include "runtime/beneath.h"
#include "runtime/cgroup_mount.h"
#include "runtime/copy_tree.h"
#include "runtime/mount_new.h"
#include "spec/base/owned.h"
#include "spec/base/sys.h"
#include "spec/idmap.h"

/* fsconfig(2) takes values up to this many bytes, with their NUL; mount(2) a page in all. */
#define FSCONFIG_VALUE_MAX 256

/* ---- the parent's half ---- */

static int source_missing(const char *source, struct error *err)
{
	if (errno != ENOENT)
		return error_errno(err, errno, "source '%s'", source);
	error_errno(err, ENOENT, "source '%s' does not exist", source);
	return error_hint(err, "make it, or correct mounts[].source in config.json");
}

static int apply_idmap(const struct mount_plan *entry, int fd, struct error *err)
{
	owned_fd user = idmap_open_namespace(entry->uid_mappings, entry->gid_mappings, err);

	if (user < 0)
		return error_prefix(err, "idmap");
	struct mount_attr attr = { .attr_set = MOUNT_ATTR_IDMAP, .userns_fd = (unsigned)user };
	unsigned flags = AT_EMPTY_PATH | (entry->options.idmap_recursive ? AT_RECURSIVE : 0);
	if (sys_mount_setattr(fd, "", flags, &attr) == 0)
		return 0;
	error_errno(err, errno, "idmap of '%s'", entry->mount->source);
	if (errno == EINVAL)
		return error_hint(err,
				  "its file system knows no idmapped mounts, or it is idmapped "
				  "already");
	return errno == ENOSYS ? error_hint(err, "idmapped mounts need Linux 5.12") : -1;
}

static int open_source(const struct plan *plan, const struct mount_plan *entry, struct error *err)
{
	const char *source = entry->mount->source;
	owned_fd bundle = -1;
	unsigned flags = OPEN_TREE_CLONE | OPEN_TREE_CLOEXEC;

	if (entry->options.recursive_bind)
		flags |= AT_RECURSIVE;
	if (entry->options.source_nofollow || entry->options.copy_symlink)
		flags |= AT_SYMLINK_NOFOLLOW;
	if (source[0] != '/') {
		bundle = open(plan->bundle, O_PATH | O_DIRECTORY | O_CLOEXEC);
		if (bundle < 0)
			return error_errno(err, errno, "bundle '%s'", plan->bundle);
	}
	owned_fd fd = sys_open_tree(bundle < 0 ? AT_FDCWD : bundle, source, flags);
	if (fd < 0)
		return source_missing(source, err);
	if (entry->options.idmap && apply_idmap(entry, fd, err))
		return -1;
	return take_fd(&fd);
}

/* In the container's mount namespace the child finds the same files, and its clones get their place in
 * mountinfo in the order in which they are mounted. It lacks the privilege in a user namespace, and
 * the way to an idmap in a pid namespace; and only the host's own mount has the host for a peer. */
static bool opened_by_parent(const struct plan *plan, const struct mount_plan *entry)
{
	return !plan->unprivileged && (plan->in_user_namespace || entry->options.idmap ||
				       plan->rootfs_propagation & MS_SHARED);
}

static bool has_source(const struct mount_plan *entry)
{
	return entry->options.bind && !entry->options.remount;
}

int mount_sources_open(const struct plan *plan, int **sources, struct error *err)
{
	int *fds = calloc(plan->n_mounts + 1, sizeof *fds);

	if (!fds)
		return error_errno(err, ENOMEM, "mounts");
	for (size_t i = 0; i < plan->n_mounts; i++)
		fds[i] = -1;
	for (size_t i = 0; i < plan->n_mounts; i++) {
		const struct mount_plan *entry = &plan->mounts[i];
		if (!has_source(entry) || !opened_by_parent(plan, entry))
			continue;
		fds[i] = open_source(plan, entry, err);
		if (fds[i] >= 0)
			continue;
		mount_sources_close(fds, plan->n_mounts);
		return error_prefix(err, "mounts[%zu]", i);
	}
	*sources = fds;
	return 0;
}

void mount_sources_close(int *sources, size_t n)
{
	for (size_t i = 0; sources && i < n; i++)
		close_fd(sources[i]);
	free(sources);
}

/* ---- the child's half ---- */

/* The descriptor that a mount is attached to. procfs and sysfs decide what is safe by their place, so no
 * component of theirs may be a link that the image made (CVE-2019-19921, CVE-2023-27561). */
static int open_target(const struct mount_plan *entry, int root, bool directory, struct error *err)
{
	const char *destination = entry->mount->destination;
	bool kernel_files = text_equal(entry->mount->type, "proc") ||
			    text_equal(entry->mount->type, "sysfs");
	int fd;

	if (entry->options.target_nofollow) {
		const char *name;
		owned_fd parent = beneath_make_parent(root, destination, &name, err);
		if (parent < 0)
			return -1;
		fd = openat(parent, name, O_PATH | O_NOFOLLOW | O_CLOEXEC);
		if (fd >= 0 || errno != ENOENT)
			return fd < 0 ? error_errno(err, errno, "open %s in the rootfs",
						    destination)
				      : fd;
	}
	if (!directory)
		return beneath_make_file(root, destination, err);
	fd = beneath_make_directory(root, destination, 0755, err);
	if (fd < 0 || !kernel_files)
		return fd;
	close_fd(fd);
	fd = beneath_open_nofollow(root, destination, O_PATH | O_DIRECTORY);
	if (fd < 0) {
		error_errno(err, errno, "%s in the rootfs", destination);
		return error_hint(err, "%s is not mounted through symlinks", entry->mount->type);
	}
	return fd;
}

static int apply_attributes(const struct mount_plan *entry, int fd, struct error *err)
{
	return mount_set_attributes(fd, entry->options.set, entry->options.clear, false, err);
}

static int apply_tree_options(const struct mount_plan *entry, int fd, struct error *err)
{
	const struct mount_options *options = &entry->options;

	if (mount_set_attributes(fd, options->recursive_set, options->recursive_clear, true, err))
		return -1;
	if (options->propagation)
		return mount_set_propagation(fd, options->propagation, err);
	return 0;
}

static int copy_symlink(const struct mount_plan *entry, int source, int root, struct error *err)
{
	char target[PATH_MAX], there[PATH_MAX];
	const char *name;
	ssize_t length = readlinkat(source, "", target, sizeof target - 1);

	if (length < 0)
		return error_errno(err, errno, "readlink '%s'", entry->mount->source);
	target[length] = '\0';
	owned_fd parent = beneath_make_parent(root, entry->mount->destination, &name, err);
	if (parent < 0)
		return -1;
	if (symlinkat(target, parent, name) == 0)
		return 0;
	ssize_t is = errno == EEXIST ? readlinkat(parent, name, there, sizeof there) : -1;
	if (is == length && memcmp(target, there, (size_t)length) == 0)
		return 0;
	return error_errno(err, EEXIST, "symlink %s in the rootfs", entry->mount->destination);
}

static int mount_bind(const struct plan *plan, const struct mount_plan *entry, int source, int root,
		      struct error *err)
{
	struct stat st;

	if (fstat(source, &st))
		return error_errno(err, errno, "stat '%s'", entry->mount->source);
	if (S_ISLNK(st.st_mode) && entry->options.copy_symlink)
		return copy_symlink(entry, source, root, err);
	owned_fd target = open_target(entry, root, S_ISDIR(st.st_mode), err);
	if (target < 0)
		return -1;
	if (mount_attach(source, target, err))
		return -1;
	if (apply_attributes(entry, source, err))
		return -1;
	/* The clone of a shared mount is its peer: without this, what is mounted in the container would
	 * appear on the host, which only rootfsPropagation "shared" asks for. */
	if (!(plan->rootfs_propagation & MS_SHARED) &&
	    mount_set_propagation(source, MS_SLAVE | MS_REC, err))
		return -1;
	return apply_tree_options(entry, source, err);
}

/* The words for the file system: the entry's own, the mount label, and for a tmpfs the mode of the
 * directory that it covers. */
static int collect_data(const struct plan *plan, const struct mount_plan *entry, int target,
			struct string_list *data, struct error *err)
{
	const char *type = entry->mount->type;
	bool has_mode = false;
	struct stat st;

	for (size_t i = 0; i < entry->options.data.n; i++) {
		has_mode = has_mode || text_starts_with(entry->options.data.v[i], "mode=");
		if (string_list_add(data, entry->options.data.v[i]))
			return error_errno(err, ENOMEM, "options");
	}
	owned_string mode = NULL;
	if (text_equal(type, "tmpfs") && !has_mode && fstat(target, &st) == 0)
		mode = text_format("mode=%o", st.st_mode & 07777);
	if (mode && string_list_add(data, mode))
		return error_errno(err, ENOMEM, "options");
	if (plan->mount_label && (text_equal(type, "tmpfs") || text_equal(type, "devpts")))
		return mount_label_data(plan->mount_label, data, err);
	return 0;
}

static bool fits_fsconfig(const struct string_list *data, const char *source)
{
	for (size_t i = 0; i < data->n; i++)
		if (strlen(data->v[i]) >= FSCONFIG_VALUE_MAX)
			return false;
	return !source || strlen(source) < FSCONFIG_VALUE_MAX;
}

/* mount(2) on the descriptor, for words too long for fsconfig(2), such as overlay's lowerdir. Returns
 * the new mount's descriptor. */
static int mount_long(const struct mount_plan *entry, const struct string_list *data, int root,
		      int target, struct error *err)
{
	struct buffer text = { 0 };
	owned_string path = text_format("/proc/self/fd/%d", target);

	for (size_t i = 0; i < data->n; i++)
		buffer_print(&text, "%s%s", i ? "," : "", data->v[i]);
	/* The kernel would cut it off, and mount something else than what was asked for. */
	if (!text.failed && text.length >= (size_t)sysconf(_SC_PAGESIZE)) {
		buffer_finish(&text);
		return error_set(
			err, E2BIG,
			"mount %s: the options are longer than the page that mount(2) takes",
			entry->mount->type);
	}
	int failed = !path || text.failed;
	if (failed)
		errno = ENOMEM;
	else
		failed = mount(entry->mount->source, path, entry->mount->type,
			       entry->options.superblock_set, text.text);
	if (failed)
		error_errno(err, errno, "mount %s", entry->mount->type);
	buffer_finish(&text);
	if (failed)
		return -1;
	int fd = beneath_open(root, entry->mount->destination, O_PATH | O_DIRECTORY, 0);
	if (fd < 0)
		return error_errno(err, errno, "open %s", entry->mount->destination);
	return apply_attributes(entry, fd, err) ? (close_fd(fd), -1) : fd;
}

/* A tmpfs, such as /dev, is filled before it becomes read-only (mounts_make_readonly). */
static bool readonly_later(const struct mount_plan *entry)
{
	return text_equal(entry->mount->type, "tmpfs") && entry->options.set & MOUNT_ATTR_RDONLY;
}

static int mount_short(const struct mount_plan *entry, const struct string_list *data, int target,
		       struct error *err)
{
	unsigned long superblock = entry->options.superblock_set;
	uint64_t attributes = entry->options.set;

	if (readonly_later(entry)) {
		superblock &= ~(unsigned long)MS_RDONLY;
		attributes &= ~(uint64_t)MOUNT_ATTR_RDONLY;
	}
	owned_fd fd = mount_new(entry->mount->type, entry->mount->source, data, superblock,
				attributes, err);
	if (fd < 0)
		return -1;
	if (entry->options.copy_up && copy_tree(target, fd, err))
		return error_prefix(err, "tmpcopyup");
	return mount_attach(fd, target, err) ? -1 : take_fd(&fd);
}

static int mount_filesystem(const struct plan *plan, const struct mount_plan *entry, int root,
			    struct error *err)
{
	struct string_list data = { 0 };
	owned_fd fd = -1;

	if (!entry->mount->type)
		return error_set(err, EINVAL, "type: required, unless options have bind or rbind");
	owned_fd target = open_target(entry, root, true, err);
	if (target < 0)
		return -1;
	if (collect_data(plan, entry, target, &data, err) == 0)
		fd = fits_fsconfig(&data, entry->mount->source)
			     ? mount_short(entry, &data, target, err)
			     : mount_long(entry, &data, root, target, err);
	string_list_finish(&data);
	return fd < 0 ? -1 : apply_tree_options(entry, fd, err);
}

int mounts_make_readonly(const struct plan *plan, int root, struct error *err)
{
	for (size_t i = 0; i < plan->n_mounts; i++) {
		const struct mount_plan *entry = &plan->mounts[i];
		if (!readonly_later(entry))
			continue;
		owned_fd fd = beneath_open(root, entry->mount->destination, O_PATH, 0);
		if (fd < 0 || mount_set_attributes(fd, MOUNT_ATTR_RDONLY, 0, false, err))
			return error_prefix(err, "mounts[%zu]: %s", i, entry->mount->destination);
	}
	return 0;
}

/* "remount": with bind the mount's own flags, else its file system's. */
static int mount_again(const struct mount_plan *entry, int root, struct error *err)
{
	const struct mount_options *options = &entry->options;
	owned_fd fd = beneath_open(root, entry->mount->destination, O_PATH, 0);
	struct buffer text = { 0 };

	if (fd < 0)
		return error_errno(err, errno, "open %s in the rootfs", entry->mount->destination);
	if (options->bind)
		return apply_attributes(entry, fd, err) ? -1 : apply_tree_options(entry, fd, err);
	owned_string path = text_format("/proc/self/fd/%d", fd);
	for (size_t i = 0; i < options->data.n; i++)
		buffer_print(&text, "%s%s", i ? "," : "", options->data.v[i]);
	int failed = !path || text.failed;
	if (!failed)
		failed = mount(NULL, path, NULL, MS_REMOUNT | options->superblock_set, text.text);
	if (failed)
		error_errno(err, errno, "remount %s", entry->mount->destination);
	buffer_finish(&text);
	return failed || apply_attributes(entry, fd, err) ? -1 : apply_tree_options(entry, fd, err);
}

static int mount_one(const struct plan *plan, size_t i, int source, int root, struct error *err)
{
	const struct mount_plan *entry = &plan->mounts[i];

	if (entry->options.remount)
		return mount_again(entry, root, err);
	if (entry->options.bind)
		return mount_bind(plan, entry, source, root, err);
	if (!entry->cgroup)
		return mount_filesystem(plan, entry, root, err);
	owned_fd target = open_target(entry, root, true, err);
	return target < 0 ? -1 : cgroup_mount(plan, entry, target, err);
}

int mount_all(const struct plan *plan, int *sources, int root, struct error *err)
{
	for (size_t i = 0; i < plan->n_mounts; i++) {
		const struct mount_plan *entry = &plan->mounts[i];
		if (has_source(entry) && sources[i] < 0)
			sources[i] = open_source(plan, entry, err);
		if (has_source(entry) && sources[i] < 0)
			return error_prefix(err, "mounts[%zu]", i);
		if (mount_one(plan, i, sources[i], root, err))
			return error_prefix(err, "mounts[%zu]: %s", i, entry->mount->destination);
		close_fd(take_fd(&sources[i]));
	}
	return 0;
}
