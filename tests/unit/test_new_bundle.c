/* Bundles in the making: under their name there is all or nothing, and of those who died nothing stays. */
#include "imgtool/new_bundle.h"

#include <dirent.h>
#include <sys/file.h>

#include "tests/unit/sandbox.h"

static struct error err;
static char folder[640];

static int begin(void **state)
{
	static unsigned number;
	char name[32];

	(void)state;
	err = (struct error){ 0 };
	snprintf(name, sizeof name, "folder-%u", number++);
	snprintf(folder, sizeof folder, "%s", in_sandbox(name));
	make_folder(folder);
	return 0;
}

static const char *in_folder(const char *name)
{
	static char paths[4][1024];
	static size_t next;
	char *path = paths[next++ % 4];

	snprintf(path, sizeof paths[0], "%s/%s", folder, name);
	return path;
}

static size_t names_in_folder(void)
{
	DIR *directory = opendir(folder);
	size_t n = 0;

	assert_non_null(directory);
	for (struct dirent *entry; (entry = readdir(directory));)
		n += strcmp(entry->d_name, ".") != 0 && strcmp(entry->d_name, "..") != 0;
	closedir(directory);
	return n;
}

static void fill(const struct new_bundle *bundle)
{
	assert_int_equal(mkdirat(bundle->directory, "rootfs", 0755), 0);
	assert_int_equal(mkdirat(bundle->directory, "rootfs/deep", 0), 0);
}

static void a_kept_bundle_has_its_name(void **state)
{
	struct new_bundle bundle;
	struct stat st;

	(void)state;
	SUCCEEDS(new_bundle_begin(in_folder("bundle"), &bundle, &err));
	assert_string_equal(bundle.path, in_folder("bundle"));
	assert_false(exists(in_folder("bundle")));
	fill(&bundle);
	SUCCEEDS(new_bundle_keep(&bundle, &err));
	new_bundle_drop(&bundle);
	assert_true(exists(in_folder("bundle/rootfs/deep")));
	assert_int_equal(names_in_folder(), 1);
	assert_int_equal(stat(in_folder("bundle"), &st), 0);
	assert_int_equal(st.st_mode & 07777, 0700);
}

static void a_dropped_one_leaves_nothing(void **state)
{
	struct new_bundle bundle;

	(void)state;
	SUCCEEDS(new_bundle_begin(in_folder("bundle"), &bundle, &err));
	fill(&bundle);
	assert_int_equal(names_in_folder(), 1);
	new_bundle_drop(&bundle);
	assert_int_equal(names_in_folder(), 0);
	new_bundle_drop(&bundle);
}

static void one_that_was_taken_back_leaves_nothing(void **state)
{
	struct new_bundle bundle;

	(void)state;
	SUCCEEDS(new_bundle_begin(in_folder("bundle"), &bundle, &err));
	fill(&bundle);
	SUCCEEDS(new_bundle_keep(&bundle, &err));
	new_bundle_take_back(&bundle);
	assert_false(exists(in_folder("bundle")));
	new_bundle_drop(&bundle);
	assert_int_equal(names_in_folder(), 0);
}

static void an_empty_directory_is_replaced(void **state)
{
	struct new_bundle bundle;

	(void)state;
	make_folder(in_folder("bundle"));
	SUCCEEDS(new_bundle_begin(in_folder("bundle/"), &bundle, &err));
	fill(&bundle);
	SUCCEEDS(new_bundle_keep(&bundle, &err));
	new_bundle_drop(&bundle);
	assert_true(exists(in_folder("bundle/rootfs")));
	assert_int_equal(names_in_folder(), 1);
}

static void nothing_else_is_replaced(void **state)
{
	struct new_bundle bundle;

	(void)state;
	make_folder(in_folder("full"));
	make_text(in_folder("full/file"), "mine");
	make_text(in_folder("file"), "mine");
	make_link("nowhere", in_folder("link"));
	FAILS(new_bundle_begin(in_folder("full"), &bundle, &err), ENOTEMPTY,
	      "it must not exist, or be an empty directory");
	FAILS(new_bundle_begin(in_folder("file"), &bundle, &err), ENOTDIR, "it must not exist");
	FAILS(new_bundle_begin(in_folder("link"), &bundle, &err), ENOTDIR, "it must not exist");
	FAILS(new_bundle_begin(in_folder("none/bundle"), &bundle, &err), ENOENT, "none/");
	FAILS(new_bundle_begin("", &bundle, &err), ENOENT, "bundle ''");
	FAILS(new_bundle_begin(in_folder("none/.."), &bundle, &err), ENOENT, "bundle");
	assert_int_equal(names_in_folder(), 3);
	assert_true(exists(in_folder("full/file")));
}

static void who_comes_first_keeps_the_name(void **state)
{
	struct new_bundle first, second;

	(void)state;
	SUCCEEDS(new_bundle_begin(in_folder("bundle"), &first, &err));
	SUCCEEDS(new_bundle_begin(in_folder("bundle"), &second, &err));
	fill(&first);
	fill(&second);
	SUCCEEDS(new_bundle_keep(&first, &err));
	FAILS(new_bundle_keep(&second, &err), ENOTEMPTY, "it must not exist");
	new_bundle_drop(&second);
	new_bundle_drop(&first);
	assert_true(exists(in_folder("bundle/rootfs/deep")));
	assert_int_equal(names_in_folder(), 1);
}

static void die_in_the_making(void *path)
{
	struct new_bundle bundle;
	struct error failure;

	EXPECT(new_bundle_begin(path, &bundle, &failure) == 0);
	EXPECT(mkdirat(bundle.directory, "rootfs", 0755) == 0);
	_exit(0);
}

static void what_the_dead_leave_is_removed(void **state)
{
	struct new_bundle bundle;
	char path[1024];

	(void)state;
	snprintf(path, sizeof path, "%s", in_folder("bundle"));
	in_child(die_in_the_making, path);
	in_child(die_in_the_making, path);
	/* The second has removed the first's. */
	assert_int_equal(names_in_folder(), 1);
	make_folder(in_folder(".bundle.imgtool-no"));
	make_folder(in_folder(".other.imgtool-abcdef"));
	make_link("/", in_folder(".bundle.imgtool-aaaaaa"));
	SUCCEEDS(new_bundle_begin(path, &bundle, &err));
	new_bundle_drop(&bundle);
	assert_int_equal(names_in_folder(), 3);
	assert_true(exists(in_folder(".bundle.imgtool-no")));
	assert_true(exists(in_folder(".other.imgtool-abcdef")));
	assert_true(exists(in_folder(".bundle.imgtool-aaaaaa")));
}

static void long_names_leave_room(void **state)
{
	struct new_bundle bundle;
	char name[256];

	(void)state;
	memset(name, 'n', 255);
	name[255] = '\0';
	SUCCEEDS(new_bundle_begin(in_folder(name), &bundle, &err));
	SUCCEEDS(new_bundle_keep(&bundle, &err));
	new_bundle_drop(&bundle);
	assert_true(exists(in_folder(name)));
}

static void names_are_relative_to_the_working_directory(void **state)
{
	struct new_bundle bundle;
	int before = open(".", O_PATH | O_DIRECTORY | O_CLOEXEC);

	(void)state;
	assert_int_equal(chdir(folder), 0);
	SUCCEEDS(new_bundle_begin("bundle//", &bundle, &err));
	assert_string_equal(bundle.path, in_folder("bundle"));
	SUCCEEDS(new_bundle_keep(&bundle, &err));
	new_bundle_drop(&bundle);
	assert_true(exists("bundle"));
	assert_int_equal(fchdir(before), 0);
	close(before);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(a_kept_bundle_has_its_name, begin),
		cmocka_unit_test_setup(a_dropped_one_leaves_nothing, begin),
		cmocka_unit_test_setup(one_that_was_taken_back_leaves_nothing, begin),
		cmocka_unit_test_setup(an_empty_directory_is_replaced, begin),
		cmocka_unit_test_setup(nothing_else_is_replaced, begin),
		cmocka_unit_test_setup(who_comes_first_keeps_the_name, begin),
		cmocka_unit_test_setup(what_the_dead_leave_is_removed, begin),
		cmocka_unit_test_setup(long_names_leave_room, begin),
		cmocka_unit_test_setup(names_are_relative_to_the_working_directory, begin),
	};

	return cmocka_run_group_tests(tests, sandbox_setup, sandbox_teardown);
}
