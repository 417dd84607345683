/* The ways into a group: a child that moves itself, a clone into v2, a move from outside. */
#include "tests/unit/cgroup_host.h"

static bool is_listed(const char *directory, pid_t pid)
{
	struct string_list one = { .v = (char *[]){ (char *)directory, NULL }, .n = 1 };
	struct error err = { 0 };
	pid_t *pids = NULL;
	size_t n = 0;
	bool found = false;

	if (cgroup_processes(&one, &pids, &n, &err))
		fail_msg("%s", err.msg);
	for (size_t i = 0; i < n; i++)
		found = found || pids[i] == pid;
	free(pids);
	return found;
}

static void check_everywhere(const struct box *box, pid_t pid)
{
	for (size_t i = 0; i < box->directories.n; i++)
		if (!is_listed(box->directories.v[i], pid))
			fail_msg("%d is not in %s", (int)pid, box->directories.v[i]);
}

static void end(pid_t pid)
{
	kill(pid, SIGKILL);
	assert_int_equal(exit_status(pid), -SIGKILL);
}

static void a_child_moves_itself_into_every_hierarchy(void **state)
{
	struct box box;

	(void)state;
	NEED_V1("pids");
	plan_host("self", NULL, &box.plan);
	box_create(&box);
	pid_t pid = box_spawn(&box, sleep_forever, NULL);
	check_everywhere(&box, pid);
	end(pid);
	box_finish(&box);
}

/* Where v1 has a memory group, that one is entered by itself. */
static void the_memory_group_comes_last(void **state)
{
	struct cgroup_entries entries;
	struct box box;
	struct error err = { 0 };
	const char *memory = NULL;
	int said[2], go[2];
	char byte;

	(void)state;
	NEED_V1("memory");
	plan_host("memory", NULL, &box.plan);
	box_create(&box);
	for (size_t i = 0; i < box.directories.n; i++)
		if (strstr(box.directories.v[i], "/memory/"))
			memory = box.directories.v[i];
	assert_non_null(memory);
	assert_int_equal(cgroup_entries_open(&box.directories, &entries, &err), 0);
	assert_true(entries.memory >= 0);
	assert_int_equal(pipe(said), 0);
	assert_int_equal(pipe(go), 0);
	pid_t pid = fork();
	if (pid == 0) {
		bool failed = cgroup_enter_self(&entries, false, NULL) ||
			      write(said[1], "1", 1) != 1 || read(go[0], &byte, 1) != 1 ||
			      cgroup_enter_memory(&entries, NULL) || write(said[1], "2", 1) != 1;
		_exit(failed ? 99 : sleep_forever(NULL));
	}
	assert_int_equal(read(said[0], &byte, 1), 1);
	assert_false(is_listed(memory, pid));
	assert_int_equal(write(go[1], "", 1), 1);
	assert_int_equal(read(said[0], &byte, 1), 1);
	check_everywhere(&box, pid);
	for (int i = 0; i < 2; i++) {
		close(said[i]);
		close(go[i]);
	}
	end(pid);
	cgroup_entries_close(&entries);
	box_finish(&box);
}

static int enter_and_sleep(void *context)
{
	return cgroup_enter_self(context, false, NULL) ? 1 : sleep_forever(NULL);
}

static void check_v2_only(bool from_outside)
{
	struct cgroup_entries entries;
	struct box box;
	struct error err = { 0 };

	plan_v2("late", NULL, &box.plan);
	box_create(&box);
	assert_int_equal(cgroup_entries_open(&box.directories, &entries, &err), 0);
	assert_int_equal(entries.n_v1, 0);
	assert_true(entries.v2 >= 0 && entries.v2_processes >= 0);
	pid_t pid = fork();
	if (pid == 0)
		_exit(from_outside ? sleep_forever(NULL) : enter_and_sleep(&entries));
	if (from_outside)
		assert_int_equal(cgroup_enter(&box.plan, pid, false, &err), 0);
	while (!is_listed(box.directories.v[0], pid))
		usleep(1000);
	end(pid);
	cgroup_entries_close(&entries);
	box_finish(&box);
}

static void v2_can_be_entered_without_a_clone(void **state)
{
	(void)state;
	NEED_V2();
	check_v2_only(false);
}

static void v2_can_be_entered_from_outside(void **state)
{
	(void)state;
	NEED_V2();
	check_v2_only(true);
}

static void a_process_can_be_moved_into_every_hierarchy(void **state)
{
	struct box box;
	struct error err = { 0 };

	(void)state;
	NEED_V1("pids");
	plan_host("outside", NULL, &box.plan);
	box_create(&box);
	pid_t pid = fork();
	if (pid == 0)
		_exit(sleep_forever(NULL));
	if (cgroup_enter(&box.plan, pid, false, &err))
		fail_msg("%s", err.msg);
	check_everywhere(&box, pid);
	end(pid);
	box_finish(&box);
}

static void groups_that_are_gone_cannot_be_entered(void **state)
{
	struct string_list gone = { .v = (char *[]){ (char[]){ "/tmp/orun-no-such-group" }, NULL },
				    .n = 1 };
	struct cgroup_entries entries;
	struct error err = { 0 };

	(void)state;
	assert_int_equal(cgroup_entries_open(&gone, &entries, &err), -1);
	assert_string_equal(err.msg,
			    "open /tmp/orun-no-such-group/cgroup.procs: no such file or directory");
	assert_null(entries.v1);
	cgroup_entries_close(&entries);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_child_moves_itself_into_every_hierarchy),
		cmocka_unit_test(the_memory_group_comes_last),
		cmocka_unit_test(v2_can_be_entered_without_a_clone),
		cmocka_unit_test(v2_can_be_entered_from_outside),
		cmocka_unit_test(a_process_can_be_moved_into_every_hierarchy),
		cmocka_unit_test(groups_that_are_gone_cannot_be_entered),
	};

	return cmocka_run_group_tests(tests, host_setup, host_teardown);
}
