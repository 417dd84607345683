/* What is known of directories is dropped when they go: nothing is made where a directory was. */
#include "tests/unit/made_tree.h"

#include "imgtool/layer/directories.h"

/* ---- a directory is replaced between two entries, or between two layers ---- */

static void replace_and_write(bool next_layer)
{
	begin_tree();
	makes_directory("d", 0755);
	makes_file("d/sub/f", "in the directory");
	if (next_layer)
		next_tree();
	makes_file("d/sub/g", "known now");
	makes(symlink_entry("d", "../outside"));
	makes_file("d/canary", "behind the link");
	makes_file("d/sub/f", "behind the link");
	end_tree();
	assert_true(S_ISLNK(stat_of("d").st_mode));
	check_text("outside/canary", "behind the link");
	check_text("outside/sub/f", "behind the link");
	assert_false(is_there("outside/sub/g"));
}

static void a_link_takes_a_directorys_place_between_entries(void **state)
{
	(void)state;
	replace_and_write(false);
}

static void a_link_takes_a_directorys_place_in_the_next_layer(void **state)
{
	(void)state;
	replace_and_write(true);
}

static void a_link_that_was_followed_leads_elsewhere(void **state)
{
	(void)state;
	begin_tree();
	makes_directory("one", 0755);
	makes_directory("other", 0755);
	makes(symlink_entry("l", "one"));
	makes_file("l/first", "");
	makes(symlink_entry("l", "other"));
	makes_file("l/second", "");
	next_tree();
	makes_file("l/again", "");
	SUCCEEDS(tree_remove(tree, "l", &err));
	makes_file("l/third", "");
	end_tree();
	assert_true(is_there("one/first"));
	assert_true(is_there("other/second"));
	assert_true(is_there("other/again"));
	assert_true(S_ISDIR(stat_of("l").st_mode));
	assert_true(is_there("l/third"));
}

static void a_removed_directory_is_made_anew(void **state)
{
	(void)state;
	begin_tree();
	makes_file("a/b/c/f", "old");
	next_tree();
	makes_file("a/b/c/g", "kept open");
	makes_file("a", "no directory");
	makes_directory("a", 0700);
	makes_file("a/b/c/h", "new");
	end_tree();
	assert_false(is_there("a/b/c/f"));
	assert_false(is_there("a/b/c/g"));
	check_text("a/b/c/h", "new");
	check_mode("a", 0700);
	check_mode("a/b", 0755);
}

static void names_that_come_and_go_stay_cheap(void **state)
{
	(void)state;
	begin_tree();
	for (unsigned i = 0; i < 20000; i++) {
		makes_directory("d", 0755);
		makes(entry_of("d", S_IFREG | 0644));
	}
	end_tree();
	assert_true(S_ISREG(stat_of("d").st_mode));
}

/* ---- more directories than descriptors ---- */

#define MANY (3 * DIRECTORIES_OPEN)

static void many_directories_need_few_descriptors(void **state)
{
	char path[64];
	unsigned before = open_descriptors();

	(void)state;
	begin_tree();
	for (unsigned round = 0; round < 3; round++)
		for (unsigned i = 0; i < MANY; i++) {
			snprintf(path, sizeof path, "d%u/sub/f%u", i, round);
			makes_file(path, path);
		}
	assert_true(open_descriptors() - before <= DIRECTORIES_OPEN + 2);
	end_tree();
	for (unsigned i = 0; i < MANY; i++) {
		snprintf(path, sizeof path, "d%u/sub/f2", i);
		check_text(path, path);
	}
	assert_int_equal(open_descriptors(), before);
}

static void a_hard_link_may_be_far_from_its_target(void **state)
{
	char path[64], deep[4 * DIRECTORIES_OPEN + 2];

	(void)state;
	for (unsigned i = 0; i < 4 * DIRECTORIES_OPEN; i++)
		deep[i] = i & 1 ? '/' : 'd';
	memcpy(deep + (size_t)4 * DIRECTORIES_OPEN, "f", 2);
	begin_tree();
	makes_file(deep, "text");
	next_tree();
	for (unsigned i = 0; i < 4; i++) {
		snprintf(path, sizeof path, "other%u/f", i);
		makes(hard_link_entry(path, deep));
	}
	end_tree();
	assert_int_equal(stat_of("other3/f").st_nlink, 5);
}

/* ---- the table alone ---- */

static void a_directory_is_found_by_its_name_in_its_parent(void **state)
{
	struct directories all;
	uint32_t a, b, again;
	char name[16];

	(void)state;
	SUCCEEDS(directories_begin(&all, root, false, &err));
	SUCCEEDS(directory_add(&all, DIRECTORY_ROOT, "a", DIRECTORY_FRESH, &a, &err));
	SUCCEEDS(directory_add(&all, a, "a", DIRECTORY_FRESH, &b, &err));
	for (unsigned i = 0; i < 5000; i++) {
		snprintf(name, sizeof name, "%u", i);
		SUCCEEDS(directory_add(&all, i & 1 ? a : b, name, 0, &again, &err));
	}
	assert_int_equal(directory_known(&all, DIRECTORY_ROOT, "a", 1), a);
	assert_int_equal(directory_known(&all, a, "a", 1), b);
	assert_int_equal(directory_known(&all, a, "4999", 4), again);
	assert_int_equal(directory_known(&all, b, "4999", 4), DIRECTORY_NONE);
	assert_true(directory_is_below(&all, again, DIRECTORY_ROOT));
	assert_true(directory_is_below(&all, b, a));
	assert_true(directory_is_below(&all, b, b));
	assert_false(directory_is_below(&all, a, b));
	directory_forget(&all, a);
	assert_int_equal(directory_known(&all, DIRECTORY_ROOT, "a", 1), DIRECTORY_NONE);
	SUCCEEDS(directory_add(&all, DIRECTORY_ROOT, "a", 0, &again, &err));
	assert_int_not_equal(again, a);
	assert_int_equal(directory_known(&all, again, "a", 1), DIRECTORY_NONE);
	directories_finish(&all);
}

static void marks_reach_the_root(void **state)
{
	struct directories all;
	uint32_t a, b, c;

	(void)state;
	SUCCEEDS(directories_begin(&all, root, false, &err));
	SUCCEEDS(directory_add(&all, DIRECTORY_ROOT, "a", 0, &a, &err));
	SUCCEEDS(directory_add(&all, a, "b", 0, &b, &err));
	SUCCEEDS(directory_add(&all, DIRECTORY_ROOT, "c", 0, &c, &err));
	directory_mark(&all, b, DIRECTORY_HOLDS);
	assert_true(directory_of(&all, DIRECTORY_ROOT)->flags & DIRECTORY_HOLDS);
	assert_true(directory_of(&all, a)->flags & DIRECTORY_HOLDS);
	assert_true(directory_of(&all, b)->flags & DIRECTORY_HOLDS);
	assert_false(directory_of(&all, c)->flags & DIRECTORY_HOLDS);
	directories_finish(&all);
}

static void a_root_that_is_none_is_refused(void **state)
{
	struct directories all;
	int canary = openat(case_folder, "outside/canary", O_RDONLY | O_CLOEXEC);

	(void)state;
	FAILS(directories_begin(&all, canary, false, &err), ENOTDIR, "root directory");
	directories_finish(&all);
	FAILS(directories_begin(&all, -1, false, &err), EBADF, "root directory");
	directories_finish(&all);
	close(canary);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		TREE_CASE(a_link_takes_a_directorys_place_between_entries),
		TREE_CASE(a_link_takes_a_directorys_place_in_the_next_layer),
		TREE_CASE(a_link_that_was_followed_leads_elsewhere),
		TREE_CASE(a_removed_directory_is_made_anew),
		TREE_CASE(names_that_come_and_go_stay_cheap),
		TREE_CASE(many_directories_need_few_descriptors),
		TREE_CASE(a_hard_link_may_be_far_from_its_target),
		TREE_CASE(a_directory_is_found_by_its_name_in_its_parent),
		TREE_CASE(marks_reach_the_root),
		TREE_CASE(a_root_that_is_none_is_refused),
	};

	return cmocka_run_group_tests(tests, sandbox_setup, sandbox_teardown);
}
