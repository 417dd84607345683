/* Listing the processes of groups: in the groups and below, each once. */
#include <pthread.h>

#include "tests/unit/cgroup_host.h"

static void *sleeping_thread(void *context)
{
	return sleep_forever(context) ? context : NULL;
}

static int sleep_with_threads(void *context)
{
	pthread_t thread;

	for (int i = 0; i < 3; i++)
		if (pthread_create(&thread, NULL, sleeping_thread, NULL))
			return 1;
	return sleep_forever(context);
}

static void check_list(void (*plan)(const char *, struct resources *, struct cgroup_plan *))
{
	struct box box;
	struct error err = { 0 };
	pid_t made[3], *found = NULL;
	size_t n;

	plan("list", NULL, &box.plan);
	box_create(&box);
	assert_int_equal(cgroup_count(&box.directories, &err), 0);
	for (size_t i = 0; i < 3; i++)
		made[i] = box_spawn(&box, sleep_with_threads, NULL);
	usleep(2000);
	assert_int_equal(cgroup_processes(&box.directories, &found, &n, &err), 0);
	assert_int_equal(n, 3);
	for (size_t i = 1; i < n; i++)
		assert_true(found[i - 1] < found[i]);
	for (size_t i = 0; i < 3; i++) {
		assert_true(found[0] == made[i] || found[1] == made[i] || found[2] == made[i]);
		kill(made[i], SIGKILL);
		assert_int_equal(exit_status(made[i]), -SIGKILL);
	}
	free(found);
	box_finish(&box);
}

static void v2_lists(void **state)
{
	(void)state;
	NEED_V2();
	check_list(plan_v2);
}

static void v1_lists(void **state)
{
	(void)state;
	NEED_V1("pids");
	check_list(plan_host);
}

/* The first directory may be half gone; the others still know. */
static void any_of_the_directories_will_do(void **state)
{
	struct box box;
	struct string_list list = { 0 };
	struct error err = { 0 };

	(void)state;
	NEED_V2();
	plan_v2("any", NULL, &box.plan);
	box_create(&box);
	pid_t pid = box_spawn(&box, sleep_forever, NULL);
	string_list_add(&list, "/tmp/orun-no-such-group");
	string_list_add(&list, box.directories.v[0]);
	assert_int_equal(cgroup_count(&list, &err), 1);
	kill(pid, SIGKILL);
	assert_int_equal(exit_status(pid), -SIGKILL);
	string_list_finish(&list);
	box_finish(&box);
}

/* Such a group refuses to list processes. */
static void threaded_groups_are_listed_by_threads(void **state)
{
	struct box box, below;
	struct error err = { 0 };

	(void)state;
	NEED_V2();
	plan_v2("dom", NULL, &box.plan);
	box_create(&box);
	plan_v2("dom/thr", NULL, &below.plan);
	box_create(&below);
	char path[256];
	snprintf(path, sizeof path, "%s/cgroup.type", below.directories.v[0]);
	assert_int_equal(write_kernel_file_at(AT_FDCWD, path, "threaded", &err), 0);
	pid_t pid = box_spawn(&box, sleep_with_threads, NULL);
	snprintf(path, sizeof path, "%s/cgroup.procs", below.directories.v[0]);
	char text[16];
	snprintf(text, sizeof text, "%d", (int)pid);
	assert_int_equal(write_kernel_file_at(AT_FDCWD, path, text, &err), 0);
	assert_true(cgroup_count(&below.directories, &err) >= 1);
	kill(pid, SIGKILL);
	assert_int_equal(exit_status(pid), -SIGKILL);
	box_finish(&below);
	box_finish(&box);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(v2_lists),
		cmocka_unit_test(v1_lists),
		cmocka_unit_test(any_of_the_directories_will_do),
		cmocka_unit_test(threaded_groups_are_listed_by_threads),
	};

	return cmocka_run_group_tests(tests, host_setup, host_teardown);
}
