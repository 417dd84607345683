/* Which hierarchies are mounted, and where the caller is in them. */
#include "tests/unit/cgroup_texts.h"

/* "version name mountpoint caller" of each, a line each. */
static void check_layout(const struct host_texts *host, bool v2_only, const char *expected)
{
	char text[4096] = "";
	size_t length = 0;
	struct cgroup_layout layout;

	read_host(host, &layout);
	for (size_t i = 0; i < layout.n; i++) {
		const struct cgroup_hierarchy *one = &layout.hierarchies[i];
		length += (size_t)snprintf(text + length, sizeof text - length, "%d %s %s %s\n",
					   one->version, one->name, one->mountpoint, one->caller);
		assert_null(one->directory);
	}
	assert_string_equal(text, expected);
	assert_int_equal(layout.v2_only, v2_only);
	cgroup_layout_finish(&layout);
}

static void hybrid_has_every_controller_and_v2_first(void **state)
{
	(void)state;
	check_layout(&hybrid_host, false,
		     "2  /sys/fs/cgroup/unified /\n"
		     "1 name=systemd /sys/fs/cgroup/systemd /\n"
		     "1 pids /sys/fs/cgroup/pids /\n"
		     "1 blkio /sys/fs/cgroup/blkio /\n"
		     "1 freezer /sys/fs/cgroup/freezer /\n"
		     "1 devices /sys/fs/cgroup/devices /\n"
		     "1 memory /sys/fs/cgroup/memory /process_api/3256\n"
		     "1 cpuset /sys/fs/cgroup/cpuset /\n"
		     "1 cpuacct /sys/fs/cgroup/cpuacct /\n"
		     "1 cpu /sys/fs/cgroup/cpu /\n");
}

static void v2_alone(void **state)
{
	(void)state;
	check_layout(&v2_host, true,
		     "2  /sys/fs/cgroup /user.slice/user-1000.slice/session-3.scope\n");
}

static void controllers_that_share_a_hierarchy(void **state)
{
	(void)state;
	check_layout(&v1_host, false,
		     "1 rdma /sys/fs/cgroup/rdma /\n"
		     "1 hugetlb /sys/fs/cgroup/hugetlb /\n"
		     "1 memory /sys/fs/cgroup/memory /system.slice/x.service\n"
		     "1 devices /sys/fs/cgroup/devices /\n"
		     "1 net_cls,net_prio /sys/fs/cgroup/net_cls,net_prio /\n"
		     "1 cpu,cpuacct /sys/fs/cgroup/cpu,cpuacct /system.slice\n"
		     "1 name=systemd /sys/fs/cgroup/systemd /system.slice/x.service\n");
}

/* "/docker/abcdef" only looks as if it were below the mount's root "/docker/abc". */
static void nested_mounts_show_a_part_of_the_tree(void **state)
{
	(void)state;
	check_layout(&nested_host, false,
		     "1 memory /sys/fs/cgroup/memory /inner\n"
		     "1 devices /sys/fs/cgroup/devices /\n"
		     "1 name=systemd /sys/fs/cgroup/systemd /\n");
}

static void a_caller_outside_its_cgroup_namespace_starts_at_the_mount(void **state)
{
	const struct host_texts host = {
		.mountinfo = "30 21 0:26 /../.. /sys/fs/cgroup rw - cgroup2 cgroup2 rw\n",
		.self_cgroup = "0::/../other\n",
	};

	(void)state;
	check_layout(&host, true, "2  /sys/fs/cgroup /\n");
}

static void mounts_that_others_cover_are_out_of_reach(void **state)
{
	const struct host_texts host = {
		.mountinfo = "1 0 8:1 / / rw - ext4 root rw\n"
			     "10 1 0:3 / /sys rw - sysfs sysfs rw\n"
			     "11 10 0:4 / /sys/fs/cgroup rw - tmpfs tmpfs rw\n"
			     "12 11 0:5 / /sys/fs/cgroup/memory rw - cgroup cgroup rw,memory\n"
			     "13 11 0:6 / /sys/fs/cgroup rw - cgroup2 cgroup2 rw\n",
		.self_cgroup = "2:memory:/\n0::/a\n",
	};

	(void)state;
	check_layout(&host, true, "2  /sys/fs/cgroup /a\n");
}

/* Mounts that an initramfs made are older than the root they were moved to. */
static void the_root_above_a_mount_does_not_cover_it(void **state)
{
	const struct host_texts host = {
		.mountinfo = "10 27 0:3 / /sys rw - sysfs sysfs rw\n"
			     "12 10 0:6 / /sys/fs/cgroup rw - cgroup2 cgroup2 rw\n"
			     "27 1 8:1 / / rw - ext4 root rw\n",
		.self_cgroup = "0::/\n",
	};

	(void)state;
	check_layout(&host, true, "2  /sys/fs/cgroup /\n");
}

static void beside_v1_a_cgroup2_elsewhere_is_not_the_hosts(void **state)
{
	const struct host_texts host = {
		.mountinfo = "12 11 0:5 / /sys/fs/cgroup/memory rw - cgroup cgroup rw,memory\n"
			     "13 11 0:6 / /run/plugin/cgroup2 rw - cgroup2 cgroup2 rw\n",
		.self_cgroup = "2:memory:/\n0::/\n",
	};

	(void)state;
	check_layout(&host, false, "1 memory /sys/fs/cgroup/memory /\n");
}

static void elsewhere_is_taken_when_there_is_nothing_else(void **state)
{
	const struct host_texts host = {
		.mountinfo = "13 11 0:6 / /tmp/my\\040tree\\134x rw - cgroup2 cgroup2 rw\n",
		.self_cgroup = "0::/\n",
	};

	(void)state;
	check_layout(&host, true, "2  /tmp/my tree\\x /\n");
}

static void the_first_of_two_mounts_of_a_hierarchy_wins(void **state)
{
	const struct host_texts host = {
		.mountinfo = "9 1 0:5 / /mnt/copy rw - cgroup cgroup rw,memory\n"
			     "12 1 0:5 / /sys/fs/cgroup/memory rw - cgroup cgroup rw,memory\n"
			     "13 1 0:5 / /sys/fs/cgroup/again rw - cgroup cgroup rw,memory\n",
		.self_cgroup = "2:memory:/\n0::/\n",
	};

	(void)state;
	check_layout(&host, false, "1 memory /sys/fs/cgroup/memory /\n");
}

/* A controller whose name is part of another option. */
static void options_are_compared_as_words(void **state)
{
	const struct host_texts host = {
		.mountinfo = "12 1 0:5 / /sys/fs/cgroup/cpuset rw - cgroup cgroup rw,cpuset\n",
		.self_cgroup = "2:cpu:/\n1:cpuset:/\n",
	};

	(void)state;
	check_layout(&host, false, "1 cpuset /sys/fs/cgroup/cpuset /\n");
}

static void broken_lines_are_passed_over(void **state)
{
	const struct host_texts host = {
		.mountinfo = "\n1\n1 2\n1 2 3 4 5\n1 2 3 4 5 6 7\nx y z / /a rw - cgroup2 c rw\n"
			     "1 1 0:5 / /a rw - cgroup2\n99999999999999999999 1 0:1 / / rw - "
			     "cgroup2 c rw\n5 6 0:1 / /five rw - cgroup2 cgroup2 rw\n"
			     "6 5 0:1 / /six rw - tmpfs t rw\n",
		.self_cgroup = "\n:\n::\n0:\nno colon\n0::relative\n0::/\n3:\n",
	};

	(void)state;
	check_layout(&host, true, "2  /five /\n");
}

static void nothing_mounted(void **state)
{
	const struct host_texts host = { .mountinfo = "", .self_cgroup = "" };

	(void)state;
	check_layout(&host, false, "");
}

static void controllers_are_found_in_v1_first_and_then_in_v2(void **state)
{
	struct cgroup_layout layout;

	(void)state;
	read_host(&hybrid_host, &layout);
	assert_int_equal(cgroup_layout_find(&layout, "memory"), 6);
	assert_int_equal(cgroup_layout_find(&layout, "hugetlb"), 0);
	assert_int_equal(cgroup_layout_find(&layout, "huge"), -1);
	assert_int_equal(cgroup_layout_find(&layout, "rdma"), -1);
	assert_int_equal(cgroup_layout_v2(&layout), 0);
	cgroup_layout_finish(&layout);
}

static void words(void **state)
{
	(void)state;
	assert_true(cgroup_word_in("a,bc,d", "a", ','));
	assert_true(cgroup_word_in("a,bc,d", "bc", ','));
	assert_true(cgroup_word_in("a,bc,d", "d", ','));
	assert_false(cgroup_word_in("a,bc,d", "b", ','));
	assert_false(cgroup_word_in("a,bc,d", "c", ','));
	assert_false(cgroup_word_in("", "c", ','));
	assert_true(cgroup_word_in("name=x", "name=x", ','));
}

static void this_host_can_be_read(void **state)
{
	struct cgroup_layout layout;
	struct error err = { 0 };

	(void)state;
	assert_int_equal(cgroup_layout_read(&layout, &err), 0);
	for (size_t i = 0; i < layout.n; i++)
		assert_int_equal(layout.hierarchies[i].mountpoint[0], '/');
	cgroup_layout_finish(&layout);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(hybrid_has_every_controller_and_v2_first),
		cmocka_unit_test(v2_alone),
		cmocka_unit_test(controllers_that_share_a_hierarchy),
		cmocka_unit_test(nested_mounts_show_a_part_of_the_tree),
		cmocka_unit_test(a_caller_outside_its_cgroup_namespace_starts_at_the_mount),
		cmocka_unit_test(mounts_that_others_cover_are_out_of_reach),
		cmocka_unit_test(the_root_above_a_mount_does_not_cover_it),
		cmocka_unit_test(beside_v1_a_cgroup2_elsewhere_is_not_the_hosts),
		cmocka_unit_test(elsewhere_is_taken_when_there_is_nothing_else),
		cmocka_unit_test(the_first_of_two_mounts_of_a_hierarchy_wins),
		cmocka_unit_test(options_are_compared_as_words),
		cmocka_unit_test(broken_lines_are_passed_over),
		cmocka_unit_test(nothing_mounted),
		cmocka_unit_test(controllers_are_found_in_v1_first_and_then_in_v2),
		cmocka_unit_test(words),
		cmocka_unit_test(this_host_can_be_read),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
