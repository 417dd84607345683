#include "runtime/external_mounts.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "runtime/beneath.h"
#include "runtime/cgroup/layout.h"
#include "runtime/device.h"
#include "runtime/mount_options.h"
#include "spec/base/owned.h"

/* A masked file is a bind mount of it. */
#define MASK "/dev/null"

/* ---- where a mount is ---- */

static int path_of(int fd, char path[PATH_MAX], struct error *err)
{
	static const char deleted[] = " (deleted)";
	const size_t suffix = sizeof deleted - 1;
	struct stat st;
	char link[40];

	snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
	ssize_t length = readlink(link, path, PATH_MAX - 1);
	if (length < 0 || path[0] != '/')
		return error_errno(err, length < 0 ? errno : ESTALE, "path of a descriptor");
	path[length] = '\0';
	/* A mount stays where it is when its source on the host is deleted, or replaced as a file. */
	if (fstat(fd, &st) == 0 && st.st_nlink == 0 && (size_t)length > suffix &&
	    strcmp(path + length - suffix, deleted) == 0)
		path[(size_t)length - suffix] = '\0';
	return 0;
}

/* The path of @fd below @root, with a leading slash and none at the end. */
static char *path_below(int root, int fd, struct error *err)
{
	char whole[PATH_MAX], top[PATH_MAX];

	if (path_of(root, top, err) || path_of(fd, whole, err))
		return NULL;
	size_t length = strcmp(top, "/") == 0 ? 0 : strlen(top);
	if (strncmp(whole, top, length) != 0 || (whole[length] && whole[length] != '/')) {
		error_set(err, ESTALE, "'%s' is not below '%s'", whole, top);
		return NULL;
	}
	char *below = strdup(strcmp(whole, "/") == 0 ? "" : whole + length);
	if (!below)
		error_errno(err, ENOMEM, "path");
	return below;
}

/* @rest without empty components and "."; ".." in what is missing leads nowhere that can be known. */
static int add_rest(const char *rest, struct buffer *path, struct error *err)
{
	while (*(rest += strspn(rest, "/"))) {
		size_t length = strcspn(rest, "/");
		if (length == 2 && strncmp(rest, "..", 2) == 0)
			return error_set(err, EINVAL, "'..' behind a missing directory");
		if (length != 1 || *rest != '.') {
			buffer_add(path, "/", 1);
			buffer_add(path, rest, length);
		}
		rest += length;
	}
	return 0;
}

char *external_mount_place(int root, const char *destination, struct error *err)
{
	owned_string prefix = strdup(destination);
	struct buffer path = { 0 };
	owned_fd fd = -1;

	if (!prefix) {
		error_errno(err, ENOMEM, "path");
		return NULL;
	}
	/* Cut components off the end until what is left is there. */
	while ((fd = beneath_open(root, prefix, O_PATH, 0)) < 0) {
		char *slash = strrchr(prefix, '/');
		if ((errno != ENOENT && errno != ENOTDIR) || !*prefix) {
			error_errno(err, errno, "%s in the rootfs", destination);
			return NULL;
		}
		*(slash ? slash : prefix) = '\0';
	}
	owned_string below = path_below(root, fd, err);
	if (!below)
		return NULL;
	buffer_print(&path, "%s", below);
	int failed = add_rest(destination + strlen(prefix), &path, err);
	if (!failed && path.failed)
		failed = error_errno(err, ENOMEM, "path");
	if (!failed && path.length == 0)
		failed = error_set(err, EINVAL, "%s is the root itself", destination);
	if (!failed)
		return path.text;
	buffer_finish(&path);
	return NULL;
}

/* ---- which mounts there are ---- */

enum source_kind { SOURCE_HOST, SOURCE_GROUPS, SOURCE_NONE };

static int kind_of(const struct mount *mount, enum source_kind *kind, struct error *err)
{
	struct mount_options options = { 0 };

	if (mount_options_parse(&mount->options, &options, err))
		return -1;
	bool bind = !options.remount && (options.bind || text_equal(mount->type, "bind"));
	*kind = bind && mount->source		    ? SOURCE_HOST
		: text_equal(mount->type, "cgroup") ? SOURCE_GROUPS
						    : SOURCE_NONE;
	mount_options_finish(&options);
	return 0;
}

/* One external mount, by its place in config.json and the host path that is bound there. */
typedef int add_mount(void *context, const char *destination, const char *source,
		      struct error *err);

static const char *last_component(const char *path)
{
	const char *slash = strrchr(path, '/');

	return slash ? slash + 1 : path;
}

static const struct cgroup_hierarchy *hierarchy_of(const struct cgroup_layout *layout,
						   const char *group)
{
	for (size_t i = 0; i < layout->n; i++) {
		const char *mountpoint = layout->hierarchies[i].mountpoint;
		if (text_starts_with(group, mountpoint) && group[strlen(mountpoint)] == '/')
			return &layout->hierarchies[i];
	}
	return NULL;
}

/* What cgroup_mount made: v2 alone at the destination itself, else one directory for each hierarchy. */
static int each_group(const char *destination, const struct string_list *groups, add_mount *add,
		      void *context, struct error *err)
{
	OWNED(cgroup_layout_finish) struct cgroup_layout layout = { 0 };

	if (cgroup_layout_read(&layout, err))
		return -1;
	for (size_t i = 0; i < groups->n; i++) {
		const struct cgroup_hierarchy *hierarchy = hierarchy_of(&layout, groups->v[i]);
		if (!hierarchy)
			continue;
		bool alone = groups->n == 1 && hierarchy->version == 2;
		owned_string place = alone ? strdup(destination)
					   : text_format("%s/%s", destination,
							 last_component(hierarchy->mountpoint));
		if (!place)
			return error_errno(err, ENOMEM, "%s", destination);
		if (add(context, place, groups->v[i], err))
			return -1;
	}
	return 0;
}

static int each_device(const struct config *config, add_mount *add, void *context,
		       struct error *err)
{
	const struct linux_config *linux_ = config->linux_;
	const char *path;

	/* Elsewhere they are nodes in a file system of the container. */
	if (!config_namespace(config, NAMESPACE_USER))
		return 0;
	for (size_t i = 0; (path = device_default_path(i)); i++)
		if (add(context, path, path, err))
			return -1;
	for (size_t i = 0; i < linux_->devices.n; i++)
		if (add(context, linux_->devices.v[i]->path, linux_->devices.v[i]->path, err))
			return -1;
	return 0;
}

static int each_mount(const struct config *config, const struct string_list *groups, add_mount *add,
		      void *context, struct error *err)
{
	for (size_t i = 0; i < config->mounts.n; i++) {
		const struct mount *mount = config->mounts.v[i];
		enum source_kind kind;
		int failed = kind_of(mount, &kind, err);
		if (!failed && kind == SOURCE_HOST)
			failed = add(context, mount->destination, mount->source, err);
		else if (!failed && kind == SOURCE_GROUPS)
			failed = each_group(mount->destination, groups, add, context, err);
		if (failed)
			return error_prefix(err, "mounts[%zu]", i);
	}
	return each_device(config, add, context, err);
}

/* ---- dump ---- */

struct dump {
	struct criu_options *options;
	int root;   /* as init sees it */
	int rootfs; /* as it is on the host, with nothing mounted in it */
};

/* The mount is where init sees it, which may be through a link in another mount; its name is what a
 * restore can find out again, before there is any mount. */
static int add_dumped(void *context, const char *destination, const char *source, struct error *err)
{
	const struct dump *dump = context;
	owned_string place = external_mount_place(dump->root, destination, err);
	owned_string name = place ? external_mount_place(dump->rootfs, destination, err) : NULL;

	(void)source;
	return name ? criu_add_external_mount(dump->options, place, name, err) : -1;
}

static int add_mask(const struct dump *dump, const char *path, struct error *err)
{
	owned_fd fd = beneath_open(dump->root, path, O_PATH, 0);
	struct stat st;

	if (fd < 0 || fstat(fd, &st))
		return errno == ENOENT || errno == ENOTDIR ? 0 : error_errno(err, errno, "open");
	/* A masked directory is a tmpfs of the container's own. */
	if (S_ISDIR(st.st_mode))
		return 0;
	owned_string place = path_below(dump->root, fd, err);
	return place ? criu_add_external_mount(dump->options, place, MASK, err) : -1;
}

int external_mounts_dump(const struct config *config, int root, const char *rootfs,
			 const struct string_list *groups, struct criu_options *options,
			 struct error *err)
{
	const struct linux_config *linux_ = config->linux_;
	owned_fd outside = open(rootfs, O_PATH | O_DIRECTORY | O_CLOEXEC);
	struct dump dump = { options, root, outside };

	if (outside < 0)
		return error_errno(err, errno, "rootfs '%s'", rootfs);
	if (each_mount(config, groups, add_dumped, &dump, err))
		return -1;
	for (size_t i = 0; linux_ && i < linux_->masked_paths.n; i++)
		if (add_mask(&dump, linux_->masked_paths.v[i], err))
			return error_prefix(err, "linux.maskedPaths[%zu]: %s", i,
					    linux_->masked_paths.v[i]);
	return 0;
}

/* ---- restore ---- */

struct restore {
	struct criu_options *options;
	const char *bundle;
	int rootfs;
};

static int add_restored(void *context, const char *destination, const char *source,
			struct error *err)
{
	const struct restore *restore = context;
	owned_string name = external_mount_place(restore->rootfs, destination, err);
	owned_string path = source[0] == '/' ? strdup(source)
					     : text_format("%s/%s", restore->bundle, source);

	if (!name)
		return -1;
	return path ? criu_add_external_mount(restore->options, name, path, err)
		    : error_errno(err, ENOMEM, "source '%s'", source);
}

int external_mounts_restore(const struct config *config, const char *bundle, const char *rootfs,
			    const struct string_list *groups, struct criu_options *options,
			    struct error *err)
{
	const struct linux_config *linux_ = config->linux_;
	owned_fd outside = open(rootfs, O_PATH | O_DIRECTORY | O_CLOEXEC);
	struct restore restore = { options, bundle, outside };

	if (outside < 0)
		return error_errno(err, errno, "rootfs '%s'", rootfs);
	if (each_mount(config, groups, add_restored, &restore, err))
		return -1;
	return linux_ && linux_->masked_paths.n ? criu_add_external_mount(options, MASK, MASK, err)
						: 0;
}
