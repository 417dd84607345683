/* A log's files opened while somebody renames them. */
#include "shim/log/files.h"

#include "tests/unit/logs.h"

static void open_all(int folder, unsigned count, struct log_files *files)
{
	OWNED(log_place_finish) struct log_place place;
	struct error err = { 0 };

	SUCCEEDS(log_place_init(&place, folder, LOG_TEST_NAME, count, &err));
	SUCCEEDS(log_files_open(&place, files, &err));
}

static void put(int folder, const char *name, const char *text)
{
	log_test_put(folder, name, text, strlen(text));
}

static void the_oldest_comes_first(void **state)
{
	OWNED(log_files_close) struct log_files files;
	owned_fd folder = log_test_folder();
	char text[8] = "";

	(void)state;
	put(folder, "box.log", "new");
	put(folder, "box.log.1", "middle");
	put(folder, "box.log.2", "oldest");
	put(folder, "box.log.3", "none of ours");
	open_all(folder, 3, &files);
	assert_int_equal(files.n, 3);
	assert_int_equal(files.v[0].size, 6);
	assert_int_equal(read(files.v[0].fd, text, 6), 6);
	assert_string_equal(text, "oldest");
	assert_int_equal(files.v[2].size, 3);
	assert_int_equal(log_files_find(&files, files.v[1].fd), 1);
	assert_int_equal(log_files_find(&files, folder), -1);
}

static void missing_ones_are_left_out(void **state)
{
	OWNED(log_files_close) struct log_files files;
	OWNED(log_files_close) struct log_files none;
	owned_fd folder = log_test_folder(), empty = log_test_folder();

	(void)state;
	put(folder, "box.log", "new");
	put(folder, "box.log.2", "oldest");
	open_all(folder, 4, &files);
	assert_int_equal(files.n, 2);
	open_all(empty, 4, &none);
	assert_int_equal(none.n, 0);
}

static void a_file_with_two_names_is_opened_once(void **state)
{
	OWNED(log_files_close) struct log_files files;
	owned_fd folder = log_test_folder();

	(void)state;
	put(folder, "box.log", "a");
	assert_int_equal(linkat(folder, "box.log", folder, "box.log.1", 0), 0);
	put(folder, "box.log.2", "b");
	open_all(folder, 3, &files);
	assert_int_equal(files.n, 2);
}

static void what_is_no_regular_file_is_refused(void **state)
{
	OWNED(log_place_finish) struct log_place place;
	owned_fd folder = log_test_folder();
	struct log_files files;
	struct error err = { 0 };

	(void)state;
	put(folder, "box.log", "a");
	assert_int_equal(mkfifoat(folder, "box.log.1", 0600), 0);
	SUCCEEDS(log_place_init(&place, folder, LOG_TEST_NAME, 2, &err));
	FAILS(log_files_open(&place, &files, &err), EINVAL,
	      "the log box.log.1 is not a regular file");
	assert_int_equal(unlinkat(folder, "box.log.1", 0), 0);
	assert_int_equal(symlinkat("/etc/passwd", folder, "box.log.1"), 0);
	FAILS(log_files_open(&place, &files, &err), ELOOP, "open the log box.log.1");
}

/* Each file holds its number. While a child rotates, what is opened must be numbers that follow each other. */
static void rotate_for_ever(int folder)
{
	OWNED(log_place_finish) struct log_place place;
	struct error err = { 0 };

	EXPECT_SUCCESS(log_place_init(&place, folder, LOG_TEST_NAME, 5, &err));
	for (unsigned number = 0;; number++) {
		EXPECT_SUCCESS(log_place_rotate(&place, &err));
		owned_fd fd = openat(folder, "new", O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
		EXPECT(write(fd, &number, sizeof number) == sizeof number);
		EXPECT(renameat(folder, "new", folder, LOG_TEST_NAME) == 0);
	}
}

static void none_is_missed_while_they_move(void **state)
{
	owned_fd folder = log_test_folder();
	unsigned moves = 0, last = 0;
	int status;

	(void)state;
	pid_t pid = fork();
	assert_true(pid >= 0);
	if (pid == 0) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		rotate_for_ever(folder);
		_exit(0);
	}
	const time_t end = time(NULL) + 20;
	while (moves < 300 && time(NULL) < end) {
		OWNED(log_files_close) struct log_files files;
		unsigned number, before = 0;
		open_all(folder, 5, &files);
		for (size_t i = 0; i < files.n; i++) {
			assert_int_equal(pread(files.v[i].fd, &number, sizeof number, 0),
					 sizeof number);
			if (i > 0 && number != before + 1)
				fail_msg("%u comes behind %u", number, before);
			before = number;
		}
		moves += files.n && before != last;
		last = before;
	}
	assert_int_equal(kill(pid, SIGKILL), 0);
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_true(WIFSIGNALED(status));
	assert_true(moves >= 300);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_oldest_comes_first),
		cmocka_unit_test(missing_ones_are_left_out),
		cmocka_unit_test(a_file_with_two_names_is_opened_once),
		cmocka_unit_test(what_is_no_regular_file_is_refused),
		cmocka_unit_test(none_is_missed_while_they_move),
	};

	return cmocka_run_group_tests(tests, sandbox_setup, sandbox_teardown);
}
