/* Taking groups away: with groups below, with processes that end late, and never what others made. */
#include <time.h>

#include "tests/unit/cgroup_host.h"

static void make_below(const struct box *box, const char *name)
{
	char path[512];

	snprintf(path, sizeof path, "%s/%s", box->directories.v[0], name);
	assert_int_equal(mkdir(path, 0755), 0);
}

static void groups_that_the_container_made_go_too(void **state)
{
	struct box box;

	(void)state;
	NEED_V2();
	plan_v2("nest", NULL, &box.plan);
	box_create(&box);
	make_below(&box, "a");
	make_below(&box, "a/b");
	make_below(&box, "a/c");
	make_below(&box, "d");
	box_finish(&box);
}

static int end_after_a_while(void *context)
{
	usleep(*(useconds_t *)context);
	return 0;
}

static void processes_that_are_ending_are_waited_for(void **state)
{
	useconds_t delay = 30000;
	struct box box;

	(void)state;
	NEED_V2();
	plan_v2("late", NULL, &box.plan);
	box_create(&box);
	pid_t pid = box_spawn(&box, end_after_a_while, &delay);
	box_finish(&box);
	assert_int_equal(exit_status(pid), 0);
}

static void processes_that_stay_are_an_error_within_a_bound(void **state)
{
	struct timespec before, after;
	struct box box;
	struct error err = { 0 };

	(void)state;
	NEED_V2();
	plan_v2("stay", NULL, &box.plan);
	box_create(&box);
	pid_t pid = box_spawn(&box, sleep_forever, NULL);
	clock_gettime(CLOCK_MONOTONIC, &before);
	assert_int_equal(cgroup_remove(&box.directories, &box.plan.made, &err), -1);
	clock_gettime(CLOCK_MONOTONIC, &after);
	assert_int_equal(err.code, EBUSY);
	assert_non_null(strstr(err.msg, "it has processes that do not end"));
	assert_true(after.tv_sec - before.tv_sec >= 1 && after.tv_sec - before.tv_sec <= 4);
	kill(pid, SIGKILL);
	assert_int_equal(exit_status(pid), -SIGKILL);
	box_finish(&box);
}

static void what_was_there_before_stays(void **state)
{
	struct box mine;
	struct string_list others = { 0 };
	struct error err = { 0 };

	(void)state;
	NEED_V2();
	plan_v2("mine", NULL, &mine.plan);
	box_create(&mine);
	string_list_add(&others, "/sys/fs/cgroup/never-made");
	/* Neither listed itself, nor below something that was. */
	assert_int_equal(cgroup_remove(&mine.directories, &(struct string_list){ 0 }, &err), 0);
	assert_int_equal(cgroup_remove(&mine.directories, &others, &err), 0);
	assert_int_equal(access(mine.directories.v[0], F_OK), 0);
	string_list_finish(&others);
	box_finish(&mine);
}

/* A name that only begins like the one that was made. */
static void a_neighbour_is_not_below(void **state)
{
	struct box one, two;
	struct error err = { 0 };

	(void)state;
	NEED_V2();
	plan_v2("n", NULL, &one.plan);
	box_create(&one);
	plan_v2("nn", NULL, &two.plan);
	box_create(&two);
	struct string_list made = { .v = one.directories.v, .n = 1 };
	assert_int_equal(cgroup_remove(&two.directories, &made, &err), 0);
	assert_int_equal(access(two.directories.v[0], F_OK), 0);
	box_finish(&two);
	box_finish(&one);
}

static void absent_and_half_made_groups_are_fine(void **state)
{
	struct box box;
	struct error err = { 0 };

	(void)state;
	NEED_V2();
	plan_v2("half/made", NULL, &box.plan);
	box_create(&box);
	assert_int_equal(rmdir(box.directories.v[0]), 0);
	assert_int_equal(cgroup_remove(&box.directories, &box.plan.made, &err), 0);
	assert_int_equal(access(box.plan.made.v[0], F_OK), -1);
	box_finish(&box);
}

static void v1_groups_go_from_every_hierarchy(void **state)
{
	struct box box;
	char path[256];

	(void)state;
	NEED_V1("pids");
	plan_host("all", NULL, &box.plan);
	box_create(&box);
	snprintf(path, sizeof path, "%s/below", box_directory(&box, "pids"));
	assert_int_equal(mkdir(path, 0755), 0);
	useconds_t delay = 20000;
	pid_t pid = box_spawn(&box, end_after_a_while, &delay);
	box_finish(&box);
	assert_int_equal(exit_status(pid), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(groups_that_the_container_made_go_too),
		cmocka_unit_test(processes_that_are_ending_are_waited_for),
		cmocka_unit_test(processes_that_stay_are_an_error_within_a_bound),
		cmocka_unit_test(what_was_there_before_stays),
		cmocka_unit_test(a_neighbour_is_not_below),
		cmocka_unit_test(absent_and_half_made_groups_are_fine),
		cmocka_unit_test(v1_groups_go_from_every_hierarchy),
	};

	return cmocka_run_group_tests(tests, host_setup, host_teardown);
}
