/* Where a further process goes: --cgroup on hosts as texts beside folders, and v2 groups that have handed
 * their controllers on. The folders stand for groups: only what is below them, and the text of one file, is asked. */
#include "runtime/cgroup/residence.h"

#include "tests/unit/sandbox.h"

#include "runtime/cgroup/layout.h"

static struct error err;

/* Hierarchies "cpu" (with cpu,cpuacct), "memory" and "v2" below the sandbox, each with the group box/in. */
static struct cgroup_hierarchy hierarchies[3];
static const struct cgroup_layout layout = { .hierarchies = hierarchies, .n = 3 };
static struct string_list directories;

static void make_group(const char *path)
{
	char whole[256];

	snprintf(whole, sizeof whole, "%s", path);
	for (char *at = whole; (at = strchr(at, '/')); *at++ = '/') {
		*at = '\0';
		if (!exists(in_sandbox(whole)))
			make_folder(in_sandbox(whole));
	}
	if (!exists(in_sandbox(whole)))
		make_folder(in_sandbox(whole));
}

static int setup(void **state)
{
	static const char *const names[][2] = { { "v2", "" },
						{ "cpu", "cpu,cpuacct" },
						{ "memory", "memory" } };

	if (sandbox_setup(state))
		return -1;
	for (size_t i = 0; i < 3; i++) {
		char path[64];
		hierarchies[i] =
			(struct cgroup_hierarchy){ .version = i ? 1 : 2,
						   .mountpoint = strdup(in_sandbox(names[i][0])),
						   .name = strdup(names[i][1]) };
		snprintf(path, sizeof path, "%s/box/in", names[i][0]);
		make_group(path);
		snprintf(path, sizeof path, "%s/box", names[i][0]);
		string_list_add(&directories, in_sandbox(path));
	}
	return 0;
}

static int teardown(void **state)
{
	for (size_t i = 0; i < 3; i++) {
		free(hierarchies[i].mountpoint);
		free(hierarchies[i].name);
	}
	string_list_finish(&directories);
	return sandbox_teardown(state);
}

/* The result as names below the sandbox, one space between them. */
static const char *residence(const char *self, const struct string_list *arguments)
{
	static char text[1024];
	struct string_list result = { 0 };
	size_t used = 0;

	err = (struct error){ 0 };
	*text = '\0';
	if (cgroup_residence_in(&layout, self, &directories, arguments, &result, &err)) {
		string_list_finish(&result);
		return NULL;
	}
	for (size_t i = 0; i < result.n; i++)
		used += (size_t)snprintf(text + used, sizeof text - used, "%s%s", i ? " " : "",
					 result.v[i] + strlen(sandbox) + 1);
	string_list_finish(&result);
	return text;
}

#define NONE (&(const struct string_list){ 0 })
#define WORDS(...)                                                     \
	(&(const struct string_list){ (char *[]){ __VA_ARGS__, NULL }, \
				      sizeof((char *[]){ __VA_ARGS__ }) / sizeof(char *) })

static void check(const char *self, const struct string_list *arguments, const char *expected)
{
	const char *is = residence(self, arguments);

	if (!is)
		fail_msg("%s", err.msg);
	assert_string_equal(is, expected);
}

static void check_refused(const struct string_list *arguments, int code, const char *text)
{
	if (residence(NULL, arguments))
		fail_msg("'%s' is taken", arguments->v[0]);
	if (err.code != code || !strstr(err.msg, text))
		fail_msg("%d \"%s\" and not %d \"%s\"", err.code, err.msg, code, text);
}

static void without_arguments_it_is_the_container_s(void **state)
{
	(void)state;
	check(NULL, NONE, "v2/box cpu/box memory/box");
	check("2:memory:/box\n0::/box/in\n", NONE, "v2/box cpu/box memory/box");
}

static void a_path_is_for_every_hierarchy(void **state)
{
	(void)state;
	check(NULL, WORDS("in"), "v2/box/in cpu/box/in memory/box/in");
	check(NULL, WORDS("/in"), "v2/box/in cpu/box/in memory/box/in");
	check(NULL, WORDS("/"), "v2/box/ cpu/box/ memory/box/");
	check(NULL, WORDS("//in/../in/."),
	      "v2/box/in/../in/. cpu/box/in/../in/. memory/box/in/../in/.");
}

static void a_controller_s_path_is_for_its_hierarchy(void **state)
{
	(void)state;
	check(NULL, WORDS("memory:in"), "v2/box cpu/box memory/box/in");
	check(NULL, WORDS("cpu:in"), "v2/box cpu/box/in memory/box");
	check(NULL, WORDS("cpuacct:in"), "v2/box cpu/box/in memory/box");
	check(NULL, WORDS("cpu,cpuacct:in"), "v2/box cpu/box/in memory/box");
	check(NULL, WORDS("memory,cpu:/in"), "v2/box cpu/box/in memory/box/in");
	check(NULL, WORDS("memory:in", "cpu:/"), "v2/box cpu/box/ memory/box/in");
}

static void unknown_controllers_are_refused(void **state)
{
	(void)state;
	check_refused(WORDS("whaaat:/"), EINVAL,
		      "--cgroup 'whaaat:/': the container has no group with such a controller");
	check_refused(WORDS(":in"), EINVAL, "no group with such a controller");
	check_refused(WORDS("cp:in"), EINVAL, "no group with such a controller");
	check_refused(WORDS("memory:in", "none:in"), EINVAL, "--cgroup 'none:in'");
}

static void several_paths_need_controllers(void **state)
{
	(void)state;
	check_refused(WORDS("in", "in"), EINVAL, "several of them need controllers; write");
	check_refused(WORDS("memory:in", "in"), EINVAL, "--cgroup 'in': several of them");
}

static void nothing_leads_out(void **state)
{
	static char *const paths[] = { "..",	    "/..",  "in/../..",		 "../box",
				       "memory:..", "./..", "in/../../../memory" };

	(void)state;
	for (size_t i = 0; i < sizeof paths / sizeof *paths; i++)
		check_refused(WORDS(paths[i]), EINVAL, "leads out of the container's group");
}

/* The kernel's groups have no links. That none is followed does not depend on it. */
static void no_link_is_followed(void **state)
{
	(void)state;
	make_link(in_sandbox("v2/box/in"), in_sandbox("v2/box/link"));
	check_refused(WORDS("link"), ELOOP, "--cgroup 'link': below");
	assert_int_equal(unlink(in_sandbox("v2/box/link")), 0);
}

static void a_group_must_be_there(void **state)
{
	(void)state;
	check_refused(WORDS("nonexistent"), ENOENT, "no such file or directory");
	check_refused(WORDS("cpu:nonexistent"), ENOENT, "no such file or directory");
}

static void hand_on(const char *controllers)
{
	make_text(in_sandbox("v2/box/cgroup.subtree_control"), controllers);
}

/* Where a group has handed controllers on, it may hold no process: init is in one below. */
static void a_v2_group_that_has_handed_on_is_left_to_init_s(void **state)
{
	(void)state;
	hand_on("memory pids\n");
	check("1:cpu:/box\n0::/box/in\n", NONE, "v2/box/in cpu/box memory/box");
	check("0::/box/in\n", NONE, "v2/box/in cpu/box memory/box");
	check("0::/box\n", NONE, "v2/box cpu/box memory/box");
	/* What was asked for is not replaced: the kernel's refusal is the answer. */
	check("0::/box/in\n", WORDS("/"), "v2/box/ cpu/box/ memory/box/");
	/* Init is somewhere else, or nobody can tell. */
	check("0::/other/in\n", NONE, "v2/box cpu/box memory/box");
	check("1:cpu:/box/in\n", NONE, "v2/box cpu/box memory/box");
	check("0::", NONE, "v2/box cpu/box memory/box");
	check(NULL, NONE, "v2/box cpu/box memory/box");
	hand_on("\n");
	check("0::/box/in\n", NONE, "v2/box cpu/box memory/box");
	assert_int_equal(unlink(in_sandbox("v2/box/cgroup.subtree_control")), 0);
}

static void a_name_that_only_begins_alike_is_another_group(void **state)
{
	(void)state;
	hand_on("memory\n");
	check("0::/boxer\n", NONE, "v2/box cpu/box memory/box");
	check("0::/boxer/in\n", NONE, "v2/box cpu/box memory/box");
	assert_int_equal(unlink(in_sandbox("v2/box/cgroup.subtree_control")), 0);
}

static void the_running_process_is_asked_on_the_real_host(void **state)
{
	struct string_list result = { 0 };

	(void)state;
	/* No directory of the container's is below what the host has mounted. */
	SUCCEEDS(cgroup_residence(&directories, getpid(), NONE, &result, &err));
	assert_int_equal(result.n, 3);
	string_list_finish(&result);
	FAILS(cgroup_residence(&directories, getpid(), WORDS("memory:in"), &result, &err), EINVAL,
	      "no group with such a controller");
	hand_on("memory\n");
	SUCCEEDS(cgroup_residence(&directories, getpid(), NONE, &result, &err));
	assert_string_equal(result.v[0], in_sandbox("v2/box"));
	string_list_finish(&result);
	assert_int_equal(unlink(in_sandbox("v2/box/cgroup.subtree_control")), 0);
}

static void a_process_that_is_gone_is_an_error(void **state)
{
	struct string_list result = { 0 };

	(void)state;
	FAILS(cgroup_residence(&directories, 0x7ffffff0, WORDS("in"), &result, &err), ENOENT,
	      "/proc/2147483632/cgroup");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(without_arguments_it_is_the_container_s),
		cmocka_unit_test(a_path_is_for_every_hierarchy),
		cmocka_unit_test(a_controller_s_path_is_for_its_hierarchy),
		cmocka_unit_test(unknown_controllers_are_refused),
		cmocka_unit_test(several_paths_need_controllers),
		cmocka_unit_test(nothing_leads_out),
		cmocka_unit_test(no_link_is_followed),
		cmocka_unit_test(a_group_must_be_there),
		cmocka_unit_test(a_v2_group_that_has_handed_on_is_left_to_init_s),
		cmocka_unit_test(a_name_that_only_begins_alike_is_another_group),
		cmocka_unit_test(the_running_process_is_asked_on_the_real_host),
		cmocka_unit_test(a_process_that_is_gone_is_an_error),
	};

	return cmocka_run_group_tests(tests, setup, teardown);
}
