/* The walk over groups, on plain directories: it needs nothing of cgroups. */
#include "runtime/cgroup/tree.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static char top[64];

static int make_top(void **state)
{
	(void)state;
	snprintf(top, sizeof top, "/tmp/orun-tree-XXXXXX");
	return mkdtemp(top) ? 0 : -1;
}

static int remove_top(void **state)
{
	(void)state;
	return rmdir(top);
}

static void make(const char *below)
{
	char path[256];

	snprintf(path, sizeof path, "%s/%s", top, below);
	assert_int_equal(mkdir(path, 0755), 0);
}

static int count(int directory_fd, void *context, struct error *err)
{
	(void)directory_fd, (void)err;
	++*(unsigned *)context;
	return 0;
}

static int remove_one(int parent_fd, const char *name, void *context, struct error *err)
{
	(void)context;
	return unlinkat(parent_fd, name, AT_REMOVEDIR) ? error_errno(err, errno, "%s", name) : 0;
}

static void clean(void)
{
	const struct cgroup_visitor visitor = { .leave = remove_one };
	struct error err = { 0 };

	if (cgroup_walk(top, &visitor, &err))
		fail_msg("%s", err.msg);
}

static unsigned count_all(void)
{
	unsigned n = 0;
	const struct cgroup_visitor visitor = { .enter = count, .context = &n };
	struct error err = { 0 };

	if (cgroup_walk(top, &visitor, &err))
		fail_msg("%s", err.msg);
	return n;
}

static void every_group_is_entered_once(void **state)
{
	(void)state;
	make("a");
	make("a/b");
	make("a/c");
	make("a/c/d");
	make("e");
	assert_int_equal(count_all(), 6);
	clean();
	assert_int_equal(count_all(), 1);
}

/* More than one answer of getdents64(2) holds. */
static void broad_trees(void **state)
{
	char name[64];

	(void)state;
	for (int i = 0; i < 600; i++) {
		snprintf(name, sizeof name, "group-with-a-rather-long-name-%d", i);
		make(name);
	}
	assert_int_equal(count_all(), 601);
	clean();
	assert_int_equal(count_all(), 1);
}

/* Longer than PATH_MAX, and more levels than there are descriptors. */
static void deep_trees(void **state)
{
	int fd = open(top, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	unsigned depth = 3000;

	(void)state;
	for (unsigned i = 0; i < depth; i++) {
		assert_int_equal(mkdirat(fd, "deep", 0755), 0);
		int below = openat(fd, "deep", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
		close(fd);
		fd = below;
	}
	close(fd);
	assert_int_equal(count_all(), depth + 1);
	clean();
	assert_int_equal(count_all(), 1);
}

static void symlinks_lead_nowhere(void **state)
{
	char path[256];

	(void)state;
	snprintf(path, sizeof path, "%s/link", top);
	assert_int_equal(symlink("/", path), 0);
	assert_int_equal(count_all(), 1);
	assert_int_equal(unlink(path), 0);
}

static int refuse(int directory_fd, void *context, struct error *err)
{
	(void)directory_fd, (void)context;
	return error_set(err, EINTR, "enough");
}

static void a_visitors_error_ends_the_walk(void **state)
{
	const struct cgroup_visitor visitor = { .enter = refuse };
	struct error err = { 0 };

	(void)state;
	make("a");
	assert_int_equal(cgroup_walk(top, &visitor, &err), -1);
	assert_string_equal(err.msg, "enough");
	clean();
}

static void an_absent_tree_is_walked_at_once(void **state)
{
	const struct cgroup_visitor visitor = { .enter = refuse };
	struct error err = { 0 };

	(void)state;
	assert_int_equal(cgroup_walk("/tmp/orun-no-such-group", &visitor, &err), 0);
	assert_int_equal(cgroup_walk("/etc/passwd", &visitor, &err), -1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_group_is_entered_once),
		cmocka_unit_test(broad_trees),
		cmocka_unit_test(deep_trees),
		cmocka_unit_test(symlinks_lead_nowhere),
		cmocka_unit_test(a_visitors_error_ends_the_walk),
		cmocka_unit_test(an_absent_tree_is_walked_at_once),
	};

	return cmocka_run_group_tests(tests, make_top, remove_top);
}
