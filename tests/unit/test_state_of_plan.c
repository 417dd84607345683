/* The first record of a container: copies that stay when the configuration goes. */
#include "runtime/state_of_plan.h"

#include "tests/unit/planned.h"

#include <limits.h>
#include <time.h>

static struct error err;
static struct planned planned;

/* The record of a configuration that is gone when this returns. */
static struct state *recorded(const char *members)
{
	make_plan(members, &planned);
	struct state *state = state_of_plan(&planned.plan, &err);
	finish_plan(&planned);
	if (!state)
		fail_msg("%s", err.msg);
	return state;
}

static void finish(struct state *state)
{
	table_free(&state_type, state);
}

static void it_says_who_and_where(void **state)
{
	char here[PATH_MAX], expected[PATH_MAX + 16];
	struct state *made = recorded("");

	(void)state;
	assert_string_equal(made->oci_version, SPEC_VERSION);
	assert_string_equal(made->id, "test-id");
	assert_non_null(realpath(sandbox, here));
	assert_string_equal(made->bundle, here);
	snprintf(expected, sizeof expected, "%s/rootfs", here);
	assert_string_equal(made->rootfs, expected);
	assert_int_equal(made->owner, getuid());
	assert_int_equal(made->pid, 0);
	assert_int_equal(made->start_time, 0);
	finish(made);
}

static void the_time_is_rfc_3339_in_utc(void **state)
{
	struct tm utc = { 0 };
	time_t before = time(NULL);

	(void)state;
	assert_int_equal(setenv("TZ", "Asia/Kolkata", 1), 0);
	struct state *made = recorded("");
	const char *fraction = strptime(made->created, "%Y-%m-%dT%H:%M:%S", &utc);
	assert_non_null(fraction);
	assert_int_equal(fraction[0], '.');
	assert_int_equal(strspn(fraction + 1, "0123456789"), 9);
	assert_string_equal(fraction + 10, "Z");
	time_t then = timegm(&utc);
	assert_true(then >= before && then <= time(NULL));
	unsetenv("TZ");
	finish(made);
}

static void annotations_are_copied(void **state)
{
	struct state *made = recorded("'annotations':{'org.example.a':'1','b':''}");

	(void)state;
	assert_int_equal(made->annotations.n, 2);
	assert_string_equal(string_map_get(&made->annotations, "org.example.a"), "1");
	assert_string_equal(string_map_get(&made->annotations, "b"), "");
	finish(made);
}

static void later_hooks_are_copied_and_earlier_ones_left_out(void **state)
{
	struct state *made = recorded(
		"'hooks':{'prestart':[{'path':'/early'}],'createRuntime':[{'path':'/early'}],"
		"'poststart':[{'path':'/a','args':['a','b c'],'env':['X=1'],'timeout':7},"
		"{'path':'/b'}],'poststop':[{'path':'/c','args':['c','']}]}");

	(void)state;
	assert_non_null(made->hooks);
	assert_int_equal(made->hooks->prestart.n, 0);
	assert_int_equal(made->hooks->create_runtime.n, 0);
	assert_int_equal(made->hooks->poststart.n, 2);
	const struct hook *first = made->hooks->poststart.v[0];
	assert_string_equal(first->path, "/a");
	assert_int_equal(first->args.n, 2);
	assert_string_equal(first->args.v[1], "b c");
	assert_string_equal(first->env.v[0], "X=1");
	assert_true(first->timeout.set && first->timeout.value == 7);
	assert_string_equal(made->hooks->poststart.v[1]->path, "/b");
	assert_false(made->hooks->poststart.v[1]->timeout.set);
	assert_string_equal(made->hooks->poststop.v[0]->args.v[1], "");
	finish(made);
}

static void without_later_hooks_there_are_none(void **state)
{
	struct state *made = recorded("'hooks':{'prestart':[{'path':'/early'}]}");

	(void)state;
	assert_null(made->hooks);
	finish(made);
}

static void it_knows_whether_init_takes_all_along(void **state)
{
	struct state *made = recorded("'linux':{'namespaces':[{'type':'pid'}]}");

	(void)state;
	assert_true(made->own_pid_namespace);
	finish(made);
	made = recorded("'linux':{'namespaces':[{'type':'pid','path':'/proc/1/ns/pid'}]}");
	assert_false(made->own_pid_namespace);
	finish(made);
	made = recorded("");
	assert_false(made->own_pid_namespace);
	finish(made);
}

/* What a killed create may leave must be in the record before it is there. */
static void groups_are_foreseen_and_not_made(void **state)
{
	char path[128];

	(void)state;
	snprintf(path, sizeof path, "'linux':{'cgroupsPath':'/orun-unit-%d/deep/group'}",
		 (int)getpid());
	make_plan(path, &planned);
	size_t hierarchies = planned.plan.cgroup.n_hierarchies;
	finish_plan(&planned);
	struct state *made = recorded(path);
	assert_int_equal(made->cgroup_dirs.n, hierarchies);
	assert_int_equal(made->cgroup_made.n, hierarchies);
	for (size_t i = 0; i < hierarchies; i++) {
		/* The topmost directory that is missing. */
		assert_true(text_starts_with(made->cgroup_dirs.v[i], made->cgroup_made.v[i]));
		assert_string_equal(made->cgroup_dirs.v[i] + strlen(made->cgroup_made.v[i]),
				    "/deep/group");
		assert_false(exists(made->cgroup_made.v[i]));
	}
	finish(made);
}

static void it_can_be_written_and_read_again(void **state)
{
	struct problems problems = { 0 };
	struct buffer first = { 0 }, second = { 0 };
	struct state *made = recorded("'annotations':{'a':'\\n\\u0001'},"
				      "'hooks':{'poststop':[{'path':'/c','timeout':1}]}");

	(void)state;
	table_print(&state_type, made, 0, &first);
	struct state *again = table_parse(&state_type, first.text, first.length, &problems);
	if (!again)
		fail_msg("%s", problems.list.v[0]);
	table_print(&state_type, again, 0, &second);
	assert_string_equal(first.text, second.text);
	buffer_finish(&first);
	buffer_finish(&second);
	problems_finish(&problems);
	finish(again);
	finish(made);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(it_says_who_and_where),
		cmocka_unit_test(the_time_is_rfc_3339_in_utc),
		cmocka_unit_test(annotations_are_copied),
		cmocka_unit_test(later_hooks_are_copied_and_earlier_ones_left_out),
		cmocka_unit_test(without_later_hooks_there_are_none),
		cmocka_unit_test(it_knows_whether_init_takes_all_along),
		cmocka_unit_test(groups_are_foreseen_and_not_made),
		cmocka_unit_test(it_can_be_written_and_read_again),
	};

	return cmocka_run_group_tests(tests, sandbox_setup, sandbox_teardown);
}
