/* What a container sees of its groups, and may do with them: options for mounting a hierarchy again, links
 * between co-mounted controllers, ownership. Must not mount anything. */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "runtime/cgroup/cgroup.h"
#include "spec/base/io.h"
#include "spec/base/owned.h"

#define DELEGATE_FILE "/sys/kernel/cgroup/delegate"
#define DELEGATE_MAX 65536

char *cgroup_mount_options(const struct cgroup_hierarchy *hierarchy)
{
	/* A hierarchy that has a name and no controller says so with "none". */
	if (text_starts_with(hierarchy->name, "name="))
		return text_format("none,%s", hierarchy->name);
	return strdup(hierarchy->name);
}

int cgroup_mount_symlinks(const struct cgroup_hierarchy *hierarchy, struct string_list *names,
			  struct error *err)
{
	owned_string controllers = strdup(hierarchy->name);
	const char *directory = strrchr(hierarchy->mountpoint, '/') + 1;
	char *rest = controllers, *name;

	if (!controllers)
		return error_errno(err, ENOMEM, "cgroup mount");
	if (!strchr(directory, ','))
		return 0;
	while ((name = strsep(&rest, ",")))
		if (*name && !strchr(name, '=') && string_list_add(names, name))
			return error_errno(err, ENOMEM, "cgroup mount");
	return 0;
}

/* The list changes with the kernel; a file of it that the group lacks is no failure. */
static int give_files(int directory, char *files, uid_t uid, gid_t gid, struct error *err)
{
	char *name;

	while ((name = strsep(&files, "\n"))) {
		if (!*name || strchr(name, '/'))
			continue;
		if (fchownat(directory, name, uid, gid, AT_SYMLINK_NOFOLLOW) && errno != ENOENT)
			return error_errno(err, errno, "chown %s", name);
	}
	return 0;
}

static int give_group(const char *path, uid_t uid, gid_t gid, struct error *err)
{
	owned_string files = NULL;
	owned_fd directory = open(path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);

	if (directory < 0)
		return error_errno(err, errno, "open %s", path);
	if (read_file_at(AT_FDCWD, DELEGATE_FILE, DELEGATE_MAX, &files, NULL, NULL))
		files = strdup("cgroup.procs\ncgroup.subtree_control\ncgroup.threads");
	if (!files)
		return error_errno(err, ENOMEM, "chown %s", path);
	if (fchown(directory, uid, gid))
		return error_errno(err, errno, "chown %s", path);
	if (give_files(directory, files, uid, gid, err))
		return error_prefix(err, "%s", path);
	return 0;
}

int cgroup_delegate(const struct cgroup_plan *plan, uid_t uid, gid_t gid, struct error *err)
{
	for (size_t i = 0; i < plan->n_hierarchies; i++)
		if (plan->every_v2_controller && plan->hierarchies[i].version == 2 &&
		    give_group(plan->hierarchies[i].directory, uid, gid, err))
			return -1;
	return 0;
}
