/* Trees name by name: order, depth, links, mounts, and what moves meanwhile. */
#include "imgtool/base/walk.h"

#include "tests/unit/sandbox.h"

#include <dirent.h>
#include <sys/resource.h>

static struct error err;

static int clear_error(void **state)
{
	(void)state;
	err = (struct error){ 0 };
	return 0;
}

/* All events of @root as one text: "d/ d/f )d"; the directory @skipped is not entered. */
static const char *told(int root, unsigned flags, const char *skipped)
{
	static char text[4096];
	const struct walk_entry *entry;
	struct walk *walk = walk_open(root, flags, &err);
	size_t used = 0;
	int more;

	assert_non_null(walk);
	text[0] = '\0';
	while ((more = walk_next(walk, &entry, &err)) == 1) {
		bool left = entry->event == WALK_LEAVE;
		used += (size_t)snprintf(text + used, sizeof text - used, "%s%s%s%s",
					 used ? " " : "", left ? ")" : "", entry->path,
					 !left && entry->type == DT_DIR ? "/" : "");
		if (skipped && strcmp(entry->path, skipped) == 0)
			walk_skip(walk);
	}
	walk_close(walk);
	return more < 0 ? err.msg : text;
}

static void names_are_told_before_what_is_in_them_and_links_are_names(void **state)
{
	int root = open_new_folder("order");

	(void)state;
	make_folder(in_sandbox("order/b"));
	make_text(in_sandbox("order/b/2"), "");
	make_text(in_sandbox("order/b/1"), "");
	make_folder(in_sandbox("order/a"));
	make_link("b", in_sandbox("order/link"));
	make_text(in_sandbox("order/a.b"), "");
	assert_string_equal(told(root, WALK_SORTED, NULL), "a/ )a a.b b/ b/1 b/2 )b link");
	assert_string_equal(told(root, WALK_SORTED, "b"), "a/ )a a.b b/ link");
	close(root);
}

static void a_tree_deeper_than_any_path_needs_few_descriptors(void **state)
{
	const struct rlimit few = { 64, 64 };
	int root = open_new_folder("deep"), at = dup(root), levels = 3000;
	const struct walk_entry *entry;
	size_t depth = 0, left = 0;

	(void)state;
	for (int i = 0; i < levels; i++) {
		assert_int_equal(mkdirat(at, "dddddddddd", 0755), 0);
		int next = openat(at, "dddddddddd", O_PATH | O_DIRECTORY);
		close(at);
		at = next;
	}
	assert_int_equal(setrlimit(RLIMIT_NOFILE, &few), 0);
	struct walk *walk = walk_open(root, 0, &err);
	assert_non_null(walk);
	while (walk_next(walk, &entry, &err) == 1) {
		if (entry->event == WALK_LEAVE)
			left++;
		else
			depth = entry->depth;
		if (entry->event == WALK_NAME && entry->depth == (size_t)levels) {
			int same = walk_open_directory(root, entry->path, O_RDONLY);
			assert_true(same >= 0);
			close(same);
		}
	}
	walk_close(walk);
	assert_string_equal(err.msg, "");
	assert_int_equal(depth, levels);
	assert_int_equal(left, levels);
	close(at);
	close(root);
}

static void a_mount_point_is_busy(void **state)
{
	int root = open_new_folder("mount");

	(void)state;
	NEED_SANDBOX();
	make_folder(in_sandbox("mount/there"));
	assert_int_equal(mount("tmpfs", in_sandbox("mount/there"), "tmpfs", 0, NULL), 0);
	assert_string_equal(told(root, 0, NULL), "there is a mount point");
	assert_int_equal(err.code, EBUSY);
	assert_int_equal(walk_open_directory(root, "there", O_RDONLY), -1);
	assert_int_equal(errno, EXDEV);
	close(root);
}

static void what_is_gone_when_its_turn_comes_is_left_at_once(void **state)
{
	int root = open_new_folder("gone");
	const struct walk_entry *entry;

	(void)state;
	make_folder(in_sandbox("gone/d"));
	struct walk *walk = walk_open(root, 0, &err);
	assert_int_equal(walk_next(walk, &entry, &err), 1);
	assert_int_equal(rmdir(in_sandbox("gone/d")), 0);
	assert_int_equal(walk_next(walk, &entry, &err), 1);
	assert_int_equal(entry->event, WALK_LEAVE);
	assert_int_equal(walk_next(walk, &entry, &err), 0);
	walk_close(walk);
	close(root);
}

static void a_path_to_a_directory_leads_through_no_link_and_not_out(void **state)
{
	int root = open_new_folder("paths");

	(void)state;
	make_folder(in_sandbox("paths/d"));
	make_link("d", in_sandbox("paths/link"));
	int fd = walk_open_directory(root, "d", O_RDONLY);
	assert_true(fd >= 0);
	close(fd);
	assert_int_equal(walk_open_directory(root, "link", O_RDONLY), -1);
	assert_int_equal(errno, ELOOP);
	assert_int_equal(walk_open_directory(root, "..", O_RDONLY), -1);
	assert_int_equal(errno, EXDEV);
	assert_int_equal(walk_open_directory(root, "absent", O_RDONLY), -1);
	assert_int_equal(errno, ENOENT);
	close(root);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(names_are_told_before_what_is_in_them_and_links_are_names,
				       clear_error),
		cmocka_unit_test_setup(a_mount_point_is_busy, clear_error),
		cmocka_unit_test_setup(what_is_gone_when_its_turn_comes_is_left_at_once,
				       clear_error),
		cmocka_unit_test_setup(a_path_to_a_directory_leads_through_no_link_and_not_out,
				       clear_error),
		cmocka_unit_test_setup(a_tree_deeper_than_any_path_needs_few_descriptors,
				       clear_error),
	};

	return cmocka_run_group_tests(tests, sandbox_setup, sandbox_teardown);
}
