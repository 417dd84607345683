/* What a container sees of its groups: options to mount a hierarchy again, links, ownership. */
#include "tests/unit/cgroup_host.h"

static void check_options(const char *name, const char *mountpoint, const char *options,
			  const char *links)
{
	const struct cgroup_hierarchy hierarchy = { .name = (char *)name,
						    .mountpoint = (char *)mountpoint };
	struct string_list names = { 0 };
	struct buffer text = { 0 };
	struct error err = { 0 };

	char *got = cgroup_mount_options(&hierarchy);
	assert_string_equal(got, options);
	free(got);
	assert_int_equal(cgroup_mount_symlinks(&hierarchy, &names, &err), 0);
	for (size_t i = 0; i < names.n; i++)
		buffer_print(&text, "%s%s", i ? " " : "", names.v[i]);
	assert_string_equal(text.text ? text.text : "", links);
	buffer_finish(&text);
	string_list_finish(&names);
}

static void hierarchies_can_be_mounted_again(void **state)
{
	(void)state;
	check_options("memory", "/sys/fs/cgroup/memory", "memory", "");
	check_options("cpu,cpuacct", "/sys/fs/cgroup/cpu,cpuacct", "cpu,cpuacct", "cpu cpuacct");
	check_options("cpuacct,cpu", "/sys/fs/cgroup/both", "cpuacct,cpu", "");
	check_options("name=systemd", "/sys/fs/cgroup/systemd", "none,name=systemd", "");
	check_options("", "/sys/fs/cgroup/unified", "", "");
}

static uid_t owner_of(const char *directory, const char *file)
{
	char path[512];
	struct stat st;

	snprintf(path, sizeof path, "%s/%s", directory, file);
	assert_int_equal(stat(path, &st), 0);
	return st.st_uid;
}

static void only_what_may_be_delegated_changes_its_owner(void **state)
{
	struct box box;
	struct error err = { 0 };

	(void)state;
	NEED_V2();
	plan_v2("own", NULL, &box.plan);
	box_create(&box);
	const char *directory = box.directories.v[0];
	box.plan.every_v2_controller = true;
	if (cgroup_delegate(&box.plan, 12345, (gid_t)-1, &err))
		fail_msg("%s", err.msg);
	assert_int_equal(owner_of(directory, ""), 12345);
	assert_int_equal(owner_of(directory, "cgroup.procs"), 12345);
	assert_int_equal(owner_of(directory, "cgroup.threads"), 12345);
	assert_int_equal(owner_of(directory, "cgroup.subtree_control"), 12345);
	assert_int_equal(owner_of(directory, "cgroup.freeze"), 0);
	assert_int_equal(owner_of(directory, "cgroup.max.depth"), 0);
	box_finish(&box);
}

/* config-linux.md, Cgroup ownership: three files, where the kernel has no list. Here the list is covered. */
static void without_the_kernels_list_three_files_change_their_owner(void **state)
{
	struct box box;
	struct error err = { 0 };

	(void)state;
	NEED_V2();
	plan_v2("own", NULL, &box.plan);
	box_create(&box);
	const char *directory = box.directories.v[0];
	box.plan.every_v2_controller = true;
	assert_int_equal(mount("tmpfs", "/sys/kernel/cgroup", "tmpfs", 0, NULL), 0);
	int result = cgroup_delegate(&box.plan, 12345, (gid_t)-1, &err);
	assert_int_equal(umount("/sys/kernel/cgroup"), 0);
	if (result)
		fail_msg("%s", err.msg);
	assert_int_equal(owner_of(directory, "cgroup.procs"), 12345);
	assert_int_equal(owner_of(directory, "cgroup.subtree_control"), 12345);
	assert_int_equal(owner_of(directory, "cgroup.threads"), 12345);
	assert_int_equal(owner_of(directory, "cgroup.stat"), 0);
	box_finish(&box);
}

static void beside_v1_nothing_changes_its_owner(void **state)
{
	struct box box;
	struct error err = { 0 };

	(void)state;
	NEED_V1("pids");
	plan_host("own", NULL, &box.plan);
	box_create(&box);
	assert_int_equal(cgroup_delegate(&box.plan, 12345, 12345, &err), 0);
	for (size_t i = 0; i < box.directories.n; i++)
		assert_int_equal(owner_of(box.directories.v[i], "cgroup.procs"), 0);
	box_finish(&box);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(hierarchies_can_be_mounted_again),
		cmocka_unit_test(only_what_may_be_delegated_changes_its_owner),
		cmocka_unit_test(without_the_kernels_list_three_files_change_their_owner),
		cmocka_unit_test(beside_v1_nothing_changes_its_owner),
	};

	return cmocka_run_group_tests(tests, host_setup, host_teardown);
}
