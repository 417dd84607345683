/* Signals to whole groups: everything in them and below, also what is frozen or forks. */
#include "tests/unit/cgroup_host.h"

static void (*const planners[])(const char *, struct resources *,
				struct cgroup_plan *) = { plan_v2, plan_host };

static void check_kill_all(unsigned which, bool freeze_first)
{
	struct box box;
	struct error err = { 0 };
	pid_t pids[5];

	planners[which]("kill", NULL, &box.plan);
	box_create(&box);
	for (size_t i = 0; i < 5; i++)
		pids[i] = box_spawn(&box, sleep_forever, NULL);
	assert_int_equal(cgroup_count(&box.directories, &err), 5);
	if (freeze_first)
		assert_int_equal(cgroup_freeze(&box.directories, true, &err), 0);
	if (cgroup_signal_all(&box.directories, SIGKILL, &err))
		fail_msg("%s", err.msg);
	for (size_t i = 0; i < 5; i++)
		assert_int_equal(exit_status(pids[i]), -SIGKILL);
	assert_int_equal(cgroup_count(&box.directories, &err), 0);
	/* Nobody is left. */
	assert_int_equal(cgroup_signal_all(&box.directories, SIGKILL, &err), 0);
	box_finish(&box);
}

static void v2_kills_all(void **state)
{
	(void)state;
	NEED_V2();
	check_kill_all(0, false);
	check_kill_all(0, true);
}

static void v1_kills_all(void **state)
{
	(void)state;
	NEED_V1("freezer");
	check_kill_all(1, false);
	check_kill_all(1, true);
}

/* As on a host without v2: the freezer stands in for cgroup.kill. */
static void v1_alone_kills_all(void **state)
{
	struct box box;
	struct error err = { 0 };
	struct string_list v1 = { 0 };

	(void)state;
	NEED_V1("freezer");
	plan_host("v1", NULL, &box.plan);
	box_create(&box);
	pid_t pid = box_spawn(&box, sleep_forever, NULL);
	for (size_t i = 0; i < box.plan.n_hierarchies; i++)
		if (box.plan.hierarchies[i].version == 1)
			string_list_add(&v1, box.plan.hierarchies[i].directory);
	assert_int_equal(cgroup_freeze(&v1, true, &err), 0);
	if (cgroup_signal_all(&v1, SIGKILL, &err))
		fail_msg("%s", err.msg);
	assert_int_equal(exit_status(pid), -SIGKILL);
	string_list_finish(&v1);
	box_finish(&box);
}

static int fork_for_ever(void *context)
{
	(void)context;
	signal(SIGCHLD, SIG_IGN);
	for (;;) {
		if (fork() == 0)
			usleep(2000);
		else
			usleep(500);
	}
	return 0;
}

static void what_forks_does_not_escape(void **state)
{
	(void)state;
	NEED_V2();
	NEED_V1("pids");
	for (unsigned which = 0; which < 2; which++) {
		struct pids limit = { { true, 200 } };
		struct resources resources = { .pids = which ? &limit : NULL };
		struct box box;
		struct error err = { 0 };
		planners[which]("fork", &resources, &box.plan);
		box_create(&box);
		pid_t pid = box_spawn(&box, fork_for_ever, NULL);
		usleep(20000);
		if (cgroup_signal_all(&box.directories, SIGKILL, &err))
			fail_msg("%s", err.msg);
		assert_int_equal(exit_status(pid), -SIGKILL);
		box_finish(&box);
	}
}

static volatile sig_atomic_t told;

static void note(int signal_number)
{
	told = signal_number;
}

static int wait_for_signal(void *context)
{
	(void)context;
	signal(SIGUSR1, note);
	sigset_t none;
	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
	while (!told)
		usleep(1000);
	return told == SIGUSR1 ? 7 : 8;
}

static void another_signal_reaches_all_and_ice_stays(void **state)
{
	sigset_t block, before;

	(void)state;
	NEED_V2();
	NEED_V1("freezer");
	/* So that the signal waits until the child can take it. */
	sigemptyset(&block);
	sigaddset(&block, SIGUSR1);
	sigprocmask(SIG_BLOCK, &block, &before);
	for (unsigned which = 0; which < 2; which++) {
		struct box box;
		struct error err = { 0 };
		planners[which]("usr1", NULL, &box.plan);
		box_create(&box);
		pid_t pid = box_spawn(&box, wait_for_signal, NULL);
		usleep(10000);
		assert_int_equal(cgroup_freeze(&box.directories, true, &err), 0);
		if (cgroup_signal_all(&box.directories, SIGUSR1, &err))
			fail_msg("%s", err.msg);
		assert_true(cgroup_is_frozen(&box.directories));
		assert_int_equal(waitpid(pid, NULL, WNOHANG), 0);
		assert_int_equal(cgroup_freeze(&box.directories, false, &err), 0);
		assert_int_equal(exit_status(pid), 7);
		box_finish(&box);
	}
	sigprocmask(SIG_SETMASK, &before, NULL);
}

static void groups_below_are_reached(void **state)
{
	struct box box, below;
	struct error err = { 0 };

	(void)state;
	NEED_V2();
	plan_v2("top", NULL, &box.plan);
	box_create(&box);
	plan_v2("top/a/b", NULL, &below.plan);
	box_create(&below);
	pid_t pid = box_spawn(&below, sleep_forever, NULL);
	assert_int_equal(cgroup_count(&box.directories, &err), 1);
	assert_int_equal(cgroup_signal_all(&box.directories, SIGTERM, &err), 0);
	assert_int_equal(exit_status(pid), -SIGTERM);
	string_list_finish(&below.directories);
	cgroup_plan_finish(&below.plan);
	box_finish(&box); /* with what is below */
}

static void absent_groups_have_nobody_to_signal(void **state)
{
	struct string_list gone = { .v = (char *[]){ (char[]){ "/tmp/orun-no-such-group" }, NULL },
				    .n = 1 };
	struct error err = { 0 };

	(void)state;
	assert_int_equal(cgroup_signal_all(&gone, SIGKILL, &err), 0);
	assert_int_equal(cgroup_signal_all(&gone, SIGTERM, &err), 0);
	assert_int_equal(cgroup_count(&gone, &err), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(v2_kills_all),
		cmocka_unit_test(v1_kills_all),
		cmocka_unit_test(v1_alone_kills_all),
		cmocka_unit_test(what_forks_does_not_escape),
		cmocka_unit_test(another_signal_reaches_all_and_ice_stays),
		cmocka_unit_test(groups_below_are_reached),
		cmocka_unit_test(absent_groups_have_nobody_to_signal),
	};

	return cmocka_run_group_tests(tests, host_setup, host_teardown);
}
