/* Finds the mounted cgroup hierarchies and the caller's place in them from two procfs texts.
 * Must not know of containers, limits or what will be written. */
#include "runtime/cgroup/layout.h"

#include <fcntl.h>
#include <stdlib.h>
#include <string.h>

#include "spec/base/io.h"
#include "spec/base/mountinfo.h"
#include "spec/base/owned.h"

#define PREFERRED_PARENT "/sys/fs/cgroup"
#define PROC_TEXT_MAX (64u << 20)

/* What matters here of a line of mountinfo; the texts are still escaped. */
struct mount_line {
	int64_t id, parent;
	char *root, *mountpoint, *super_options;
	int version; /* 1 or 2; 0: not a cgroup mount */
};

struct mount_lines {
	struct mount_line *v;
	size_t n;
};

bool cgroup_word_in(const char *text, const char *word, char separator)
{
	size_t length = strlen(word);

	for (const char *at = text; at; at = strchr(at, separator)) {
		at += *at == separator;
		if (strncmp(at, word, length) == 0 && (!at[length] || at[length] == separator))
			return true;
	}
	return false;
}

static int parse_mountinfo(char *text, struct mount_lines *lines)
{
	size_t capacity = 0;
	struct mountinfo found;

	while (mountinfo_next(&text, &found)) {
		const struct mount_line mount = {
			.id = found.id,
			.parent = found.parent,
			.root = found.root,
			.mountpoint = found.mountpoint,
			.super_options = found.super_options,
			.version = text_equal(found.type, "cgroup2")  ? 2
				   : text_equal(found.type, "cgroup") ? 1
								      : 0,
		};
		if (lines->n == capacity) {
			size_t more = capacity ? capacity * 2 : 64;
			struct mount_line *v = reallocarray(lines->v, more, sizeof *v);
			if (!v)
				return -1;
			lines->v = v;
			capacity = more;
		}
		lines->v[lines->n++] = mount;
	}
	return 0;
}

static bool is_at_or_above(const char *ancestor, const char *path)
{
	size_t length = strlen(ancestor);

	if (strcmp(ancestor, "/") == 0)
		return true;
	return strncmp(ancestor, path, length) == 0 && (!path[length] || path[length] == '/');
}

static const struct mount_line *mount_by_id(const struct mount_lines *lines, int64_t id)
{
	for (size_t i = 0; i < lines->n; i++)
		if (lines->v[i].id == id)
			return &lines->v[i];
	return NULL;
}

/* A mount is hidden when another one lies on its mount point or on a directory above it, on the way
 * from the root. @on is one mount of that way and @next the one the way goes on to (NULL: @on is the
 * mount in question). */
static bool way_is_covered(const struct mount_lines *lines, const struct mount_line *on,
			   const struct mount_line *next)
{
	const char *to = next ? next->mountpoint : on->mountpoint;

	for (size_t i = 0; i < lines->n; i++) {
		const struct mount_line *other = &lines->v[i];
		if (other != next && other != on && other->parent == on->id &&
		    is_at_or_above(other->mountpoint, to))
			return true;
	}
	return false;
}

static bool is_visible(const struct mount_lines *lines, const struct mount_line *mount)
{
	const struct mount_line *on = mount, *next = NULL;

	/* The kernel's mounts form a tree; the bound is for texts that are not the kernel's. */
	for (size_t depth = 0; on && depth <= lines->n; depth++) {
		if (way_is_covered(lines, on, next))
			return false;
		next = on;
		on = on->parent == on->id ? NULL : mount_by_id(lines, on->parent);
	}
	return true;
}

static const struct mount_line *choose_mount(const struct mount_lines *lines, int version,
					     const char *option, bool anywhere)
{
	const struct mount_line *elsewhere = NULL;

	for (size_t i = 0; i < lines->n; i++) {
		const struct mount_line *mount = &lines->v[i];
		if (mount->version != version ||
		    (option && !cgroup_word_in(mount->super_options, option, ',')) ||
		    !is_visible(lines, mount))
			continue;
		if (is_at_or_above(PREFERRED_PARENT, mount->mountpoint))
			return mount;
		if (!elsewhere)
			elsewhere = mount;
	}
	return anywhere ? elsewhere : NULL;
}

/* The caller's group relative to the mount: without a cgroup namespace, a container's mount shows a
 * part of the host's tree, while /proc/self/cgroup names the whole path. A group that the mount does
 * not show ("/..", or another branch) gives the mount's root. */
static char *caller_below_mount(const char *root, const char *group)
{
	if (strstr(group, "/..") || !is_at_or_above(root, group))
		return strdup("/");
	if (strcmp(root, "/") != 0)
		group += strlen(root);
	return strdup(*group ? group : "/");
}

static int add_hierarchy(struct cgroup_layout *layout, int version, const char *name,
			 const struct mount_line *mount, const char *group)
{
	struct cgroup_hierarchy *all =
		reallocarray(layout->hierarchies, layout->n + 1, sizeof *all);

	if (!all)
		return -1;
	layout->hierarchies = all;
	struct cgroup_hierarchy *added = &all[layout->n++];
	owned_string root = strdup(mount->root);
	*added = (struct cgroup_hierarchy){
		.version = version,
		.name = strdup(name),
		.mountpoint = strdup(mount->mountpoint),
	};
	if (!root || !added->name || !added->mountpoint)
		return -1;
	mountinfo_unescape(root);
	mountinfo_unescape(added->mountpoint);
	added->caller = caller_below_mount(root, group);
	return added->caller ? 0 : -1;
}

/* One line of /proc/self/cgroup, "4:cpu,cpuacct:/user.slice", cut into its name and its group. */
static bool cut_group_line(char *line, char **name, char **group)
{
	*name = strchr(line, ':');
	*group = *name ? strchr(*name + 1, ':') : NULL;
	if (!*group)
		return false;
	*(*name)++ = '\0';
	*(*group)++ = '\0';
	return **group == '/';
}

static int add_hierarchies(const struct mount_lines *lines, char *self_cgroup,
			   struct cgroup_layout *layout)
{
	char *line, *name, *group, *v2_group = NULL;

	layout->v2_only = true;
	while ((line = strsep(&self_cgroup, "\n"))) {
		if (!cut_group_line(line, &name, &group))
			continue;
		if (!*name) {
			v2_group = group;
			continue;
		}
		owned_string first = strndup(name, strcspn(name, ","));
		if (!first)
			return -1;
		const struct mount_line *mount = choose_mount(lines, 1, first, true);
		if (!mount)
			continue;
		if (add_hierarchy(layout, 1, name, mount, group))
			return -1;
		if (!text_starts_with(name, "name="))
			layout->v2_only = false;
	}
	/* Beside v1, a cgroup2 mount somewhere else is someone's private one (network plugins). */
	const struct mount_line *mount = v2_group ? choose_mount(lines, 2, NULL, layout->n == 0)
						  : NULL;
	if (mount && add_hierarchy(layout, 2, "", mount, v2_group))
		return -1;
	if (!mount)
		layout->v2_only = false;
	return 0;
}

/* v2 comes first: its group is the cheapest to list, freeze and kill. */
static void move_v2_first(struct cgroup_layout *layout)
{
	size_t last = layout->n - 1;

	if (layout->n < 2 || layout->hierarchies[last].version != 2)
		return;
	struct cgroup_hierarchy v2 = layout->hierarchies[last];
	memmove(&layout->hierarchies[1], &layout->hierarchies[0], last * sizeof v2);
	layout->hierarchies[0] = v2;
}

int cgroup_layout_parse(char *mountinfo, char *self_cgroup, struct cgroup_layout *layout,
			struct error *err)
{
	struct mount_lines lines = { 0 };

	*layout = (struct cgroup_layout){ 0 };
	int failed = parse_mountinfo(mountinfo, &lines) ||
		     add_hierarchies(&lines, self_cgroup, layout);
	free(lines.v);
	if (failed) {
		cgroup_layout_finish(layout);
		return error_errno(err, ENOMEM, "cgroup layout");
	}
	move_v2_first(layout);
	return 0;
}

int cgroup_layout_read(struct cgroup_layout *layout, struct error *err)
{
	owned_string mountinfo = mountinfo_read(AT_FDCWD, "/proc/self/mountinfo", err);
	owned_string self_cgroup = NULL;

	*layout = (struct cgroup_layout){ 0 };
	if (!mountinfo ||
	    read_file_at(AT_FDCWD, "/proc/self/cgroup", PROC_TEXT_MAX, &self_cgroup, NULL, err))
		return -1;
	return cgroup_layout_parse(mountinfo, self_cgroup, layout, err);
}

ssize_t cgroup_layout_v2(const struct cgroup_layout *layout)
{
	return layout->n && layout->hierarchies[0].version == 2 ? 0 : -1;
}

static const char *v2_controllers(struct cgroup_layout *layout)
{
	if (!layout->v2_controllers && cgroup_layout_v2(layout) >= 0) {
		char words[4096] = "";
		owned_string path =
			text_format("%s/cgroup.controllers", layout->hierarchies[0].mountpoint);

		/* A tree that does not say what it has is one that has nothing to offer. */
		if (path)
			read_line_at(AT_FDCWD, path, words, sizeof words, NULL);
		layout->v2_controllers = strdup(words);
	}
	return layout->v2_controllers ? layout->v2_controllers : "";
}

ssize_t cgroup_layout_find(struct cgroup_layout *layout, const char *controller)
{
	for (size_t i = 0; i < layout->n; i++)
		if (layout->hierarchies[i].version == 1 &&
		    cgroup_word_in(layout->hierarchies[i].name, controller, ','))
			return (ssize_t)i;
	return cgroup_word_in(v2_controllers(layout), controller, ' ') ? cgroup_layout_v2(layout)
								       : -1;
}

void cgroup_hierarchy_finish(struct cgroup_hierarchy *hierarchy)
{
	free(hierarchy->mountpoint);
	free(hierarchy->name);
	free(hierarchy->caller);
	free(hierarchy->directory);
	free(hierarchy->relative);
	*hierarchy = (struct cgroup_hierarchy){ 0 };
}

void cgroup_layout_finish(struct cgroup_layout *layout)
{
	for (size_t i = 0; i < layout->n; i++)
		cgroup_hierarchy_finish(&layout->hierarchies[i]);
	free(layout->hierarchies);
	free(layout->v2_controllers);
	*layout = (struct cgroup_layout){ 0 };
}
