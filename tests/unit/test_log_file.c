/* Files that are appended to: repaired, never torn, and what happens when there is no room. */
#include "shim/log/file.h"

#include "shim/log/entry.h"
#include "tests/unit/logs.h"

static int open_file(struct log_file *file, int folder, int64_t max_size, struct error *err)
{
	struct log_place place;

	*file = (struct log_file){ .fd = -1 };
	if (log_place_init(&place, folder, LOG_TEST_NAME, 3, err))
		return -1;
	return log_file_open(file, &place, max_size, err);
}

static void append(struct log_file *file, const char *text)
{
	struct error err = { 0 };
	size_t kept;

	SUCCEEDS(log_file_append(file, text, strlen(text), &kept, &err));
	assert_int_equal(kept, strlen(text));
}

static void a_file_is_made_and_continued(void **state)
{
	owned_fd folder = log_test_folder();
	struct error err = { 0 };
	struct log_file file;
	struct stat st;

	(void)state;
	SUCCEEDS(open_file(&file, folder, 0, &err));
	append(&file, "one\n");
	log_file_close(&file);
	SUCCEEDS(open_file(&file, folder, 0, &err));
	assert_int_equal(file.size, 4);
	append(&file, "two\n");
	assert_int_equal(fcntl(file.fd, F_GETFD), FD_CLOEXEC);
	assert_true(fcntl(file.fd, F_GETFL) & O_APPEND);
	log_file_close(&file);
	log_test_expect(folder, 0, "one\ntwo\n");
	assert_int_equal(fstatat(folder, LOG_TEST_NAME, &st, 0), 0);
	assert_int_equal(st.st_mode, S_IFREG | 0640);
}

static void expect_repair(const char *text, size_t length, const char *expected, size_t kept)
{
	owned_fd folder = log_test_folder();
	struct error err = { 0 };
	struct log_file file;
	size_t found;

	log_test_put(folder, LOG_TEST_NAME, text, length);
	SUCCEEDS(open_file(&file, folder, 0, &err));
	assert_int_equal(file.size, kept);
	log_file_close(&file);
	owned_string left = log_test_file(folder, 0, &found);
	assert_non_null(left);
	assert_int_equal(found, kept);
	assert_memory_equal(left, expected, kept);
}

static void a_torn_last_line_is_cut_off(void **state)
{
	(void)state;
	expect_repair("whole\ntorn", 10, "whole\n", 6);
	expect_repair("torn", 4, "", 0);
	expect_repair("whole\n", 6, "whole\n", 6);
	expect_repair("\n", 1, "\n", 1);
	expect_repair("", 0, "", 0);
	expect_repair("whole\n\0\0\0", 9, "whole\n", 6); /* a power cut */
}

/* Wherever the newline is in the blocks that are read. */
static void a_torn_line_of_any_length_is_cut_off(void **state)
{
	owned_string text = malloc(20000);

	(void)state;
	memset(text, 'x', 20000);
	text[99] = '\n';
	for (size_t length = 100; length < 20000; length += 331)
		expect_repair(text, length, text, 100);
	expect_repair(text, 100 + 4096, text, 100);
	expect_repair(text, 99 + 4096, text, 100);
	expect_repair(text, 101 + 4096, text, 100);
}

static void what_is_no_torn_record_is_left(void **state)
{
	const size_t length = LOG_RECORD_MAX + 5000;
	owned_string text = malloc(length + 1);

	(void)state;
	memset(text, 'x', length);
	text[length] = '\n';
	expect_repair(text, length, text, length + 1);
}

static void what_is_no_regular_file_is_refused(void **state)
{
	struct error err;
	struct log_file file;

	(void)state;
	owned_fd links = log_test_folder();
	assert_int_equal(symlinkat("/etc/passwd", links, LOG_TEST_NAME), 0);
	FAILS(open_file(&file, links, 0, &err), ELOOP, "open the log box.log: ");
	owned_fd fifos = log_test_folder();
	assert_int_equal(mkfifoat(fifos, LOG_TEST_NAME, 0600), 0);
	FAILS(open_file(&file, fifos, 0, &err), EINVAL, "not a regular file");
	owned_fd folders = log_test_folder();
	assert_int_equal(mkdirat(folders, LOG_TEST_NAME, 0700), 0);
	FAILS(open_file(&file, folders, 0, &err), EISDIR, "is a directory");
}

/* Docker's rule: the file that has reached the size gets nothing more. */
static void a_file_is_due_when_it_has_the_size(void **state)
{
	owned_fd folder = log_test_folder();
	struct error err = { 0 };
	struct log_file file;

	(void)state;
	SUCCEEDS(open_file(&file, folder, 10, &err));
	assert_false(log_file_is_due(&file, 0));
	assert_false(log_file_is_due(&file, 9));
	assert_true(log_file_is_due(&file, 10));
	append(&file, "12345678\n");
	assert_false(log_file_is_due(&file, 0));
	append(&file, "\n");
	assert_true(log_file_is_due(&file, 0));
	SUCCEEDS(log_file_rotate(&file, &err));
	assert_false(log_file_is_due(&file, 0));
	append(&file, "new\n");
	log_test_expect(folder, 0, "new\n");
	log_test_expect(folder, 1, "12345678\n\n");
	log_file_close(&file);
}

static void a_file_that_somebody_emptied_is_not_due(void **state)
{
	owned_fd folder = log_test_folder();
	struct error err = { 0 };
	struct log_file file;

	(void)state;
	SUCCEEDS(open_file(&file, folder, 10, &err));
	append(&file, "1234567890\n");
	log_test_put(folder, LOG_TEST_NAME, "", 0);
	assert_false(log_file_is_due(&file, 0));
	append(&file, "next\n");
	log_test_expect(folder, 0, "next\n");
	log_file_close(&file);
}

static void after_reopen_the_name_counts(void **state)
{
	owned_fd folder = log_test_folder();
	struct error err = { 0 };
	struct log_file file;

	(void)state;
	SUCCEEDS(open_file(&file, folder, 0, &err));
	append(&file, "old\n");
	assert_int_equal(renameat(folder, LOG_TEST_NAME, folder, "moved"), 0);
	append(&file, "still there\n");
	log_file_reopen(&file);
	append(&file, "new\n");
	log_test_expect(folder, 0, "new\n");
	assert_string_equal(text_of(folder, "moved"), "old\nstill there\n");
	log_file_close(&file);
}

/* EFBIG is what a limit gives where a full disk gives ENOSPC. */
static void limited(void *context)
{
	struct rlimit limit = { 10, 10 };
	struct error err = { 0 };
	int folder = *(int *)context;
	struct log_file file;
	size_t kept;

	signal(SIGXFSZ, SIG_IGN);
	EXPECT_SUCCESS(open_file(&file, folder, 0, &err));
	EXPECT(setrlimit(RLIMIT_FSIZE, &limit) == 0);
	EXPECT(log_file_append(&file, "1\n23\n4567890\n", 13, &kept, &err) == -1);
	EXPECT(err.code == EFBIG);
	EXPECT_ERROR("write the log box.log: file too large");
	EXPECT(kept == 5);
	EXPECT(file.size == 5);
	EXPECT(log_file_append(&file, "67890\n", 6, &kept, &err) == -1);
	EXPECT(kept == 0);
	EXPECT_SUCCESS(log_file_append(&file, "789\n", 4, &kept, &err));
	EXPECT(kept == 4);
	log_file_close(&file);
}

static void what_does_not_fit_is_cut_back_to_whole_records(void **state)
{
	owned_fd folder = log_test_folder();

	(void)state;
	in_child(limited, &folder);
	log_test_expect(folder, 0, "1\n23\n789\n");
}

/* A child whose ftruncate fails at first: the part that stays is taken away before the next record. */
static void limited_without_cut(void *context)
{
	struct rlimit limit = { 10, 10 };
	struct error err = { 0 };
	int folder = *(int *)context;
	struct log_file file;
	size_t kept;

	signal(SIGXFSZ, SIG_IGN);
	EXPECT_SUCCESS(open_file(&file, folder, 0, &err));
	EXPECT(setrlimit(RLIMIT_FSIZE, &limit) == 0);
	refuse_call(SYS_ftruncate, EIO);
	EXPECT(log_file_append(&file, "1\n23\n4567890\n", 13, &kept, &err) == -1);
	EXPECT(kept == 5 && file.torn == 5 && file.size == 10);
	EXPECT(log_file_append(&file, "789\n", 4, &kept, &err) == -1);
	EXPECT(kept == 0 && err.code == EIO);
	log_file_close(&file);
}

static void a_torn_record_is_never_continued(void **state)
{
	owned_fd folder = log_test_folder();
	struct error err = { 0 };
	struct log_file file;

	(void)state;
	in_child(limited_without_cut, &folder);
	log_test_expect(folder, 0, "1\n23\n45678");
	SUCCEEDS(open_file(&file, folder, 0, &err));
	append(&file, "next\n");
	log_file_close(&file);
	log_test_expect(folder, 0, "1\n23\nnext\n");
}

/* A rotation that could not make the new file: the next append does. */
static void an_absent_file_is_made_when_there_is_something_to_write(void **state)
{
	owned_fd folder = log_test_folder();
	struct error err = { 0 };
	struct log_file file;
	size_t kept;

	(void)state;
	SUCCEEDS(open_file(&file, folder, 4, &err));
	append(&file, "old\n");
	log_file_reopen(&file);
	assert_int_equal(unlinkat(folder, LOG_TEST_NAME, 0), 0);
	assert_int_equal(mkdirat(folder, LOG_TEST_NAME, 0700), 0);
	FAILS(log_file_append(&file, "new\n", 4, &kept, &err), EISDIR, "open the log");
	assert_int_equal(kept, 0);
	assert_int_equal(unlinkat(folder, LOG_TEST_NAME, AT_REMOVEDIR), 0);
	append(&file, "new\n");
	log_test_expect(folder, 0, "new\n");
	log_file_close(&file);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_file_is_made_and_continued),
		cmocka_unit_test(a_torn_last_line_is_cut_off),
		cmocka_unit_test(a_torn_line_of_any_length_is_cut_off),
		cmocka_unit_test(what_is_no_torn_record_is_left),
		cmocka_unit_test(what_is_no_regular_file_is_refused),
		cmocka_unit_test(a_file_is_due_when_it_has_the_size),
		cmocka_unit_test(a_file_that_somebody_emptied_is_not_due),
		cmocka_unit_test(after_reopen_the_name_counts),
		cmocka_unit_test(what_does_not_fit_is_cut_back_to_whole_records),
		cmocka_unit_test(a_torn_record_is_never_continued),
		cmocka_unit_test(an_absent_file_is_made_when_there_is_something_to_write),
	};

	return cmocka_run_group_tests(tests, sandbox_setup, sandbox_teardown);
}
