/* Parents are found as a container would find them: links lead about inside the root, and nowhere else. */
#include "tests/unit/made_tree.h"

static void missing_parents_are_made(void **state)
{
	(void)state;
	begin_tree();
	makes_file("a/b/c/f", "text");
	end_tree();
	check_text("a/b/c/f", "text");
	check_mode("a", 0755);
	check_mode("a/b/c", 0755);
	check_time("a", 0, 0);
	check_time("a/b/c", 0, 0);
}

static void a_linked_parent_is_the_directory_it_leads_to(void **state)
{
	(void)state;
	begin_tree();
	makes_directory("usr", 0755);
	makes_directory("usr/lib", 0755);
	makes(symlink_entry("lib", "usr/lib"));
	makes(symlink_entry("lib64", "/lib"));
	makes(symlink_entry("usr/up", "../../../.././lib//"));
	makes_file("lib/a", "a");
	makes_file("lib64/deep/b", "b");
	makes_file("usr/up/c", "c");
	next_tree();
	makes_file("usr/up/d", "d");
	makes_file("lib64/deep/e", "e");
	end_tree();
	check_text("usr/lib/a", "a");
	check_text("usr/lib/deep/b", "b");
	check_text("usr/lib/c", "c");
	check_text("usr/lib/d", "d");
	check_text("usr/lib/deep/e", "e");
	assert_true(S_ISLNK(stat_of("lib").st_mode));
}

static void dots_in_a_name_are_refused(void **state)
{
	(void)state;
	begin_tree();
	makes_directory("d", 0755);
	makes_file("d/..f", "text");
	makes_file("d/f..", "text");
	makes_file("...", "text");
	FAILS(make(entry_of("d/../f", S_IFREG | 0644)), EINVAL, "has '..'");
	FAILS(make(entry_of("../f", S_IFREG | 0644)), EINVAL, "has '..'");
	FAILS(make(entry_of("../outside/canary", S_IFREG | 0644)), EINVAL, "has '..'");
	FAILS(make(entry_of("d/../../outside/canary", S_IFREG | 0644)), EINVAL, "has '..'");
	FAILS(make(entry_of("d/../d/..", S_IFREG | 0644)), EINVAL, "..");
	end_tree();
	check_text("d/f..", "text");
	assert_false(is_there("f"));
}

static void names_begin_at_the_root(void **state)
{
	(void)state;
	begin_tree();
	makes_file("/etc/passwd", "the container's");
	makes_file("//a//b", "text");
	makes_file("./c/./d", "text");
	end_tree();
	check_text("etc/passwd", "the container's");
	check_text("a/b", "text");
	check_text("c/d", "text");
}

static void links_lead_nowhere_outside(void **state)
{
	char host[600];

	(void)state;
	snprintf(host, sizeof host, "%s/outside", sandbox);
	begin_tree();
	makes(symlink_entry("host", host));
	makes(symlink_entry("up", "../../outside"));
	makes(symlink_entry("cwd", "/proc/self/cwd"));
	makes_file("host/canary", "written");
	makes_file("up/canary", "written");
	makes_file("cwd/canary", "written");
	next_tree();
	/* Through what other layers have made. */
	makes_file("host/canary", "written again");
	makes_directory("up", 0700);
	end_tree();
	check_text("outside/canary", "written");
	check_text("proc/self/cwd/canary", "written");
	assert_true(S_ISLNK(stat_of("host").st_mode));
	assert_true(S_ISDIR(stat_of("up").st_mode));
}

static void a_dangling_link_has_its_directory_made(void **state)
{
	(void)state;
	begin_tree();
	makes(symlink_entry("run", "/var/run/"));
	makes_file("run/pid", "1");
	end_tree();
	check_text("var/run/pid", "1");
}

static void loops_of_links_end(void **state)
{
	(void)state;
	begin_tree();
	makes(symlink_entry("a", "b"));
	makes(symlink_entry("b", "a"));
	makes(symlink_entry("self", "self/self"));
	FAILS(make(entry_of("a/f", S_IFREG | 0644)), ELOOP, "");
	FAILS(make(entry_of("self/f", S_IFREG | 0644)), ELOOP, "");
	end_tree();
}

static void forty_links_are_followed_and_no_more(void **state)
{
	(void)state;
	begin_tree();
	makes_directory("l0", 0755);
	for (unsigned i = 1; i <= 41; i++) {
		char name[16], target[16];

		snprintf(name, sizeof name, "l%u", i);
		snprintf(target, sizeof target, "l%u", i - 1);
		makes(symlink_entry(name, target));
	}
	makes_file("l40/f", "text");
	FAILS(make(entry_of("l41/f", S_IFREG | 0644)), ELOOP, "");
	end_tree();
	check_text("l0/f", "text");
}

static void a_file_is_no_parent(void **state)
{
	(void)state;
	begin_tree();
	makes_file("f", "text");
	makes(symlink_entry("l", "f"));
	makes(entry_of("fifo", S_IFIFO | 0644));
	FAILS(make(entry_of("f/g", S_IFREG | 0644)), ENOTDIR, "parent 'f'");
	FAILS(make(entry_of("l/g", S_IFREG | 0644)), ENOTDIR, "parent 'f'");
	FAILS(make(entry_of("fifo/g", S_IFREG | 0644)), ENOTDIR, "parent 'fifo'");
	end_tree();
}

static void names_may_be_as_long_as_the_kernel_takes(void **state)
{
	char path[3 * 256 + 2];

	(void)state;
	memset(path, 'n', sizeof path);
	path[255] = path[511] = '/';
	path[767] = '\0';
	begin_tree();
	makes(entry_of(path, S_IFREG | 0644));
	path[255] = 'n';
	FAILS(make(entry_of(path, S_IFREG | 0644)), ENAMETOOLONG, "");
	path[255] = '/';
	path[767] = 'n';
	path[768] = '\0';
	FAILS(make(entry_of(path, S_IFREG | 0644)), ENAMETOOLONG, "");
	end_tree();
}

static void a_target_too_long_for_a_link_is_refused(void **state)
{
	static char target[5000];

	(void)state;
	memset(target, 't', sizeof target - 1);
	begin_tree();
	FAILS(make(symlink_entry("l", target)), ENAMETOOLONG, "symbolic link");
	FAILS(make(symlink_entry("l", "")), ENOENT, "symbolic link");
	end_tree();
}

/* Longer than any path that the kernel takes at once. */
static void directories_may_be_deep(void **state)
{
	static char path[2 * 2100];
	unsigned before = open_descriptors();

	(void)state;
	for (size_t i = 0; i < sizeof path - 1; i++)
		path[i] = i & 1 ? '/' : 'd';
	path[2 * 1000 - 1] = '\0';
	begin_tree();
	makes_directory(path, 0700);
	assert_true(open_descriptors() - before < 80);
	next_tree();
	path[2 * 1000 - 1] = '/';
	path[2 * 2001 - 1] = '\0';
	makes(entry_of(path, S_IFREG | 0644));
	makes(entry_of("elsewhere", S_IFREG | 0644));
	path[2 * 2001 - 2] = 'e';
	makes(entry_of(path, S_IFREG | 0644));
	path[2 * 2001 - 2] = 'd';
	path[2 * 2001 - 1] = '/';
	path[2 * 2060 - 1] = '\0';
	FAILS(make(entry_of(path, S_IFREG | 0644)), ENOTDIR, "");
	path[1] = 'x';
	path[2] = '/';
	FAILS(make(entry_of(path, S_IFREG | 0644)), ENAMETOOLONG, "directories deep");
	SUCCEEDS(tree_remove(tree, "d", &err));
	SUCCEEDS(tree_remove(tree, "dx", &err));
	end_tree();
	begin_tree();
	SUCCEEDS(tree_remove(tree, "d", &err));
	SUCCEEDS(tree_remove(tree, "dx", &err));
	end_tree();
	assert_false(is_there("d"));
}

static void a_mount_is_not_entered(void **state)
{
	(void)state;
	NEED_SANDBOX();
	folder("m");
	char path[100];
	int place = openat(root, "m", O_PATH | O_DIRECTORY | O_CLOEXEC);

	snprintf(path, sizeof path, "/proc/self/fd/%d", place);
	assert_int_equal(mount("tmpfs", path, "tmpfs", 0, NULL), 0);
	begin_tree();
	FAILS(make(entry_of("m/f", S_IFREG | 0644)), EXDEV, "");
	FAILS(tree_remove(tree, "m", &err), EBUSY, "");
	tree_drop(tree);
	tree = NULL;
	assert_int_equal(umount2(path, MNT_DETACH), 0);
	close(place);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		TREE_CASE(missing_parents_are_made),
		TREE_CASE(a_linked_parent_is_the_directory_it_leads_to),
		TREE_CASE(dots_in_a_name_are_refused),
		TREE_CASE(names_begin_at_the_root),
		TREE_CASE(links_lead_nowhere_outside),
		TREE_CASE(a_dangling_link_has_its_directory_made),
		TREE_CASE(loops_of_links_end),
		TREE_CASE(forty_links_are_followed_and_no_more),
		TREE_CASE(a_file_is_no_parent),
		TREE_CASE(names_may_be_as_long_as_the_kernel_takes),
		TREE_CASE(a_target_too_long_for_a_link_is_refused),
		TREE_CASE(directories_may_be_deep),
		TREE_CASE(a_mount_is_not_entered),
	};

	return cmocka_run_group_tests(tests, sandbox_setup, sandbox_teardown);
}
