/* What create is going to make, told beforehand; the hierarchies are plain directories here. */
#include "tests/unit/sandbox.h"

#include "runtime/cgroup/cgroup.h"

static struct error err;

static int new_mount(void **state)
{
	err = (struct error){ 0 };
	if (sandbox_setup(state))
		return -1;
	make_folder(in_sandbox("memory"));
	return 0;
}

/* Appends to @made what is foreseen for @directory beneath the hierarchy "memory" of the sandbox. */
static void foresee(const char *directory, struct string_list *made)
{
	char mountpoint[128], path[256];
	struct cgroup_hierarchy hierarchy = { .version = 1,
					      .mountpoint = mountpoint,
					      .directory = path };
	const struct cgroup_plan plan = { .hierarchies = &hierarchy, .n_hierarchies = 1 };

	snprintf(mountpoint, sizeof mountpoint, "%s/memory", sandbox);
	snprintf(path, sizeof path, "%s/memory%s", sandbox, directory);
	SUCCEEDS(cgroup_foresee(&plan, made, &err));
	assert_false(exists(path) && made->n);
}

static void check(const char *directory, const char *expected)
{
	struct string_list made = { 0 };
	char path[256];

	foresee(directory, &made);
	if (expected) {
		snprintf(path, sizeof path, "%s/memory%s", sandbox, expected);
		assert_int_equal(made.n, 1);
		assert_string_equal(made.v[0], path);
	} else {
		assert_int_equal(made.n, 0);
	}
	string_list_finish(&made);
}

static void the_topmost_missing_group_is_foreseen(void **state)
{
	(void)state;
	check("/a", "/a");
	check("/a/b/c", "/a");
	make_folder(in_sandbox("memory/a"));
	check("/a/b/c", "/a/b");
	make_folder(in_sandbox("memory/a/b"));
	check("/a/b/c", "/a/b/c");
}

static void what_is_there_will_not_be_made(void **state)
{
	(void)state;
	make_folder(in_sandbox("memory/a"));
	check("/a", NULL);
	check("", NULL);
}

static void every_hierarchy_has_its_own(void **state)
{
	struct string_list made = { 0 };

	(void)state;
	assert_int_equal(string_list_add(&made, "/was/there/before"), 0);
	foresee("/a", &made);
	foresee("/b/c", &made);
	assert_int_equal(made.n, 3);
	assert_string_equal(made.v[0], "/was/there/before");
	assert_string_equal(made.v[1], in_sandbox("memory/a"));
	assert_string_equal(made.v[2], in_sandbox("memory/b"));
	string_list_finish(&made);
}

/* Above its mount there is nothing of a hierarchy, even when the mount itself has gone. */
static void nothing_above_the_mount_is_foreseen(void **state)
{
	(void)state;
	assert_int_equal(rmdir(in_sandbox("memory")), 0);
	check("/a/b", "/a");
}

#define CASE(name) cmocka_unit_test_setup_teardown(name, new_mount, sandbox_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		CASE(the_topmost_missing_group_is_foreseen),
		CASE(what_is_there_will_not_be_made),
		CASE(every_hierarchy_has_its_own),
		CASE(nothing_above_the_mount_is_foreseen),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
