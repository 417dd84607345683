#include "runtime/cgroup/residence.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>

#include "runtime/cgroup/create.h"
#include "runtime/cgroup/layout.h"
#include "spec/base/io.h"
#include "spec/base/owned.h"
#include "spec/base/sys.h"

/* Longest /proc/PID/cgroup: a line per hierarchy, each with a path. */
#define SELF_MAX ((size_t)64 * 4096)

/* v1 has no such file. */
static bool hands_controllers_on(const char *directory)
{
	char controllers[256];

	return cgroup_read(directory, "cgroup.subtree_control", controllers, sizeof controllers,
			   NULL) == 0 &&
	       controllers[0];
}

static const struct cgroup_hierarchy *hierarchy_of(const struct cgroup_layout *layout,
						   const char *directory)
{
	for (size_t i = 0; i < layout->n; i++) {
		const char *mountpoint = layout->hierarchies[i].mountpoint;
		size_t length = strlen(mountpoint);
		if (text_starts_with(directory, mountpoint) &&
		    (directory[length] == '/' || !directory[length]))
			return &layout->hierarchies[i];
	}
	return NULL;
}

/* The group on the line "0::/PATH" of @self, when it is @directory or below it; else NULL. */
static char *init_group(const struct cgroup_layout *layout, const char *self, const char *directory)
{
	const struct cgroup_hierarchy *hierarchy = hierarchy_of(layout, directory);
	const char *line = self && text_starts_with(self, "0::") ? self
			   : self				 ? strstr(self, "\n0::")
								 : NULL;

	const char *path = line ? strchr(line, '/') : NULL;
	if (!hierarchy || !path)
		return NULL;
	const char *relative = directory + strlen(hierarchy->mountpoint);
	size_t length = strcspn(path, "\n"), own = strlen(relative);
	if (length < own || strncmp(path, relative, own) != 0 || (length > own && path[own] != '/'))
		return NULL;
	return text_format("%s%.*s", hierarchy->mountpoint, (int)length, path);
}

static bool has_controller(const struct cgroup_hierarchy *hierarchy, const char *controllers,
			   size_t length)
{
	owned_string list = strndup(controllers, length);
	char *rest = list;

	for (char *word; (word = strsep(&rest, ","));)
		if (*word && cgroup_word_in(hierarchy->name, word, ','))
			return true;
	return false;
}

/* The argument that is for @directory, or NULL. */
static const char *argument_for(const struct cgroup_layout *layout, const char *directory,
				const struct string_list *arguments)
{
	const struct cgroup_hierarchy *hierarchy = hierarchy_of(layout, directory);

	for (size_t i = 0; i < arguments->n; i++) {
		const char *argument = arguments->v[i], *colon = strchr(argument, ':');
		if (!colon)
			return argument;
		if (hierarchy && has_controller(hierarchy, argument, (size_t)(colon - argument)))
			return colon + 1;
	}
	return NULL;
}

static int check_arguments(const struct cgroup_layout *layout,
			   const struct string_list *directories,
			   const struct string_list *arguments, struct error *err)
{
	for (size_t i = 0; i < arguments->n; i++) {
		const char *argument = arguments->v[i], *colon = strchr(argument, ':');
		const struct string_list one = { &arguments->v[i], 1 };
		bool used = !colon;
		if (!colon && arguments->n > 1) {
			error_set(err, EINVAL, "--cgroup '%s': several of them need controllers",
				  argument);
			return error_hint(err, "write CONTROLLER:PATH");
		}
		for (size_t k = 0; k < directories->n && !used; k++)
			used = argument_for(layout, directories->v[k], &one);
		if (!used)
			return error_set(
				err, EINVAL,
				"--cgroup '%s': the container has no group with such a controller",
				argument);
	}
	return 0;
}

/* The kernel's file systems of groups have no symlinks, so nothing but ".." could lead out; openat2(2)
 * sees to both. */
static int add_below(const char *directory, const char *path, struct string_list *ret,
		     struct error *err)
{
	path += strspn(path, "/");
	owned_fd parent = open(directory, O_PATH | O_DIRECTORY | O_CLOEXEC);
	owned_fd group = !*path ? take_fd(&parent)
				: sys_openat2(parent, path, O_PATH | O_DIRECTORY | O_CLOEXEC, 0,
					      RESOLVE_BENEATH | RESOLVE_NO_SYMLINKS);
	if (group < 0 && errno == EXDEV)
		return error_set(err, EINVAL, "--cgroup '%s': leads out of the container's group",
				 path);
	if (group < 0)
		return error_errno(err, errno, "--cgroup '%s': below %s", path, directory);
	owned_string full = text_format("%s/%s", directory, path);
	return !full || string_list_add(ret, full) ? error_errno(err, ENOMEM, "--cgroup") : 0;
}

int cgroup_residence_in(const struct cgroup_layout *layout, const char *self,
			const struct string_list *directories, const struct string_list *arguments,
			struct string_list *ret, struct error *err)
{
	if (check_arguments(layout, directories, arguments, err))
		return -1;
	for (size_t i = 0; i < directories->n; i++) {
		const char *directory = directories->v[i];
		const char *below = argument_for(layout, directory, arguments);
		if (below) {
			if (add_below(directory, below, ret, err))
				return -1;
			continue;
		}
		owned_string other = hands_controllers_on(directory)
					     ? init_group(layout, self, directory)
					     : NULL;
		if (string_list_add(ret, other ? other : directory))
			return error_errno(err, ENOMEM, "control groups");
	}
	return 0;
}

/* Nothing asked for, and no group that cannot hold a process: then what the host has mounted does not matter. */
static bool is_plain(const struct string_list *directories, const struct string_list *arguments)
{
	if (arguments->n)
		return false;
	for (size_t i = 0; i < directories->n; i++)
		if (hands_controllers_on(directories->v[i]))
			return false;
	return true;
}

static int copy(const struct string_list *from, struct string_list *to, struct error *err)
{
	for (size_t i = 0; i < from->n; i++)
		if (string_list_add(to, from->v[i]))
			return error_errno(err, ENOMEM, "control groups");
	return 0;
}

int cgroup_residence(const struct string_list *directories, pid_t pid,
		     const struct string_list *arguments, struct string_list *ret,
		     struct error *err)
{
	struct cgroup_layout layout = { 0 };
	owned_string self = NULL;
	char path[48];

	if (is_plain(directories, arguments))
		return copy(directories, ret, err);
	snprintf(path, sizeof path, "/proc/%d/cgroup", (int)pid);
	int failed = cgroup_layout_read(&layout, err) ||
		     read_file_at(AT_FDCWD, path, SELF_MAX, &self, NULL, err) ||
		     cgroup_residence_in(&layout, self, directories, arguments, ret, err);
	cgroup_layout_finish(&layout);
	return failed ? -1 : 0;
}
