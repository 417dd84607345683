/* Plans: words become numbers, wrong words are refused, and nothing happens yet. */
#include "runtime/plan.h"

#include "tests/unit/planned.h"

#include <limits.h>

static struct error err;
static struct planned planned;

static void check_refused(const char *members, const char *text)
{
	struct planned refused;

	FAILS(try_plan(members, &refused, &err), EINVAL, text);
	/* Nothing is left to finish; doing so is harmless. */
	plan_finish(&refused.plan);
}

static void every_namespace_has_flag_and_file(void **state)
{
	static const struct {
		enum namespace_type type;
		uint64_t flag;
		const char *file;
	} all[] = {
		{ NAMESPACE_PID, CLONE_NEWPID, "pid" },
		{ NAMESPACE_NETWORK, CLONE_NEWNET, "net" },
		{ NAMESPACE_MOUNT, CLONE_NEWNS, "mnt" },
		{ NAMESPACE_IPC, CLONE_NEWIPC, "ipc" },
		{ NAMESPACE_UTS, CLONE_NEWUTS, "uts" },
		{ NAMESPACE_USER, CLONE_NEWUSER, "user" },
		{ NAMESPACE_CGROUP, CLONE_NEWCGROUP, "cgroup" },
		{ NAMESPACE_TIME, CLONE_NEWTIME, "time" },
	};

	(void)state;
	assert_int_equal(sizeof all / sizeof *all, NAMESPACE_TYPES);
	for (size_t i = 0; i < NAMESPACE_TYPES; i++) {
		char path[64];
		assert_true(namespace_clone_flag(all[i].type) == all[i].flag);
		assert_string_equal(namespace_file(all[i].type), all[i].file);
		snprintf(path, sizeof path, "/proc/self/ns/%s", all[i].file);
		if (!exists(path))
			print_message("this kernel has no %s\n", path);
	}
}

static void paths_are_made_absolute(void **state)
{
	char here[PATH_MAX], expected[PATH_MAX + 32];

	(void)state;
	make_plan("", &planned);
	assert_non_null(realpath(sandbox, here));
	assert_string_equal(planned.plan.bundle, here);
	snprintf(expected, sizeof expected, "%s/rootfs", here);
	assert_string_equal(planned.plan.rootfs, expected);
	assert_string_equal(planned.plan.id, "test-id");
	finish_plan(&planned);
}

static struct config *config_with_root(const char *path)
{
	struct config *config = parse_config("");

	free(config->root->path);
	config->root->path = strdup(path);
	return config;
}

static void check_root(const char *path, int code, const char *text)
{
	const struct plan_options options = { .bundle = sandbox, .seccomp_cache_dirfd = -1 };
	struct config *config = config_with_root(path);

	FAILS(plan_build(config, "x", &options, &planned.plan, &err), code, text);
	config_free(config);
}

static void a_root_must_be_there_and_not_the_hosts(void **state)
{
	(void)state;
	check_root("/no/such/rootfs", ENOENT, "root.path: rootfs '/no/such/rootfs': no such file");
	check_root("missing", ENOENT, "unpack an image there");
	check_root("/", EINVAL, "root.path: '/' is the host's root directory");
	check_root("/../.", EINVAL, "is the host's root directory");
	make_link("/", in_sandbox("hostlink"));
	check_root("hostlink", EINVAL, "is the host's root directory");
}

static void a_bundle_must_be_there(void **state)
{
	const struct plan_options options = { .bundle = "/no/such/bundle",
					      .seccomp_cache_dirfd = -1 };
	struct config *config = parse_config("");

	(void)state;
	FAILS(plan_build(config, "x", &options, &planned.plan, &err), ENOENT,
	      "bundle '/no/such/bundle': no such file or directory");
	config_free(config);
}

static void a_link_to_the_rootfs_is_resolved_now(void **state)
{
	const struct plan_options options = { .bundle = sandbox, .seccomp_cache_dirfd = -1 };
	char expected[PATH_MAX];

	(void)state;
	make_folder(in_sandbox("real"));
	make_link("real", in_sandbox("link"));
	struct config *config = config_with_root("link");
	SUCCEEDS(plan_build(config, "x", &options, &planned.plan, &err));
	assert_non_null(realpath(in_sandbox("real"), expected));
	assert_string_equal(planned.plan.rootfs, expected);
	plan_finish(&planned.plan);
	config_free(config);
}

static void new_namespaces_become_clone_flags(void **state)
{
	(void)state;
	make_plan("'linux':{'namespaces':[{'type':'pid'},{'type':'network'},{'type':'mount'},"
		  "{'type':'ipc'},{'type':'uts'}]}",
		  &planned);
	assert_true(planned.plan.clone_flags ==
		    (CLONE_NEWPID | CLONE_NEWNET | CLONE_NEWNS | CLONE_NEWIPC | CLONE_NEWUTS));
	assert_true(planned.plan.new_namespace[NAMESPACE_PID]);
	assert_false(planned.plan.new_namespace[NAMESPACE_USER]);
	assert_false(planned.plan.in_user_namespace);
	finish_plan(&planned);
}

static void cgroup_and_time_namespaces_come_later(void **state)
{
	(void)state;
	make_plan("'linux':{'namespaces':[{'type':'cgroup'},{'type':'time'},{'type':'uts'}]}",
		  &planned);
	assert_true(planned.plan.clone_flags == CLONE_NEWUTS);
	assert_true(planned.plan.new_namespace[NAMESPACE_CGROUP]);
	assert_true(planned.plan.new_namespace[NAMESPACE_TIME]);
	finish_plan(&planned);
}

static void namespaces_with_a_path_are_joined(void **state)
{
	(void)state;
	make_plan("'linux':{'namespaces':[{'type':'network','path':'/proc/1/ns/net'},"
		  "{'type':'user','path':'/proc/1/ns/user'},{'type':'uts'}]}",
		  &planned);
	assert_true(planned.plan.clone_flags == CLONE_NEWUTS);
	assert_string_equal(planned.plan.join_namespace[NAMESPACE_NETWORK], "/proc/1/ns/net");
	assert_null(planned.plan.join_namespace[NAMESPACE_UTS]);
	assert_false(planned.plan.new_namespace[NAMESPACE_NETWORK]);
	assert_true(planned.plan.in_user_namespace);
	finish_plan(&planned);
}

static void an_absent_namespace_is_the_callers(void **state)
{
	(void)state;
	make_plan("", &planned);
	assert_true(planned.plan.clone_flags == 0);
	for (int type = 0; type < NAMESPACE_TYPES; type++)
		assert_true(!planned.plan.new_namespace[type] &&
			    !planned.plan.join_namespace[type]);
	finish_plan(&planned);
}

#define MOUNT_NAMESPACE "'linux':{'namespaces':[{'type':'mount'}]},"
#define USER_NAMESPACE                                                    \
	"'linux':{'namespaces':[{'type':'mount'},{'type':'user'}],"       \
	"'uidMappings':[{'containerID':0,'hostID':100000,'size':65536}]," \
	"'gidMappings':[{'containerID':0,'hostID':200000,'size':65536}]},"

static void mount_options_become_flags(void **state)
{
	(void)state;
	make_plan(MOUNT_NAMESPACE "'mounts':[{'destination':'/t','type':'tmpfs','source':'t',"
				  "'options':['nosuid','size=64k']},"
				  "{'destination':'/b','source':'/etc','options':['rbind','ro']}]",
		  &planned);
	const struct plan *plan = &planned.plan;
	assert_int_equal(plan->n_mounts, 2);
	assert_true(plan->mounts[0].options.set & MOUNT_ATTR_NOSUID);
	assert_string_equal(plan->mounts[0].options.data.v[0], "size=64k");
	assert_false(plan->mounts[0].options.bind);
	assert_true(plan->mounts[1].options.bind && plan->mounts[1].options.recursive_bind);
	assert_true(plan->mounts[1].options.set & MOUNT_ATTR_RDONLY);
	assert_ptr_equal(plan->mounts[1].mount, planned.config->mounts.v[1]);
	finish_plan(&planned);
}

static void type_bind_is_a_bind_mount(void **state)
{
	(void)state;
	make_plan(MOUNT_NAMESPACE "'mounts':[{'destination':'/b','type':'bind','source':'/etc'}]",
		  &planned);
	assert_true(planned.plan.mounts[0].options.bind);
	finish_plan(&planned);
	check_refused(MOUNT_NAMESPACE "'mounts':[{'destination':'/b','type':'bind'}]",
		      "mounts[0].source: required for a bind mount");
}

static void cgroup_mounts_are_told_apart(void **state)
{
	(void)state;
	make_plan(MOUNT_NAMESPACE
		  "'mounts':[{'destination':'/a','type':'cgroup','source':'cgroup'},"
		  "{'destination':'/b','type':'cgroup','source':'/etc','options':['bind']},"
		  "{'destination':'/c','type':'cgroup2','source':'x'}]",
		  &planned);
	assert_true(planned.plan.mounts[0].cgroup);
	assert_false(planned.plan.mounts[1].cgroup);
	assert_false(planned.plan.mounts[2].cgroup);
	finish_plan(&planned);
}

static void a_bound_dev_is_not_ours_to_fill(void **state)
{
	(void)state;
	make_plan(MOUNT_NAMESPACE "'mounts':[{'destination':'/dev','type':'tmpfs','source':'x'}]",
		  &planned);
	assert_true(planned.plan.own_dev);
	finish_plan(&planned);
	make_plan(MOUNT_NAMESPACE
		  "'mounts':[{'destination':'/dev/','source':'/dev','options':['rbind']}]",
		  &planned);
	assert_false(planned.plan.own_dev);
	finish_plan(&planned);
	make_plan(MOUNT_NAMESPACE
		  "'mounts':[{'destination':'/dev/x','source':'/dev','options':['rbind']}]",
		  &planned);
	assert_true(planned.plan.own_dev);
	finish_plan(&planned);
}

static void an_idmap_takes_its_own_mappings_or_the_containers(void **state)
{
	(void)state;
	make_plan(MOUNT_NAMESPACE
		  "'mounts':[{'destination':'/m','source':'/etc','options':['bind'],"
		  "'uidMappings':[{'containerID':0,'hostID':5,'size':1}],"
		  "'gidMappings':[{'containerID':0,'hostID':6,'size':1}]}]",
		  &planned);
	assert_true(planned.plan.mounts[0].options.idmap);
	assert_int_equal(planned.plan.mounts[0].uid_mappings->v[0]->host_id, 5);
	assert_int_equal(planned.plan.mounts[0].gid_mappings->v[0]->host_id, 6);
	finish_plan(&planned);
	make_plan(USER_NAMESPACE
		  "'mounts':[{'destination':'/m','source':'/etc','options':['rbind','ridmap']}]",
		  &planned);
	assert_true(planned.plan.mounts[0].options.idmap_recursive);
	assert_int_equal(planned.plan.mounts[0].uid_mappings->v[0]->host_id, 100000);
	assert_int_equal(planned.plan.mounts[0].gid_mappings->v[0]->host_id, 200000);
	finish_plan(&planned);
	check_refused("'linux':{'namespaces':[{'type':'mount'},{'type':'user','path':'/x'}]},"
		      "'mounts':[{'destination':'/m','source':'/etc','options':['bind','idmap']}]",
		      "mounts[0]: options: idmap without uidMappings needs a user namespace");
	check_refused(USER_NAMESPACE
		      "'mounts':[{'destination':'/m','type':'tmpfs','options':['idmap']}]",
		      "mounts[0]: options: idmap needs bind or rbind");
}

static void propagation_words_become_flags(void **state)
{
	(void)state;
	make_plan("", &planned);
	assert_true(planned.plan.rootfs_propagation == (MS_SLAVE | MS_REC));
	finish_plan(&planned);
	make_plan("'linux':{'rootfsPropagation':'shared'}", &planned);
	assert_true(planned.plan.rootfs_propagation & MS_SHARED);
	finish_plan(&planned);
}

static void check_environment(const char *env, const char *expected, bool needs_home)
{
	struct buffer members = { 0 }, got = { 0 };

	buffer_print(&members, "'linux':{},'process':{'cwd':'/','args':['x'],'env':%s}", env);
	/* The last of two keys would be a duplicate: so without parse_config's own process. */
	struct problems problems = { 0 };
	struct buffer text = { 0 };
	buffer_print(&text, "{'ociVersion':'1.3.0','root':{'path':'rootfs'},%s}", members.text);
	for (char *at = text.text; (at = strchr(at, '\''));)
		*at = '"';
	struct config *config = config_parse(text.text, text.length, &problems);
	assert_non_null(config);
	const struct plan_options options = { .bundle = sandbox, .seccomp_cache_dirfd = -1 };
	SUCCEEDS(plan_build(config, "x", &options, &planned.plan, &err));
	for (size_t i = 0; i < planned.plan.environment.n; i++)
		buffer_print(&got, "%s;", planned.plan.environment.v[i]);
	assert_string_equal(got.text ? got.text : "", expected);
	assert_int_equal(planned.plan.needs_home, needs_home);
	plan_finish(&planned.plan);
	config_free(config);
	problems_finish(&problems);
	buffer_finish(&text);
	buffer_finish(&members);
	buffer_finish(&got);
}

static void the_last_of_equal_variables_wins(void **state)
{
	(void)state;
	check_environment("['A=1','B=2','A=3','AB=4']", "B=2;A=3;AB=4;", true);
	check_environment("[]", "", true);
	check_environment("['A=','A=x','A=']", "A=;", true);
}

static void a_home_is_needed_where_none_is_given(void **state)
{
	(void)state;
	check_environment("['HOME=/root']", "HOME=/root;", false);
	check_environment("['HOME=']", "", true);
	check_environment("['HOME=/a','HOME=']", "", true);
	check_environment("['HOME=','HOME=/a']", "HOME=/a;", false);
	check_environment("['HOMER=/x']", "HOMER=/x;", true);
}

static void planning_makes_nothing(void **state)
{
	(void)state;
	make_plan("'linux':{'cgroupsPath':'/orun-unit-never','namespaces':[{'type':'mount'}]},"
		  "'mounts':[{'destination':'/made','type':'tmpfs','source':'x'}]",
		  &planned);
	assert_false(exists(in_sandbox("rootfs/made")));
	for (size_t i = 0; i < planned.plan.cgroup.n_hierarchies; i++)
		assert_false(exists(planned.plan.cgroup.hierarchies[i].directory));
	finish_plan(&planned);
	assert_null(planned.plan.mounts);
	assert_null(planned.plan.bundle);
}

static int new_sandbox(void **state)
{
	if (sandbox_setup(state))
		return -1;
	make_folder(in_sandbox("rootfs"));
	return 0;
}

#define CASE(name) cmocka_unit_test_setup_teardown(name, new_sandbox, sandbox_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		CASE(every_namespace_has_flag_and_file),
		CASE(paths_are_made_absolute),
		CASE(a_root_must_be_there_and_not_the_hosts),
		CASE(a_bundle_must_be_there),
		CASE(a_link_to_the_rootfs_is_resolved_now),
		CASE(new_namespaces_become_clone_flags),
		CASE(cgroup_and_time_namespaces_come_later),
		CASE(namespaces_with_a_path_are_joined),
		CASE(an_absent_namespace_is_the_callers),
		CASE(mount_options_become_flags),
		CASE(type_bind_is_a_bind_mount),
		CASE(cgroup_mounts_are_told_apart),
		CASE(a_bound_dev_is_not_ours_to_fill),
		CASE(an_idmap_takes_its_own_mappings_or_the_containers),
		CASE(propagation_words_become_flags),
		CASE(the_last_of_equal_variables_wins),
		CASE(a_home_is_needed_where_none_is_given),
		CASE(planning_makes_nothing),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
