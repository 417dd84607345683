#include "runtime/hidden_paths.h"

#include <errno.h>
#include <sys/stat.h>

#include "runtime/beneath.h"
#include "runtime/device.h"
#include "runtime/mount_new.h"
#include "spec/base/owned.h"
#include "spec/base/sys.h"

/* What masks are cloned from: made when the first one is needed. */
struct masks {
	int file, directory;
	const char *label; /* of the directory, or NULL */
};

static int clone_of(int fd, unsigned flags, struct error *err)
{
	int clone =
		sys_open_tree(fd, "", OPEN_TREE_CLONE | OPEN_TREE_CLOEXEC | AT_EMPTY_PATH | flags);

	return clone < 0 ? error_errno(err, errno, "open_tree") : clone;
}

static int mask_file(struct masks *masks, int target, struct error *err)
{
	if (masks->file < 0)
		masks->file = device_open_host("/dev/null", 'c', 1, 3, err);
	if (masks->file < 0)
		return -1;
	owned_fd clone = clone_of(masks->file, 0, err);
	return clone < 0 ? -1 : mount_attach(clone, target, err);
}

static int mask_directory(struct masks *masks, int target, struct error *err)
{
	if (masks->directory >= 0) {
		owned_fd clone = clone_of(masks->directory, 0, err);
		return clone < 0 ? -1 : mount_attach(clone, target, err);
	}
	struct string_list data = { 0 };
	int failed = masks->label ? mount_label_data(masks->label, &data, err) : 0;
	if (!failed)
		masks->directory = mount_new("tmpfs", "tmpfs", &data, 0, MOUNT_ATTR_RDONLY, err);
	string_list_finish(&data);
	return masks->directory < 0 ? -1 : mount_attach(masks->directory, target, err);
}

static int mask(struct masks *masks, int root, const char *path, struct error *err)
{
	owned_fd target = beneath_open(root, path, O_PATH, 0);
	struct stat st;

	if (target < 0 && (errno == ENOENT || errno == ENOTDIR))
		return 0;
	if (target < 0 || fstat(target, &st))
		return error_errno(err, errno, "open");
	return S_ISDIR(st.st_mode) ? mask_directory(masks, target, err)
				   : mask_file(masks, target, err);
}

int paths_mask(const struct plan *plan, int root, struct error *err)
{
	const struct linux_config *linux_ = plan->config->linux_;
	struct masks masks = { -1, -1, plan->mount_label };
	int failed = 0;

	for (size_t i = 0; linux_ && i < linux_->masked_paths.n && !failed; i++) {
		failed = mask(&masks, root, linux_->masked_paths.v[i], err);
		if (failed)
			error_prefix(err, "linux.maskedPaths[%zu]: %s", i,
				     linux_->masked_paths.v[i]);
	}
	close_fd(masks.file);
	close_fd(masks.directory);
	return failed;
}

static int make_readonly(int root, const char *path, struct error *err)
{
	owned_fd target = beneath_open(root, path, O_PATH, 0);

	if (target < 0)
		return errno == ENOENT || errno == ENOTDIR ? 0 : error_errno(err, errno, "open");
	owned_fd clone = clone_of(target, AT_RECURSIVE, err);
	if (clone < 0 || mount_attach(clone, target, err))
		return -1;
	return mount_set_attributes(clone, MOUNT_ATTR_RDONLY, 0, false, err);
}

int paths_make_readonly(const struct plan *plan, int root, struct error *err)
{
	const struct linux_config *linux_ = plan->config->linux_;

	for (size_t i = 0; linux_ && i < linux_->readonly_paths.n; i++)
		if (make_readonly(root, linux_->readonly_paths.v[i], err))
			return error_prefix(err, "linux.readonlyPaths[%zu]: %s", i,
					    linux_->readonly_paths.v[i]);
	return 0;
}
