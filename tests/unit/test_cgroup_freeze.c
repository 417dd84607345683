/* Freezing and thawing, on the machine's v1 freezer and on v2. */
#include <sys/mman.h>

#include "tests/unit/cgroup_host.h"

static int count_up(void *context)
{
	volatile unsigned long *counter = context;

	for (;;)
		++*counter;
	return 0;
}

static void check_freeze(struct box *box)
{
	volatile unsigned long *counter =
		mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	struct error err = { 0 };

	assert_ptr_not_equal(counter, MAP_FAILED);
	box_create(box);
	assert_false(cgroup_is_frozen(&box->directories));
	pid_t pid = box_spawn(box, count_up, (void *)counter);
	while (!*counter)
		usleep(100);
	if (cgroup_freeze(&box->directories, true, &err))
		fail_msg("%s", err.msg);
	assert_true(cgroup_is_frozen(&box->directories));
	unsigned long before = *counter;
	usleep(5000);
	assert_true(before == *counter);
	assert_int_equal(cgroup_freeze(&box->directories, true, &err), 0);
	assert_int_equal(cgroup_freeze(&box->directories, false, &err), 0);
	assert_false(cgroup_is_frozen(&box->directories));
	while (before == *counter)
		usleep(100);
	kill(pid, SIGKILL);
	assert_int_equal(exit_status(pid), -SIGKILL);
	box_finish(box);
	munmap((void *)counter, 4096);
}

static void v2_freezes(void **state)
{
	struct box box;

	(void)state;
	NEED_V2();
	plan_v2("ice", NULL, &box.plan);
	check_freeze(&box);
}

static void v1_freezes(void **state)
{
	struct box box;

	(void)state;
	NEED_V1("freezer");
	plan_host("ice", NULL, &box.plan);
	check_freeze(&box);
}

static void below_a_frozen_group_nothing_is_frozen_by_itself(void **state)
{
	struct box box, below;
	struct error err = { 0 };

	(void)state;
	NEED_V1("freezer");
	plan_host("ice", NULL, &box.plan);
	box_create(&box);
	plan_host("ice/below", NULL, &below.plan);
	box_create(&below);
	assert_int_equal(cgroup_freeze(&box.directories, true, &err), 0);
	assert_false(cgroup_is_frozen(&below.directories));
	assert_true(cgroup_is_frozen(&box.directories));
	assert_int_equal(cgroup_freeze(&box.directories, false, &err), 0);
	box_finish(&below);
	box_finish(&box);
}

static void without_a_freezer_it_is_an_error(void **state)
{
	struct string_list none = { 0 };
	struct error err = { 0 };

	(void)state;
	assert_int_equal(cgroup_freeze(&none, true, &err), -1);
	assert_string_equal(err.msg, "the container's cgroups have no freezer");
	assert_false(cgroup_is_frozen(&none));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(v2_freezes),
		cmocka_unit_test(v1_freezes),
		cmocka_unit_test(below_a_frozen_group_nothing_is_frozen_by_itself),
		cmocka_unit_test(without_a_freezer_it_is_an_error),
	};

	return cmocka_run_group_tests(tests, host_setup, host_teardown);
}
