/* The control groups: which hierarchies are mounted, and which controllers they have. */
#include <fcntl.h>
#include <unistd.h>

#include "runtime/cgroup/layout.h"
#include "runtime/probe.h"
#include "spec/base/owned.h"

static bool read_layout(struct cgroup_layout *layout, struct buffer *detail)
{
	struct error error = { 0 };

	*layout = (struct cgroup_layout){ 0 };
	if (cgroup_layout_read(layout, &error) == 0 && layout->n)
		return true;
	buffer_print(detail, "%s", error.msg[0] ? error.msg : "no cgroup file system is mounted");
	cgroup_layout_finish(layout);
	return false;
}

static bool hierarchies(struct buffer *detail)
{
	struct cgroup_layout layout;

	if (!read_layout(&layout, detail))
		return false;
	bool v2 = cgroup_layout_v2(&layout) >= 0;
	buffer_print(detail, "%s", layout.v2_only ? "v2" : v2 ? "v1, with v2 beside it" : "v1");
	cgroup_layout_finish(&layout);
	return true;
}

static bool controllers(struct buffer *detail)
{
	static const char *const names[] = { "cpu",	"cpuacct",  "cpuset",  "memory",  "pids",
					     "blkio",	"io",	    "devices", "freezer", "hugetlb",
					     "net_cls", "net_prio", "rdma",    "misc" };
	struct cgroup_layout layout;
	size_t before = detail->length;

	if (!read_layout(&layout, detail))
		return false;
	for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
		ssize_t at = cgroup_layout_find(&layout, names[i]);
		if (at >= 0)
			buffer_print(detail, "%s%s (v%d)", detail->length > before ? ", " : "",
				     names[i], layout.hierarchies[at].version);
	}
	cgroup_layout_finish(&layout);
	if (detail->length > before)
		return true;
	buffer_print(detail, "no hierarchy has any");
	return false;
}

/* As the caller: an ordinary user may where a group was delegated. */
static bool may_make_groups(struct buffer *detail)
{
	struct cgroup_layout layout;
	bool may = false;

	if (!read_layout(&layout, detail))
		return false;
	size_t before = detail->length;
	for (size_t i = 0; i < layout.n; i++) {
		const struct cgroup_hierarchy *hierarchy = &layout.hierarchies[i];
		owned_string path = text_format("%s/%s", hierarchy->mountpoint, hierarchy->caller);
		if (!path || faccessat(AT_FDCWD, path, W_OK, AT_EACCESS))
			continue;
		buffer_print(detail, "%s%s", detail->length > before ? ", " : "below ",
			     hierarchy->version == 2 ? "v2" : hierarchy->name);
		may = true;
	}
	if (!may)
		buffer_print(detail, "the caller may not write to a group of its own");
	cgroup_layout_finish(&layout);
	return may;
}

const struct probe probes_of_cgroups[] = {
	{ "cgroups", hierarchies },
	{ "cgroup controllers", controllers },
	{ "new cgroups", may_make_groups },
	{ NULL, NULL },
};
