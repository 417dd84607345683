/* The names of a log's files and how they move on. */
#include "shim/log/place.h"

#include "tests/unit/logs.h"

static void place_init(struct log_place *place, int folder, unsigned count)
{
	struct error err = { 0 };

	SUCCEEDS(log_place_init(place, folder, LOG_TEST_NAME, count, &err));
}

static void put(int folder, const char *name)
{
	log_test_put(folder, name, name, strlen(name));
}

/* The first @n names, in order, with what they hold: the name that the file had at first, "-" for none. */
static void expect_files(int folder, const char *expected)
{
	OWNED(buffer_finish) struct buffer found = { 0 };

	for (unsigned number = 0; number < 6; number++) {
		size_t length;
		owned_string text = log_test_file(folder, number, &length);
		buffer_print(&found, "%s%s", number ? " " : "",
			     text ? text + strlen(LOG_TEST_NAME) : "-");
	}
	assert_string_equal(found.text, expected);
}

static void rotate(int folder, unsigned count)
{
	OWNED(log_place_finish) struct log_place place;
	struct error err = { 0 };

	place_init(&place, folder, count);
	SUCCEEDS(log_place_rotate(&place, &err));
}

static void names_have_numbers_behind(void **state)
{
	OWNED(log_place_finish) struct log_place place;
	owned_fd folder = log_test_folder();
	char name[NAME_MAX + 1];

	(void)state;
	place_init(&place, folder, 3);
	log_place_name(&place, 0, name);
	assert_string_equal(name, "box.log");
	log_place_name(&place, 2, name);
	assert_string_equal(name, "box.log.2");
}

static void each_file_gets_the_next_number(void **state)
{
	owned_fd folder = log_test_folder();

	(void)state;
	put(folder, "box.log");
	rotate(folder, 3);
	expect_files(folder, "-  - - - -");
	put(folder, "box.logB");
	assert_int_equal(renameat(folder, "box.logB", folder, "box.log"), 0);
	rotate(folder, 3);
	expect_files(folder, "- B  - - -");
	put(folder, "box.logC");
	assert_int_equal(renameat(folder, "box.logC", folder, "box.log"), 0);
	rotate(folder, 3);
	expect_files(folder, "- C B - - -");
}

static void of_one_file_nothing_is_kept(void **state)
{
	owned_fd folder = log_test_folder();

	(void)state;
	put(folder, "box.log");
	rotate(folder, 1);
	expect_files(folder, "- - - - - -");
	rotate(folder, 1);
}

static void of_two_files_the_older_is_replaced(void **state)
{
	owned_fd folder = log_test_folder();

	(void)state;
	put(folder, "box.log");
	put(folder, "box.log.1");
	rotate(folder, 2);
	expect_files(folder, "-  - - - -");
}

/* What a rotation of five files leaves when it is killed before each of its renames: the next one loses
 * nothing beyond the oldest. */
static void a_killed_rotation_is_completed(void **state)
{
	static const char *const left[] = {
		" .1 .2 .3 .4 -", /* before the first */
		" .1 .2 - .3 -",  " .1 - .2 .3 -",
		" - .1 .2 .3 -",  "-  .1 .2 .3 -", /* behind the last */
	};
	char name[16], at[16];

	(void)state;
	for (size_t i = 0; i < sizeof left / sizeof *left; i++) {
		owned_fd folder = log_test_folder();
		unsigned killed_at = 4 - (unsigned)i; /* the number that is free */
		for (unsigned number = 0; number < 5; number++) {
			unsigned placed = i > 0 && number >= killed_at ? number + 1 : number;
			snprintf(name, sizeof name, number ? "box.log.%u" : "box.log", number);
			snprintf(at, sizeof at, placed ? "box.log.%u" : "box.log", placed);
			if (placed < 5)
				log_test_put(folder, at, name, strlen(name));
		}
		expect_files(folder, left[i]);
		rotate(folder, 5);
		expect_files(folder, "-  .1 .2 .3 -");
	}
}

static void missing_files_do_no_harm(void **state)
{
	owned_fd folder = log_test_folder();

	(void)state;
	rotate(folder, 5);
	expect_files(folder, "- - - - - -");
	put(folder, "box.log.2");
	rotate(folder, 5);
	expect_files(folder, "- - .2 - - -");
}

static void what_cannot_be_renamed_is_said(void **state)
{
	OWNED(log_place_finish) struct log_place place;
	owned_fd folder = log_test_folder();
	struct error err;

	(void)state;
	put(folder, "box.log");
	assert_int_equal(mkdirat(folder, "box.log.1", 0755), 0);
	place_init(&place, folder, 2);
	FAILS(log_place_rotate(&place, &err), EISDIR,
	      "rename the log box.log to box.log.1: is a directory");
	expect_files(folder, " - - - - -");
}

static void a_path_is_folder_and_name(void **state)
{
	OWNED(log_place_finish) struct log_place place;
	owned_fd folder = log_test_folder();
	owned_string path = text_format("%s/box.log", log_test_path);
	struct error err = { 0 };
	struct stat ours, theirs;

	(void)state;
	SUCCEEDS(log_place_init_path(&place, path, 2, &err));
	assert_string_equal(place.name, "box.log");
	assert_int_equal(fstat(folder, &ours), 0);
	assert_int_equal(fstat(place.directory, &theirs), 0);
	assert_int_equal(ours.st_ino, theirs.st_ino);
	assert_int_equal(fcntl(place.directory, F_GETFD), FD_CLOEXEC);
	log_place_finish(&place);
	SUCCEEDS(log_place_init_path(&place, "/box.log", 2, &err));
	assert_string_equal(place.name, "box.log");
}

static void names_that_are_none_are_refused(void **state)
{
	owned_fd folder = log_test_folder();
	owned_string missing = text_format("%s/nowhere/box.log", log_test_path);
	struct log_place place;
	struct error err;
	char longest[NAME_MAX + 1];

	(void)state;
	FAILS(log_place_init(&place, folder, "", 1, &err), EINVAL, "no name of a log file");
	FAILS(log_place_init(&place, folder, "..", 1, &err), EINVAL, "no name of a log file");
	FAILS(log_place_init(&place, folder, "a/b", 1, &err), EINVAL, "no name of a log file");
	FAILS(log_place_init_path(&place, "box.log", 1, &err), EINVAL, "wants an absolute path");
	FAILS(log_place_init_path(&place, "/tmp/", 1, &err), EINVAL, "no name of a log file");
	FAILS(log_place_init_path(&place, missing, 1, &err), ENOENT, "open the log's folder");
	memset(longest, 'x', sizeof longest - 1);
	longest[NAME_MAX] = '\0';
	FAILS(log_place_init(&place, folder, longest, 1, &err), ENAMETOOLONG, "too long");
	FAILS(log_place_init(&place, -1, "box.log", 1, &err), EBADF, "bad file descriptor");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(names_have_numbers_behind),
		cmocka_unit_test(each_file_gets_the_next_number),
		cmocka_unit_test(of_one_file_nothing_is_kept),
		cmocka_unit_test(of_two_files_the_older_is_replaced),
		cmocka_unit_test(a_killed_rotation_is_completed),
		cmocka_unit_test(missing_files_do_no_harm),
		cmocka_unit_test(what_cannot_be_renamed_is_said),
		cmocka_unit_test(a_path_is_folder_and_name),
		cmocka_unit_test(names_that_are_none_are_refused),
	};

	return cmocka_run_group_tests(tests, sandbox_setup, sandbox_teardown);
}
