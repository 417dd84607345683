/* Where the groups are, and which writes are planned in which hierarchy. */
#include "tests/unit/cgroup_texts.h"

#define SET(number)                            \
	{                                      \
		.set = true, .value = (number) \
	}

static const char *directory_of(const struct cgroup_plan *plan, const char *name)
{
	for (size_t i = 0; i < plan->n_hierarchies; i++)
		if (strcmp(plan->hierarchies[i].name, name) == 0)
			return plan->hierarchies[i].directory;
	return "none";
}

static void check_place(const struct host_texts *host, const char *cgroups_path, const char *name,
			const char *expected)
{
	struct cgroup_plan plan;
	struct error err = { 0 };

	if (plan_on(host, cgroups_path, NULL, &plan, &err))
		fail_msg("%s", err.msg);
	assert_string_equal(directory_of(&plan, name), expected);
	assert_int_equal(plan.default_path, cgroups_path == NULL);
	cgroup_plan_finish(&plan);
}

static void an_absolute_path_is_relative_to_each_mount(void **state)
{
	(void)state;
	check_place(&hybrid_host, "/orun/a", "memory", "/sys/fs/cgroup/memory/orun/a");
	check_place(&hybrid_host, "/orun/a", "", "/sys/fs/cgroup/unified/orun/a");
	check_place(&v2_host, "/orun/a", "", "/sys/fs/cgroup/orun/a");
	check_place(&nested_host, "/orun/a", "memory", "/sys/fs/cgroup/memory/orun/a");
	check_place(&v1_host, "/a", "cpu,cpuacct", "/sys/fs/cgroup/cpu,cpuacct/a");
}

static void a_relative_path_is_below_the_caller(void **state)
{
	(void)state;
	check_place(&hybrid_host, "a/b", "memory", "/sys/fs/cgroup/memory/process_api/3256/a/b");
	check_place(&hybrid_host, "a/b", "cpu", "/sys/fs/cgroup/cpu/a/b");
	check_place(&nested_host, "a", "memory", "/sys/fs/cgroup/memory/inner/a");
	check_place(&nested_host, "a", "devices", "/sys/fs/cgroup/devices/a");
}

static void an_absent_path_is_the_id_below_the_caller(void **state)
{
	(void)state;
	check_place(&hybrid_host, NULL, "memory", "/sys/fs/cgroup/memory/process_api/3256/box");
	check_place(&hybrid_host, NULL, "pids", "/sys/fs/cgroup/pids/box");
}

static void on_v2_alone_below_means_beside_the_caller(void **state)
{
	const struct host_texts at_the_root = { v2_host.mountinfo, "0::/\n", "" };
	const struct host_texts below_it = { v2_host.mountinfo, "0::/only\n", "" };

	(void)state;
	check_place(&v2_host, NULL, "", "/sys/fs/cgroup/user.slice/user-1000.slice/box");
	check_place(&v2_host, "a", "", "/sys/fs/cgroup/user.slice/user-1000.slice/a");
	check_place(&at_the_root, NULL, "", "/sys/fs/cgroup/box");
	check_place(&below_it, NULL, "", "/sys/fs/cgroup/box");
}

static void paths_are_cleaned_and_never_lead_outside(void **state)
{
	(void)state;
	check_place(&hybrid_host, "/../../etc//./x/", "cpu", "/sys/fs/cgroup/cpu/etc/x");
	check_place(&hybrid_host, "../../../x", "memory",
		    "/sys/fs/cgroup/memory/process_api/3256/x");
	check_place(&hybrid_host, "/a/b/../../c", "cpu", "/sys/fs/cgroup/cpu/c");
	check_place(&hybrid_host, "/..a/...", "cpu", "/sys/fs/cgroup/cpu/..a/...");
}

static void a_group_of_others_is_refused(void **state)
{
	static const char *const paths[] = { "/", "//", ".", "..", "/a/..", "./." };
	struct cgroup_plan plan;

	(void)state;
	for (size_t i = 0; i < sizeof paths / sizeof *paths; i++) {
		struct error err = { 0 };
		assert_int_equal(plan_on(&hybrid_host, paths[i], NULL, &plan, &err), -1);
		assert_int_equal(err.code, 22);
		assert_non_null(strstr(err.msg, "linux.cgroupsPath: '"));
	}
}

static void a_host_without_cgroups_is_an_error(void **state)
{
	const struct host_texts host = { "", "", NULL };
	struct cgroup_plan plan;
	struct error err = { 0 };

	(void)state;
	assert_int_equal(plan_on(&host, NULL, NULL, &plan, &err), -1);
	assert_string_equal(err.msg, "no cgroup file system is mounted");
}

static void writes_go_to_the_hierarchy_that_has_the_controller(void **state)
{
	struct hugepage_limit page = { (char[]){ "2MB" }, 4096 };
	struct hugepage_limit *pages[] = { &page };
	struct pids pids = { SET(5) };
	const struct resources resources = { .pids = &pids, .hugepage_limits = { pages, 1 } };
	struct cgroup_plan plan;
	struct error err = { 0 };

	(void)state;
	assert_int_equal(plan_on(&hybrid_host, NULL, &resources, &plan, &err), 0);
	const struct cgroup_write *last = plan.writes + plan.n_writes - 3;
	assert_string_equal(last[0].file, "pids.max");
	assert_string_equal(plan.hierarchies[last[0].hierarchy].name, "pids");
	assert_string_equal(last[1].file, "hugetlb.2MB.max");
	assert_string_equal(last[1].field, "linux.resources.hugepageLimits[0]");
	assert_int_equal(plan.hierarchies[last[1].hierarchy].version, 2);
	assert_false(plan.every_v2_controller);
	cgroup_plan_finish(&plan);
}

static void a_controller_that_nobody_has_is_named(void **state)
{
	struct interface_priority eth0 = { (char[]){ "eth0" }, 5 };
	struct interface_priority *priorities[] = { &eth0 };
	struct network network = { .priorities = { priorities, 1 } };
	struct pids pids = { SET(5) }, unlimited = { SET(-1) };

	(void)state;
	check_refusal(&hybrid_host, &(struct resources){ .network = &network },
		      "linux.resources.network.priorities[0]: no mounted cgroup hierarchy has the "
		      "net_prio controller");
	check_refusal(&v1_host, &(struct resources){ .pids = &pids },
		      "linux.resources.pids.limit: no mounted cgroup hierarchy has the pids "
		      "controller");
	check_writes(&v1_host, &(struct resources){ .pids = &unlimited }, "");
}

static void check_unified(const struct host_texts *host, const char *key, const char *value,
			  const char *writes, const char *message)
{
	struct string_pair pair = { (char *)key, (char *)value };
	const struct resources resources = { .unified = { &pair, 1 } };

	if (writes)
		check_writes(host, &resources, writes);
	else
		check_refusal(host, &resources, message);
}

static void unified_is_written_line_by_line(void **state)
{
	(void)state;
	check_unified(&v2_host, "io.max", "259:0 rbps=2 wiops=1\n253:0 rbps=2\n",
		      "io.max=259:0 rbps=2 wiops=1, io.max=253:0 rbps=2", NULL);
	check_unified(&v2_host, "cpuset.cpus", "", "cpuset.cpus=\n", NULL);
	check_unified(&v2_host, "memory.high", "1000", "memory.high=1000", NULL);
	check_unified(&v2_host, "cgroup.max.depth", "3", "cgroup.max.depth=3", NULL);
	check_unified(&hybrid_host, "hugetlb.2MB.max", "4096", "hugetlb.2MB.max=4096", NULL);
}

static void unified_names_a_file_of_a_controller_that_is_there(void **state)
{
	(void)state;
	check_unified(&v2_host, "../../x", "1", NULL,
		      "linux.resources.unified: '../../x' must be a file name (no slashes)");
	check_unified(&v2_host, "memory", "1", NULL,
		      "linux.resources.unified: 'memory' must be in the form CONTROLLER.PARAMETER");
	check_unified(&v2_host, "", "1", NULL,
		      "linux.resources.unified: '' must be in the form CONTROLLER.PARAMETER");
	check_unified(&v2_host, "..", "1", NULL,
		      "linux.resources.unified: '..' must be in the form CONTROLLER.PARAMETER");
	check_unified(&v2_host, "foo.max", "1", NULL,
		      "linux.resources.unified: 'foo.max' can't be set: controller 'foo' not "
		      "available");
	check_unified(&hybrid_host, "memory.max", "1", NULL,
		      "linux.resources.unified: 'memory.max' can't be set: controller 'memory' not "
		      "available");
	check_unified(&v1_host, "memory.max", "1", NULL,
		      "linux.resources.unified: cannot use unified on cgroup v1");
}

static void v1_gets_lines_for_devices_and_v2_a_program(void **state)
{
	struct cgroup_plan plan;
	struct error err = { 0 };

	(void)state;
	assert_int_equal(plan_on(&hybrid_host, NULL, NULL, &plan, &err), 0);
	assert_int_equal(plan.device_program.n, 0);
	assert_string_equal(plan.writes[0].file, "devices.deny");
	assert_string_equal(plan.writes[0].value, "a");
	assert_string_equal(plan.writes[1].file, "devices.allow");
	assert_string_equal(plan.writes[1].value, "c *:* m");
	assert_string_equal(plan.writes[1].field, "linux.resources.devices");
	assert_string_equal(plan.hierarchies[plan.writes[1].hierarchy].name, "devices");
	cgroup_plan_finish(&plan);
	assert_int_equal(plan_on(&v2_host, NULL, NULL, &plan, &err), 0);
	assert_int_equal(plan.n_writes, 0);
	assert_true(plan.device_program.n > 0);
	assert_true(plan.every_v2_controller);
	cgroup_plan_finish(&plan);
}

static void a_hierarchy_is_forgotten_with_its_writes(void **state)
{
	struct pids pids = { SET(5) };
	struct cgroup_plan plan;
	struct error err = { 0 };

	(void)state;
	assert_int_equal(
		plan_on(&hybrid_host, NULL, &(struct resources){ .pids = &pids }, &plan, &err), 0);
	size_t n = plan.n_hierarchies, devices = plan.writes[0].hierarchy;
	cgroup_plan_forget(&plan, devices);
	cgroup_plan_forget(&plan, 0);
	assert_int_equal(plan.n_hierarchies, n - 2);
	assert_int_equal(plan.n_writes, 1);
	assert_string_equal(plan.hierarchies[plan.writes[0].hierarchy].name, "pids");
	assert_string_equal(directory_of(&plan, "devices"), "none");
	cgroup_plan_finish(&plan);
}

static void directories_are_listed(void **state)
{
	struct string_list directories = { 0 };
	struct cgroup_plan plan;
	struct error err = { 0 };

	(void)state;
	assert_int_equal(plan_on(&nested_host, "/x", NULL, &plan, &err), 0);
	assert_int_equal(cgroup_directories(&plan, &directories, &err), 0);
	assert_int_equal(directories.n, 3);
	assert_true(string_list_has(&directories, "/sys/fs/cgroup/memory/x"));
	string_list_finish(&directories);
	cgroup_plan_finish(&plan);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(an_absolute_path_is_relative_to_each_mount),
		cmocka_unit_test(a_relative_path_is_below_the_caller),
		cmocka_unit_test(an_absent_path_is_the_id_below_the_caller),
		cmocka_unit_test(on_v2_alone_below_means_beside_the_caller),
		cmocka_unit_test(paths_are_cleaned_and_never_lead_outside),
		cmocka_unit_test(a_group_of_others_is_refused),
		cmocka_unit_test(a_host_without_cgroups_is_an_error),
		cmocka_unit_test(writes_go_to_the_hierarchy_that_has_the_controller),
		cmocka_unit_test(a_controller_that_nobody_has_is_named),
		cmocka_unit_test(unified_is_written_line_by_line),
		cmocka_unit_test(unified_names_a_file_of_a_controller_that_is_there),
		cmocka_unit_test(v1_gets_lines_for_devices_and_v2_a_program),
		cmocka_unit_test(a_hierarchy_is_forgotten_with_its_writes),
		cmocka_unit_test(directories_are_listed),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
