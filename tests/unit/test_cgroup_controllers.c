/* Passing v2 controllers on: with hugetlb, which the machines of today leave to v2 even beside v1. */
#include "tests/unit/cgroup_host.h"

static struct hugepage_limit page = { (char[]){ "2MB" }, 4 << 20 };
static struct hugepage_limit *pages[] = { &page };
static struct resources limited = { .hugepage_limits = { pages, 1 } };

/* Whether the machine's root passes hugetlb on is put back at the end. */
static bool was_enabled;

static bool root_passes_hugetlb(void)
{
	char path[128], words[256] = "";

	snprintf(path, sizeof path, "%s/cgroup.subtree_control", v2_mount);
	read_line_at(AT_FDCWD, path, words, sizeof words, NULL);
	return cgroup_word_in(words, "hugetlb", ' ');
}

static int setup(void **state)
{
	int ret = host_setup(state);

	was_enabled = !v2_missing && root_passes_hugetlb();
	return ret;
}

static int teardown(void **state)
{
	char path[128];

	snprintf(path, sizeof path, "%s/cgroup.subtree_control", v2_mount);
	if (!v2_missing && !was_enabled)
		write_kernel_file_at(AT_FDCWD, path, "-hugetlb", NULL);
	return host_teardown(state);
}

static bool hugetlb_is_missing(void)
{
	char path[128], words[256] = "";

	snprintf(path, sizeof path, "%s/cgroup.controllers", v2_mount);
	read_line_at(AT_FDCWD, path, words, sizeof words, NULL);
	return !cgroup_word_in(words, "hugetlb", ' ');
}

#define NEED_HUGETLB()                                                   \
	do {                                                             \
		NEED_V2();                                               \
		if (hugetlb_is_missing()) {                              \
			print_message("skip: v2 has no hugetlb here\n"); \
			skip();                                          \
		}                                                        \
	} while (0)

static void controllers_are_enabled_on_the_way_down(void **state)
{
	struct box box;

	(void)state;
	NEED_HUGETLB();
	plan_v2("deep/er", &limited, &box.plan);
	box_create(&box);
	check_file(box.directories.v[0], "hugetlb.2MB.max", "4194304");
	check_file(box.directories.v[0], "hugetlb.2MB.rsvd.max", "4194304");
	box_finish(&box);
}

static void every_controller_is_enabled_where_v2_is_alone(void **state)
{
	struct box box;
	char path[256], words[256];
	struct error err = { 0 };

	(void)state;
	NEED_HUGETLB();
	plan_v2("every", NULL, &box.plan);
	box.plan.every_v2_controller = true;
	box_create(&box);
	snprintf(path, sizeof path, "%s/cgroup.controllers", box.directories.v[0]);
	assert_int_equal(read_line_at(AT_FDCWD, path, words, sizeof words, &err), 0);
	assert_true(cgroup_word_in(words, "hugetlb", ' '));
	box_finish(&box);
}

static void a_group_with_processes_passes_no_controller_on(void **state)
{
	struct box parent, box;
	struct error err = { 0 };

	(void)state;
	NEED_HUGETLB();
	plan_v2("busy", &limited, &parent.plan);
	box_create(&parent);
	pid_t pid = box_spawn(&parent, sleep_forever, NULL);
	plan_v2("busy/box", &limited, &box.plan);
	assert_int_equal(cgroup_create(&box.plan, &err), -1);
	assert_int_equal(err.code, EBUSY);
	assert_non_null(strstr(err.msg,
			       "linux.resources.hugepageLimits[0]: enable controller hugetlb: "
			       "write '+hugetlb' to "));
	assert_non_null(strstr(err.msg,
			       "; a cgroup v2 group that has processes of its own passes no "
			       "controller on"));
	assert_int_equal(access(box.plan.hierarchies[0].directory, F_OK), -1);
	cgroup_plan_finish(&box.plan);
	kill(pid, SIGKILL);
	assert_int_equal(exit_status(pid), -SIGKILL);
	box_finish(&parent);
}

/* Without a limit nothing needs to be passed on. */
static void a_busy_parent_is_no_obstacle_without_limits(void **state)
{
	struct box parent, box;

	(void)state;
	NEED_V2();
	plan_v2("calm", NULL, &parent.plan);
	box_create(&parent);
	pid_t pid = box_spawn(&parent, sleep_forever, NULL);
	plan_v2("calm/box", NULL, &box.plan);
	box.plan.every_v2_controller = true;
	box_create(&box);
	pid_t inside = box_spawn(&box, sleep_forever, NULL);
	kill(inside, SIGKILL);
	assert_int_equal(exit_status(inside), -SIGKILL);
	box_finish(&box);
	kill(pid, SIGKILL);
	assert_int_equal(exit_status(pid), -SIGKILL);
	box_finish(&parent);
}

/* Beside a threaded group, and below a "domain threaded" one, a new group is "domain invalid". */
static void make_threaded_parent(struct box *parent, struct box *sibling)
{
	char path[256];
	struct error err = { 0 };

	plan_v2("threads", NULL, &parent->plan);
	box_create(parent);
	plan_v2("threads/one", NULL, &sibling->plan);
	box_create(sibling);
	snprintf(path, sizeof path, "%s/cgroup.type", sibling->directories.v[0]);
	assert_int_equal(write_kernel_file_at(AT_FDCWD, path, "threaded", &err), 0);
}

static void in_a_threaded_tree_there_are_no_domain_controllers(void **state)
{
	struct box parent, sibling, box;
	struct error err = { 0 };

	(void)state;
	NEED_HUGETLB();
	make_threaded_parent(&parent, &sibling);
	plan_v2("threads/two", &limited, &box.plan);
	assert_int_equal(cgroup_create(&box.plan, &err), -1);
	assert_int_equal(err.code, EOPNOTSUPP);
	assert_non_null(strstr(err.msg, "whose cgroup.type is 'domain invalid'"));
	cgroup_plan_finish(&box.plan);
	plan_v2("threads/two", NULL, &box.plan);
	box_create(&box);
	check_file(box.directories.v[0], "cgroup.type", "threaded");
	box_finish(&box);
	box_finish(&sibling);
	box_finish(&parent);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(controllers_are_enabled_on_the_way_down),
		cmocka_unit_test(every_controller_is_enabled_where_v2_is_alone),
		cmocka_unit_test(a_group_with_processes_passes_no_controller_on),
		cmocka_unit_test(a_busy_parent_is_no_obstacle_without_limits),
		cmocka_unit_test(in_a_threaded_tree_there_are_no_domain_controllers),
	};

	return cmocka_run_group_tests(tests, setup, teardown);
}
