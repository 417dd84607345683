/* What a container sees at /sys/fs/cgroup. The groups are plain directories here: they are only bound. */
#include "runtime/cgroup_mount.h"

#include "tests/unit/sandbox.h"

#include <sys/statvfs.h>

static struct error err;
static int target = -1;

static int new_folders(void **state)
{
	err = (struct error){ 0 };
	if (sandbox_setup(state))
		return -1;
	target = open_new_folder("target");
	make_folder(in_sandbox("host"));
	return 0;
}

static int close_folders(void **state)
{
	close(target);
	return sandbox_teardown(state);
}

/* The hierarchy @mount of the sandbox's host, with the container's group "orun/id" in it. */
static struct cgroup_hierarchy hierarchy(int version, const char *mount_name, const char *name)
{
	struct cgroup_hierarchy made = { .version = version, .name = strdup(name) };
	char path[256];

	snprintf(path, sizeof path, "host/%s", mount_name);
	make_folder(in_sandbox(path));
	made.mountpoint = strdup(in_sandbox(path));
	snprintf(path, sizeof path, "host/%s/group", mount_name);
	make_folder(in_sandbox(path));
	made.directory = strdup(in_sandbox(path));
	snprintf(path, sizeof path, "host/%s/group/which", mount_name);
	make_text(in_sandbox(path), mount_name);
	snprintf(path, sizeof path, "host/%s/above", mount_name);
	make_text(in_sandbox(path), "not the container's");
	return made;
}

static int mount_groups(struct cgroup_hierarchy *hierarchies, size_t n, uint64_t set)
{
	struct plan plan = { .cgroup = { .hierarchies = hierarchies, .n_hierarchies = n } };
	struct mount_plan mount = { .cgroup = true, .options = { .set = set } };
	int failed = cgroup_mount(&plan, &mount, target, &err);

	for (size_t i = 0; i < n; i++) {
		free(hierarchies[i].name);
		free(hierarchies[i].mountpoint);
		free(hierarchies[i].directory);
	}
	return failed;
}

static const char *seen(const char *name)
{
	char path[256];

	snprintf(path, sizeof path, "target/%s", name);
	return text_of(AT_FDCWD, in_sandbox(path));
}

static unsigned long flags_of(const char *name)
{
	struct statvfs fs;

	if (statvfs(in_sandbox(name), &fs))
		fail_msg("%s: %s", name, strerror(errno));
	return fs.f_flag;
}

static void v2_alone_is_the_containers_group(void **state)
{
	struct cgroup_hierarchy one[] = { { 0 } };

	(void)state;
	NEED_SANDBOX();
	one[0] = hierarchy(2, "unified", "");
	SUCCEEDS(mount_groups(one, 1, MOUNT_ATTR_NOSUID));
	assert_string_equal(seen("which"), "unified");
	assert_false(exists(in_sandbox("target/above")));
	assert_true(flags_of("target") & ST_NOSUID);
	assert_false(flags_of("target") & ST_RDONLY);
}

static void v1_is_a_tmpfs_with_a_group_for_each_hierarchy(void **state)
{
	struct cgroup_hierarchy three[3];
	struct stat st;

	(void)state;
	NEED_SANDBOX();
	three[0] = hierarchy(1, "memory", "memory");
	three[1] = hierarchy(1, "systemd", "name=systemd");
	three[2] = hierarchy(2, "unified", "");
	SUCCEEDS(mount_groups(three, 3, 0));
	assert_string_equal(seen("memory/which"), "memory");
	assert_string_equal(seen("systemd/which"), "systemd");
	assert_string_equal(seen("unified/which"), "unified");
	assert_false(exists(in_sandbox("target/memory/above")));
	assert_false(exists(in_sandbox("target/memory/../above")));
	assert_int_equal(stat(in_sandbox("target"), &st), 0);
	assert_int_equal(st.st_mode & 07777, 0755);
	const unsigned long fixed = ST_NOSUID | ST_NODEV | ST_NOEXEC;
	assert_true((flags_of("target") & fixed) == fixed);
}

static void controllers_mounted_together_have_links(void **state)
{
	struct cgroup_hierarchy two[2];
	char text[64] = "";

	(void)state;
	NEED_SANDBOX();
	two[0] = hierarchy(1, "cpu,cpuacct", "cpu,cpuacct");
	two[1] = hierarchy(1, "pids", "pids");
	SUCCEEDS(mount_groups(two, 2, 0));
	assert_true(readlink(in_sandbox("target/cpu"), text, sizeof text - 1) > 0);
	assert_string_equal(text, "cpu,cpuacct");
	assert_string_equal(seen("cpu/which"), "cpu,cpuacct");
	assert_string_equal(seen("cpuacct/which"), "cpu,cpuacct");
	struct stat st;
	assert_int_equal(lstat(in_sandbox("target/pids"), &st), 0);
	assert_true(S_ISDIR(st.st_mode));
}

/* CVE-2023-25809. */
static void read_only_means_all_of_it(void **state)
{
	struct cgroup_hierarchy two[2];

	(void)state;
	NEED_SANDBOX();
	two[0] = hierarchy(1, "memory", "memory");
	two[1] = hierarchy(2, "unified", "");
	SUCCEEDS(mount_groups(two, 2, MOUNT_ATTR_RDONLY | MOUNT_ATTR_NOEXEC));
	assert_true(flags_of("target") & ST_RDONLY);
	assert_true(flags_of("target/memory") & ST_RDONLY);
	assert_true(flags_of("target/unified") & ST_RDONLY);
	assert_int_equal(mkdir(in_sandbox("target/memory/new"), 0755), -1);
	assert_int_equal(errno, EROFS);
	assert_int_equal(mkdir(in_sandbox("target/new"), 0755), -1);
	assert_int_equal(errno, EROFS);
	/* The host's own stays as it is. */
	make_folder(in_sandbox("host/memory/group/new"));
}

static void read_only_means_v2_too(void **state)
{
	struct cgroup_hierarchy one[] = { { 0 } };

	(void)state;
	NEED_SANDBOX();
	one[0] = hierarchy(2, "unified", "");
	SUCCEEDS(mount_groups(one, 1, MOUNT_ATTR_RDONLY));
	assert_int_equal(mkdir(in_sandbox("target/new"), 0755), -1);
	assert_int_equal(errno, EROFS);
}

static void a_group_that_is_gone_is_an_error(void **state)
{
	struct cgroup_hierarchy two[2];

	(void)state;
	NEED_SANDBOX();
	two[0] = hierarchy(1, "memory", "memory");
	two[1] = hierarchy(1, "pids", "pids");
	remove(in_sandbox("host/pids/group/which"));
	assert_int_equal(rmdir(in_sandbox("host/pids/group")), 0);
	FAILS(mount_groups(two, 2, 0), ENOENT, "pids: open_tree ");
}

/* On a host without any hierarchy there is still a place for one. */
static void without_hierarchies_it_is_an_empty_tmpfs(void **state)
{
	(void)state;
	NEED_SANDBOX();
	SUCCEEDS(mount_groups(NULL, 0, MOUNT_ATTR_RDONLY));
	assert_true(flags_of("target") & ST_RDONLY);
}

#define CASE(name) cmocka_unit_test_setup_teardown(name, new_folders, close_folders)

int main(void)
{
	const struct CMUnitTest tests[] = {
		CASE(v2_alone_is_the_containers_group),
		CASE(v1_is_a_tmpfs_with_a_group_for_each_hierarchy),
		CASE(controllers_mounted_together_have_links),
		CASE(read_only_means_all_of_it),
		CASE(read_only_means_v2_too),
		CASE(a_group_that_is_gone_is_an_error),
		CASE(without_hierarchies_it_is_an_empty_tmpfs),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
