/* Making real groups, with limits that the kernel then shows, and taking back what was made. */
#include "tests/unit/cgroup_host.h"

#define SET(number)                            \
	{                                      \
		.set = true, .value = (number) \
	}

static void groups_are_made_in_every_hierarchy(void **state)
{
	struct pids pids = { SET(17) };
	struct memory memory = { .limit = SET(64 << 20),
				 .swap = SET(128 << 20),
				 .disable_oom_killer = SET(false),
				 .kernel = SET(1 << 20) };
	struct cpu cpu = { .shares = SET(512),
			   .quota = SET(20000),
			   .period = SET(50000),
			   .cpus = (char[]){ "0" } };
	struct resources resources = { .pids = &pids, .memory = &memory, .cpu = &cpu };
	struct box box;

	(void)state;
	NEED_V1("pids");
	NEED_V1("memory");
	NEED_V1("cpuset");
	plan_host("limits", &resources, &box.plan);
	box_create(&box);
	assert_int_equal(box.plan.made.n, box.plan.n_hierarchies);
	check_file(box_directory(&box, "pids"), "pids.max", "17");
	check_file(box_directory(&box, "memory"), "memory.limit_in_bytes", "67108864");
	check_file(box_directory(&box, "cpuset"), "cpuset.cpus", "0");
	check_file(box_directory(&box, "devices"), "devices.list", "c *:* m");
	box_finish(&box);
}

/* The quirk of v1: memory may never exceed the sum of memory and swap, whichever is written first. */
static void limits_can_be_raised_and_lowered_later(void **state)
{
	static const int64_t sizes[] = { 64 << 20, 512 << 20, 32 << 20, -1, 16 << 20 };
	static const char *const shown[] = { "67108864", "536870912", "33554432",
					     "9223372036854771712", "16777216" };
	struct box box;
	struct error err = { 0 };

	(void)state;
	NEED_V1("memory");
	plan_host("update", NULL, &box.plan);
	box_create(&box);
	for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++) {
		struct memory memory = { .limit = SET(sizes[i]), .swap = SET(sizes[i]) };
		struct resources resources = { .memory = &memory };
		struct cgroup_plan update;
		assert_int_equal(cgroup_plan_update(&resources, &box.directories, &update, &err),
				 0);
		if (cgroup_write_all(&update, &err))
			fail_msg("%s", err.msg);
		check_file(box_directory(&box, "memory"), "memory.limit_in_bytes", shown[i]);
		cgroup_plan_finish(&update);
	}
	box_finish(&box);
}

/* Nothing is left of a group that could not be finished. */
static void a_refused_value_takes_everything_back(void **state)
{
	struct cpu cpu = { .cpus = (char[]){ "4095" } };
	struct resources resources = { .cpu = &cpu };
	struct box box;
	struct error err = { 0 };

	(void)state;
	NEED_V1("cpuset");
	plan_host("refused", &resources, &box.plan);
	assert_int_equal(cgroup_create(&box.plan, &err), -1);
	assert_non_null(strstr(err.msg, "linux.resources.cpu.cpus: write '4095' to "));
	assert_int_equal(box.plan.made.n, 0);
	for (size_t i = 0; i < box.plan.n_hierarchies; i++) {
		char parent[256];
		snprintf(parent, sizeof parent, "%s", box.plan.hierarchies[i].directory);
		assert_int_equal(access(parent, F_OK), -1);
		*strrchr(parent, '/') = '\0';
		assert_int_equal(access(parent, F_OK), -1);
	}
	cgroup_plan_finish(&box.plan);
}

static void a_group_that_was_there_is_used_but_never_removed(void **state)
{
	struct box first, second;
	struct error err = { 0 };

	(void)state;
	NEED_V2();
	plan_v2("there", NULL, &first.plan);
	box_create(&first);
	plan_v2("there", NULL, &second.plan);
	box_create(&second);
	assert_int_equal(second.plan.made.n, 0);
	assert_int_equal(cgroup_remove(&second.directories, &second.plan.made, &err), 0);
	assert_int_equal(access(second.directories.v[0], F_OK), 0);
	string_list_finish(&second.directories);
	cgroup_plan_finish(&second.plan);
	box_finish(&first);
}

static void a_group_with_processes_is_refused(void **state)
{
	struct box first, second;
	struct error err = { 0 };

	(void)state;
	NEED_V2();
	plan_v2("full", NULL, &first.plan);
	box_create(&first);
	pid_t pid = box_spawn(&first, sleep_forever, NULL);
	plan_v2("full", NULL, &second.plan);
	assert_int_equal(cgroup_create(&second.plan, &err), -1);
	assert_int_equal(err.code, EBUSY);
	assert_non_null(strstr(err.msg, "container's cgroup is not empty: 1 process(es) found"));
	cgroup_plan_finish(&second.plan);
	kill(pid, SIGKILL);
	assert_int_equal(exit_status(pid), -SIGKILL);
	box_finish(&first);
}

static void a_frozen_group_is_refused(void **state)
{
	struct box first, second;
	struct error err = { 0 };

	(void)state;
	NEED_V2();
	plan_v2("ice", NULL, &first.plan);
	box_create(&first);
	assert_int_equal(cgroup_freeze(&first.directories, true, &err), 0);
	plan_v2("ice", NULL, &second.plan);
	assert_int_equal(cgroup_create(&second.plan, &err), -1);
	assert_non_null(strstr(err.msg, "container's cgroup unexpectedly frozen"));
	cgroup_plan_finish(&second.plan);
	box_finish(&first);
}

static void two_containers_share_their_parent(void **state)
{
	struct box first, second;
	struct error err = { 0 };

	(void)state;
	NEED_V2();
	plan_v2("one", NULL, &first.plan);
	plan_v2("two", NULL, &second.plan);
	box_create(&first);
	box_create(&second);
	assert_string_not_equal(first.plan.made.v[0], first.directories.v[0]);
	assert_string_equal(second.plan.made.v[0], second.directories.v[0]);
	/* The parent was made for the first, but is needed by the second. */
	assert_int_equal(cgroup_remove(&first.directories, &first.plan.made, &err), 0);
	assert_int_equal(access(first.directories.v[0], F_OK), -1);
	assert_int_equal(access(first.plan.made.v[0], F_OK), 0);
	box_finish(&second);
	assert_int_equal(cgroup_remove(&first.directories, &first.plan.made, &err), 0);
	box_finish(&first);
}

static int create_unprivileged(void *context)
{
	struct cgroup_plan *plan = context;
	struct error err = { 0 };

	if (setgid(65534) || setuid(65534))
		return 90;
	if (cgroup_create(plan, &err))
		return err.code;
	return plan->n_hierarchies == 0 && plan->n_writes == 0 ? 0 : 91;
}

static void who_may_not_make_groups_does_without(void **state)
{
	const struct cgroup_settings settings = { 0 };
	struct pids pids = { SET(17) };
	struct resources limited = { .pids = &pids };
	struct error err = { 0 };

	(void)state;
	NEED_V1("pids");
	for (int asked = 0; asked < 3; asked++) {
		struct cgroup_plan plan;
		char id[32];
		snprintf(id, sizeof id, "orun-unit-%d", (int)getpid());
		assert_int_equal(cgroup_plan(config_for(asked == 1 ? own_path("mine") : NULL,
							asked == 2 ? &limited : NULL),
					     id, &settings, &plan, &err),
				 0);
		pid_t pid = fork();
		if (pid == 0)
			_exit(create_unprivileged(&plan));
		assert_int_equal(exit_status(pid), asked ? EACCES : 0);
		cgroup_plan_finish(&plan);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(groups_are_made_in_every_hierarchy),
		cmocka_unit_test(limits_can_be_raised_and_lowered_later),
		cmocka_unit_test(a_refused_value_takes_everything_back),
		cmocka_unit_test(a_group_that_was_there_is_used_but_never_removed),
		cmocka_unit_test(a_group_with_processes_is_refused),
		cmocka_unit_test(a_frozen_group_is_refused),
		cmocka_unit_test(two_containers_share_their_parent),
		cmocka_unit_test(who_may_not_make_groups_does_without),
	};

	return cmocka_run_group_tests(tests, host_setup, host_teardown);
}
