#include "runtime/cgroup_mount.h"

#include <errno.h>
#include <string.h>

#include "runtime/mount_new.h"
#include "spec/base/owned.h"
#include "spec/base/sys.h"

static int bind_group(const struct cgroup_hierarchy *hierarchy, const struct mount_options *options,
		      int target, struct error *err)
{
	owned_fd group = sys_open_tree(AT_FDCWD, hierarchy->directory,
				       OPEN_TREE_CLONE | OPEN_TREE_CLOEXEC | AT_SYMLINK_NOFOLLOW);

	if (group < 0)
		return error_errno(err, errno, "open_tree %s", hierarchy->directory);
	if (mount_attach(group, target, err))
		return -1;
	return mount_set_attributes(group, options->set, options->clear, false, err);
}

static const char *last_component(const char *path)
{
	return strrchr(path, '/') + 1;
}

static int add_links(const struct cgroup_hierarchy *hierarchy, int directory, struct error *err)
{
	struct string_list names = { 0 };
	int failed = cgroup_mount_symlinks(hierarchy, &names, err);

	for (size_t i = 0; i < names.n && !failed; i++)
		if (symlinkat(last_component(hierarchy->mountpoint), directory, names.v[i]) &&
		    errno != EEXIST)
			failed = error_errno(err, errno, "symlink %s", names.v[i]);
	string_list_finish(&names);
	return failed;
}

static int mount_hierarchy(const struct cgroup_hierarchy *hierarchy,
			   const struct mount_options *options, int directory, struct error *err)
{
	const char *name = last_component(hierarchy->mountpoint);

	if (mkdirat(directory, name, 0755) && errno != EEXIST)
		return error_errno(err, errno, "mkdir %s", name);
	owned_fd target = openat(directory, name, O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (target < 0)
		return error_errno(err, errno, "open %s", name);
	if (bind_group(hierarchy, options, target, err))
		return error_prefix(err, "%s", name);
	return add_links(hierarchy, directory, err);
}

int cgroup_mount(const struct plan *plan, const struct mount_plan *mount, int target,
		 struct error *err)
{
	const struct cgroup_plan *cgroup = &plan->cgroup;
	struct string_list data = { 0 };
	const uint64_t fixed = MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV | MOUNT_ATTR_NOEXEC;

	if (cgroup->n_hierarchies == 1 && cgroup->hierarchies[0].version == 2)
		return bind_group(&cgroup->hierarchies[0], &mount->options, target, err);
	owned_fd directory = string_list_add(&data, "mode=755")
				     ? error_errno(err, ENOMEM, "options")
				     : mount_new("tmpfs", "tmpfs", &data, 0, fixed, err);
	string_list_finish(&data);
	if (directory < 0 || mount_attach(directory, target, err))
		return -1;
	for (size_t i = 0; i < cgroup->n_hierarchies; i++)
		if (mount_hierarchy(&cgroup->hierarchies[i], &mount->options, directory, err))
			return -1;
	return mount_set_attributes(directory, mount->options.set, mount->options.clear, false,
				    err);
}
