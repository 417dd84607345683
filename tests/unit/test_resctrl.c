/* linux.intelRdt with a directory in the place of resctrl: no processor here has it. */
#include "runtime/resctrl.h"

#include "tests/unit/fake_resctrl.h"

#include <pthread.h>

#include "spec/base/owned.h"

static struct error err;
static struct state state;
static struct resctrl_made made;

static int make(void **context)
{
	err = (struct error){ 0 };
	made = (struct resctrl_made){ 0 };
	state = (struct state){ .id = strdup("box") };
	resctrl[0] = '\0';
	if (sandbox_setup(context))
		return -1;
	make_resctrl();
	return 0;
}

static int forget(void **context)
{
	resctrl[0] = '\0';
	free(state.id);
	free(state.resctrl_group);
	free(state.resctrl_monitoring);
	string_list_finish(&state.resctrl_made);
	return sandbox_teardown(context);
}

static const char *file(const char *name)
{
	return text_of(AT_FDCWD, in_resctrl(name));
}

static int foresee(const struct intel_rdt *rdt)
{
	return resctrl_foresee(resctrl, rdt, &state, &err);
}

static int create(const struct intel_rdt *rdt)
{
	return foresee(rdt) || resctrl_create(rdt, &state, 4711, &made, &err) ? -1 : 0;
}

/* ---- without closID ---- */

static void without_a_class_the_group_has_the_containers_id(void **context)
{
	(void)context;
	const struct intel_rdt rdt = { 0 };

	SUCCEEDS(create(&rdt));
	assert_true(made.group);
	assert_string_equal(file("box/tasks"), "4711");
	assert_string_equal(file("box/schemata"), "");
	assert_string_equal(file("schemata"), ROOT_SCHEMATA);
}

static void schemata_are_written_in_the_order_of_the_specification(void **context)
{
	(void)context;
	char *lines[] = { "L2:0=f", "MB:0=30" };
	const struct intel_rdt rdt = { .l3_cache_schema = "L3:0=7f0;1=1f",
				       .mem_bw_schema = "MB:0=20;1=70",
				       .schemata = { lines, 2 } };

	SUCCEEDS(create(&rdt));
	assert_string_equal(file("box/schemata"), "L3:0=7f0;1=1f\nMB:0=20;1=70\nL2:0=f\nMB:0=30\n");
}

static void what_was_made_is_removed_with_the_container(void **context)
{
	(void)context;
	const struct intel_rdt rdt = { .enable_monitoring = true };

	SUCCEEDS(create(&rdt));
	assert_true(exists(in_resctrl("box/mon_groups/box")));
	SUCCEEDS(resctrl_remove(&state, &err));
	assert_false(exists(in_resctrl("box")));
	SUCCEEDS(resctrl_remove(&state, &err)); /* gone already */
}

static void a_group_that_was_there_stays(void **context)
{
	(void)context;
	const struct intel_rdt rdt = { 0 };

	make_class("box", "L3:0=1\n");
	SUCCEEDS(create(&rdt));
	assert_false(made.group);
	assert_string_equal(file("box/tasks"), "4711");
	SUCCEEDS(resctrl_remove(&state, &err));
	resctrl_take_back(&state, &made);
	assert_true(exists(in_resctrl("box")));
}

static void a_group_that_appears_meanwhile_is_refused(void **context)
{
	(void)context;
	const struct intel_rdt rdt = { 0 };

	SUCCEEDS(foresee(&rdt));
	make_class("box", "");
	FAILS(resctrl_create(&rdt, &state, 4711, &made, &err), EEXIST, "box");
	resctrl_take_back(&state, &made);
	assert_true(exists(in_resctrl("box")));
}

/* ---- with closID ---- */

static void a_class_without_schemata_must_be_there(void **context)
{
	(void)context;
	const struct intel_rdt rdt = { .clos_id = "gold" };

	FAILS(foresee(&rdt), ENOENT, "linux.intelRdt.closID: there is no group");
}

static void a_class_that_is_there_is_joined_as_it_is(void **context)
{
	(void)context;
	const struct intel_rdt rdt = { .clos_id = "gold" };

	make_class("gold", "L3:0=3\n");
	SUCCEEDS(create(&rdt));
	assert_string_equal(file("gold/tasks"), "4711");
	assert_string_equal(file("gold/schemata"), "L3:0=3\n");
	assert_int_equal(state.resctrl_made.n, 0);
}

static void a_class_with_schemata_is_made_and_outlives_the_container(void **context)
{
	(void)context;
	const struct intel_rdt rdt = { .clos_id = "gold", .mem_bw_schema = "MB:0=20" };

	SUCCEEDS(create(&rdt));
	assert_true(made.group);
	assert_string_equal(file("gold/schemata"), "MB:0=20\n");
	SUCCEEDS(resctrl_remove(&state, &err));
	assert_true(exists(in_resctrl("gold")));
	/* Only a create that fails takes it along. */
	resctrl_take_back(&state, &made);
	assert_false(exists(in_resctrl("gold")));
}

static void the_root_is_the_default_class(void **context)
{
	(void)context;
	const struct intel_rdt rdt = { .clos_id = "/" };

	SUCCEEDS(create(&rdt));
	assert_string_equal(file("tasks"), "4711");
	assert_string_equal(state.resctrl_group, resctrl);
	assert_int_equal(state.resctrl_made.n, 0);
}

#define GOLD "    MB:0= 20;1= 070\n    L3:1=00ff;0=7F0\n"

static void a_schema_that_says_the_same_is_accepted(void **context)
{
	(void)context;
	static const struct intel_rdt same[] = {
		{ .clos_id = "gold", .l3_cache_schema = "L3:0=7f0;1=ff" },
		{ .clos_id = "gold", .l3_cache_schema = "L3:1=0ff" },
		{ .clos_id = "gold", .l3_cache_schema = "L3:0=7f0;1=ff;" },
		{ .clos_id = "gold", .mem_bw_schema = "MB:1=70;0=20" },
		{ .clos_id = "gold", .l3_cache_schema = "L3:0=7f0", .mem_bw_schema = "MB:0=20" },
	};

	make_class("gold", GOLD);
	for (size_t i = 0; i < sizeof same / sizeof *same; i++) {
		put_file(in_resctrl("gold"), "schemata", GOLD);
		SUCCEEDS(create(&same[i]));
		free(take_pointer(state.resctrl_group));
	}
}

static void a_schema_that_differs_is_refused(void **context)
{
	(void)context;
	static const struct intel_rdt other[] = {
		{ .clos_id = "gold", .l3_cache_schema = "L3:0=7f1" },
		{ .clos_id = "gold", .l3_cache_schema = "L3:0=7f0;1=f" },
		{ .clos_id = "gold", .l3_cache_schema = "L3:0=7f0;2=ff" },
		{ .clos_id = "gold", .l3_cache_schema = "L3:0=7f" },
		{ .clos_id = "gold", .l3_cache_schema = "L3:0=7f00" },
		{ .clos_id = "gold", .l3_cache_schema = "L3:" },
		{ .clos_id = "gold", .l3_cache_schema = "L3:0" },
		{ .clos_id = "gold", .l3_cache_schema = "L3" },
		{ .clos_id = "gold", .l3_cache_schema = "L2:0=7f0" },
		{ .clos_id = "gold", .mem_bw_schema = "MB:0=2" },
		{ .clos_id = "gold", .mem_bw_schema = "MB:0=20;1=7" },
	};

	make_class("gold", GOLD);
	for (size_t i = 0; i < sizeof other / sizeof *other; i++) {
		FAILS(create(&other[i]), EEXIST, "is not what the group");
		assert_string_equal(file("gold/schemata"), GOLD);
		assert_string_equal(file("gold/tasks"), "");
		free(take_pointer(state.resctrl_group));
	}
}

static void names_of_resctrls_own_are_no_groups(void **context)
{
	(void)context;
	static const char *const names[] = { "info", "mon_groups", "mon_data" };

	for (size_t i = 0; i < 3; i++) {
		const struct intel_rdt rdt = { .clos_id = (char *)(uintptr_t)names[i] };
		FAILS(foresee(&rdt), EINVAL, names[i]);
	}
}

/* ---- monitoring ---- */

static void monitoring_has_a_group_with_the_containers_id(void **context)
{
	(void)context;
	const struct intel_rdt rdt = { .clos_id = "gold", .enable_monitoring = true };

	make_class("gold", "");
	SUCCEEDS(create(&rdt));
	assert_string_equal(file("gold/tasks"), "4711");
	assert_string_equal(file("gold/mon_groups/box/tasks"), "4711");
	SUCCEEDS(resctrl_remove(&state, &err));
	assert_true(exists(in_resctrl("gold")));
	assert_false(exists(in_resctrl("gold/mon_groups/box")));
}

static void a_monitoring_group_of_others_is_refused(void **context)
{
	(void)context;
	const struct intel_rdt rdt = { .clos_id = "/", .enable_monitoring = true };

	make_class("mon_groups/box", "");
	FAILS(create(&rdt), EEXIST, "enableMonitoring");
	resctrl_take_back(&state, &made);
	assert_true(exists(in_resctrl("mon_groups/box")));
}

static void another_process_enters_the_same_groups(void **context)
{
	(void)context;
	const struct intel_rdt rdt = { .enable_monitoring = true };

	SUCCEEDS(resctrl_enter(&state, 1, &err)); /* a container without linux.intelRdt */
	SUCCEEDS(create(&rdt));
	SUCCEEDS(resctrl_enter(&state, 4712, &err));
	assert_string_equal(file("box/tasks"), "4712");
	assert_string_equal(file("box/mon_groups/box/tasks"), "4712");
}

/* ---- failures ---- */

static void the_kernels_explanation_is_told(void **context)
{
	(void)context;
	const struct intel_rdt rdt = { .clos_id = "gold" };

	make_class("gold", "");
	put_file(resctrl, "info/last_cmd_status", "Out of CLOSIDs\n");
	assert_int_equal(syscall(SYS_unlinkat, AT_FDCWD, in_resctrl("gold/tasks"), 0), 0);
	FAILS(create(&rdt), ENOENT, "resctrl says: Out of CLOSIDs");
	assert_non_null(strstr(err.msg, "linux.intelRdt: "));
}

static void schemata_longer_than_a_page_are_refused(void **context)
{
	(void)context;
	char line[5000];
	char *lines[] = { line };
	const struct intel_rdt rdt = { .schemata = { lines, 1 } };

	memset(line, '0', sizeof line - 1);
	line[sizeof line - 1] = '\0';
	FAILS(create(&rdt), E2BIG, "schemata");
	resctrl_take_back(&state, &made);
	assert_false(exists(in_resctrl("box")));
}

/* ---- where it is mounted ---- */

/* The test's own mountinfo says what @more says too. */
static void fake_mountinfo(const char *more)
{
	char path[64];
	FILE *from = fopen("/proc/self/mountinfo", "re"), *to = fopen(in_sandbox("info"), "we");
	char line[4096];

	assert_non_null(from);
	assert_non_null(to);
	while (fgets(line, sizeof line, from))
		fputs(line, to);
	fputs(more, to);
	fclose(from);
	fclose(to);
	snprintf(path, sizeof path, "/proc/%d/mountinfo", (int)getpid());
	assert_int_equal(mount(in_sandbox("info"), path, NULL, MS_BIND, NULL), 0);
}

static void unfake_mountinfo(void)
{
	char path[64];

	snprintf(path, sizeof path, "/proc/%d/mountinfo", (int)getpid());
	assert_int_equal(umount2(path, MNT_DETACH), 0);
}

static void it_is_found_where_it_is_mounted(void **context)
{
	(void)context;
	NEED_SANDBOX();
	fake_mountinfo("99 1 0:9 / /some\\040where rw - resctrl none rw\n");
	char *found = resctrl_find(&err);
	unfake_mountinfo();
	assert_string_equal(found, "/some where");
	free(found);
}

static void not_mounted_is_an_error_with_a_hint(void **context)
{
	(void)context;
	NEED_SANDBOX();
	fake_mountinfo("99 1 0:9 / /resctrl rw - fuse.resctrl resctrl rw\n");
	assert_null(resctrl_find(&err));
	unfake_mountinfo();
	assert_int_equal(err.code, ENOENT);
	assert_non_null(strstr(err.msg, "linux.intelRdt: resctrl is not mounted; "));
}

/* ---- update ---- */

static void update_writes_to_the_containers_group(void **context)
{
	(void)context;
	const struct intel_rdt rdt = { 0 };

	SUCCEEDS(create(&rdt));
	SUCCEEDS(resctrl_update(&state, NULL, NULL, &err));
	assert_string_equal(file("box/schemata"), "");
	SUCCEEDS(resctrl_update(&state, "L3:0=3", "MB:0=50", &err));
	assert_string_equal(file("box/schemata"), "L3:0=3\nMB:0=50\n");
}

static void *sleep_in_thread(void *unused)
{
	(void)unused;
	pause();
	return NULL;
}

/* In everybody's /proc/self/cgroup. */
static bool hierarchy_is_there(const char *name)
{
	for (int tries = 0; tries < 20; tries++) {
		if (!strstr(text_of(AT_FDCWD, "/proc/self/cgroup"), name))
			return false;
		usleep(10000);
	}
	return true;
}

/* The kernel ends a hierarchy some time after it is unmounted, but only if its last groups are gone by then,
 * which takes a moment after rmdir: else it stays for ever. */
static void end_hierarchy(const char *path, const char *options)
{
	const char *name = strchr(options, ',') + 1;

	for (int tries = 0; tries < 10; tries++) {
		assert_int_equal(umount2(path, 0), 0);
		if (!hierarchy_is_there(name))
			return;
		assert_int_equal(mount("cgroup", path, "cgroup", 0, options), 0);
		usleep(100000);
	}
	fail_msg("%s is still there", name);
}

/* A v1 hierarchy of no controller stands in for resctrl's tasks: it takes threads one by one, too. */
static void update_makes_a_group_for_all_threads(void **context)
{
	(void)context;
	char line[256], text[64], options[64];
	pthread_t thread;

	NEED_SANDBOX();
	put_directory(sandbox, "cgroup");
	snprintf(options, sizeof options, "none,name=orun-test-%d", (int)getpid());
	if (mount("cgroup", in_sandbox("cgroup"), "cgroup", 0, options))
		SKIP("no v1 hierarchy can be made: %s", strerror(errno));
	put_directory(in_sandbox("cgroup"), "container");
	assert_int_equal(pthread_create(&thread, NULL, sleep_in_thread, NULL), 0);
	snprintf(text, sizeof text, "%d", (int)getpid());
	put_file(in_sandbox("cgroup"), "container/cgroup.procs", text);
	string_list_add(&state.cgroup_dirs, in_sandbox("cgroup/container"));
	snprintf(line, sizeof line, "99 1 0:9 / %s rw - resctrl none rw\n", resctrl);
	/* Its tasks are those of another group of the hierarchy. */
	make_class("box", "");
	put_directory(in_sandbox("cgroup"), "moved");
	assert_int_equal(mount(in_sandbox("cgroup/moved/tasks"), in_resctrl("box/tasks"), NULL,
			       MS_BIND, NULL),
			 0);
	fake_mountinfo(line);
	int failed = resctrl_update(&state, "L3:0=3", NULL, &err);
	unfake_mountinfo();
	snprintf(line, sizeof line, "%.200s", text_of(AT_FDCWD, in_sandbox("cgroup/moved/tasks")));
	put_file(in_sandbox("cgroup"), "tasks", text);
	pthread_cancel(thread);
	pthread_join(thread, NULL);
	umount2(in_resctrl("box/tasks"), MNT_DETACH);
	string_list_finish(&state.cgroup_dirs);
	SUCCEEDS(failed);
	assert_string_equal(state.resctrl_group, in_resctrl("box"));
	assert_int_equal(strtol(line, NULL, 10), getpid());
	assert_non_null(strchr(strchr(line, '\n') + 1, '\n')); /* two lines */
	rmdir(in_sandbox("cgroup/container"));
	rmdir(in_sandbox("cgroup/moved"));
	end_hierarchy(in_sandbox("cgroup"), options);
}

static void an_update_that_fails_leaves_no_group(void **context)
{
	(void)context;
	char line[256];

	NEED_SANDBOX();
	snprintf(line, sizeof line, "99 1 0:9 / %s rw - resctrl none rw\n", resctrl);
	string_list_add(&state.cgroup_dirs, in_sandbox("info")); /* no directory */
	fake_mountinfo(line);
	int failed = resctrl_update(&state, "L3:0=3", NULL, &err);
	unfake_mountinfo();
	string_list_finish(&state.cgroup_dirs);
	assert_int_equal(failed, -1);
	assert_null(state.resctrl_group);
	assert_int_equal(state.resctrl_made.n, 0);
	assert_false(exists(in_resctrl("box")));
}

#define CASE(name) cmocka_unit_test_setup_teardown(name, make, forget)

int main(void)
{
	const struct CMUnitTest cases[] = {
		CASE(without_a_class_the_group_has_the_containers_id),
		CASE(schemata_are_written_in_the_order_of_the_specification),
		CASE(what_was_made_is_removed_with_the_container),
		CASE(a_group_that_was_there_stays),
		CASE(a_group_that_appears_meanwhile_is_refused),
		CASE(a_class_without_schemata_must_be_there),
		CASE(a_class_that_is_there_is_joined_as_it_is),
		CASE(a_class_with_schemata_is_made_and_outlives_the_container),
		CASE(the_root_is_the_default_class),
		CASE(a_schema_that_says_the_same_is_accepted),
		CASE(a_schema_that_differs_is_refused),
		CASE(names_of_resctrls_own_are_no_groups),
		CASE(monitoring_has_a_group_with_the_containers_id),
		CASE(a_monitoring_group_of_others_is_refused),
		CASE(another_process_enters_the_same_groups),
		CASE(the_kernels_explanation_is_told),
		CASE(schemata_longer_than_a_page_are_refused),
		CASE(it_is_found_where_it_is_mounted),
		CASE(not_mounted_is_an_error_with_a_hint),
		CASE(update_writes_to_the_containers_group),
		CASE(update_makes_a_group_for_all_threads),
		CASE(an_update_that_fails_leaves_no_group),
	};

	return cmocka_run_group_tests(cases, NULL, NULL);
}
