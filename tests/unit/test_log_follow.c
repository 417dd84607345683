/* `logs -f`: through rotations, repairs and until the end is told. */
#include "shim/log/read.h"

#include <dlfcn.h>

#include "tests/unit/logs.h"

struct writer_child {
	int folder;
	const char *driver, *options;
	unsigned lines, each; /* @each of them a time, once in a millisecond */
};

/* Runs @write in a child; *ended becomes readable when that has ended. */
static pid_t start(void (*write)(const struct writer_child *), const struct writer_child *child,
		   int *ended)
{
	int ends[2];

	assert_int_equal(pipe2(ends, O_CLOEXEC), 0);
	pid_t pid = fork();
	assert_true(pid >= 0);
	if (pid == 0) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		close(ends[0]);
		write(child);
		_exit(0);
	}
	close(ends[1]);
	*ended = ends[0];
	return pid;
}

static void finish(pid_t pid, int ended)
{
	int status;

	close(ended);
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_int_equal(status, 0);
}

static void pause_for(long milliseconds)
{
	const struct timespec pause = { milliseconds / 1000, milliseconds % 1000 * 1000000 };

	nanosleep(&pause, NULL);
}

static void write_numbers(const struct writer_child *child)
{
	struct log_writer writer;
	char line[32];

	log_test_open(&writer, child->folder, child->driver, child->options);
	for (unsigned number = 0; number < child->lines; number++) {
		snprintf(line, sizeof line, "number %u\n", number);
		log_test_write(&writer, number % 4 ? LOG_STDOUT : LOG_STDERR, line);
		if (number % child->each == 0)
			pause_for(1);
	}
	log_writer_close(&writer);
}

/* Each once and in order, from @first on; returns the one behind the last. */
static unsigned check_numbers(const struct log_shown *shown, unsigned first)
{
	const char *at = log_shown_text(&shown->all);
	char expected[32];

	for (; *at; first++) {
		size_t length = (size_t)snprintf(expected, sizeof expected, "number %u\n", first);
		if (strncmp(at, expected, length) != 0)
			fail_msg("%.20s comes where %s should", at, expected);
		at += length;
	}
	return first;
}

static void follow_numbers(const char *driver, const char *options, unsigned files)
{
	owned_fd folder = log_test_folder();
	const struct writer_child child = { folder, driver, options, 15000, 10 };
	struct log_query query = LOG_QUERY_ALL;
	struct log_shown shown = { 0 };

	query.follow = true;
	pid_t pid = start(write_numbers, &child, &query.ended);
	log_test_read(folder, *driver == 'j' ? LOG_DRIVER_JSON_FILE : LOG_DRIVER_K8S_FILE, files,
		      &query, &shown);
	finish(pid, query.ended);
	assert_int_equal(shown.damaged, 0);
	assert_int_equal(check_numbers(&shown, 0), child.lines);
	assert_true(shown.idle > 10);
	log_test_forget(&shown);
}

/* Ten thousand lines a second for a second and a half, a new file every 70 of them. */
static void no_line_is_lost_or_doubled_through_rotations(void **state)
{
	(void)state;
	follow_numbers("k8s-file", "max-size=4000 max-file=150", 150);
	follow_numbers("json-file", "max-size=6000 max-file=150", 150);
}

static void one_file_is_followed(void **state)
{
	(void)state;
	follow_numbers("k8s-file", "", 1);
}

/* ---- the end ---- */

static void write_late(const struct writer_child *child)
{
	struct log_writer writer;

	pause_for(50);
	log_test_open(&writer, child->folder, "k8s-file", "");
	log_test_write(&writer, LOG_STDOUT, "first\nunfini");
	pause_for(50);
	log_test_write(&writer, LOG_STDOUT, "shed");
	log_flush(&writer, LOG_STDOUT, LOG_TEST_TIME);
	log_writer_close(&writer);
}

static void a_log_may_come_late_and_end_without_a_newline(void **state)
{
	owned_fd folder = log_test_folder();
	const struct writer_child child = { .folder = folder };
	struct log_query query = LOG_QUERY_ALL;
	struct log_shown shown = { 0 };

	(void)state;
	query.follow = true;
	pid_t pid = start(write_late, &child, &query.ended);
	log_test_read(folder, LOG_DRIVER_K8S_FILE, 2, &query, &shown);
	finish(pid, query.ended);
	assert_string_equal(log_shown_text(&shown.all), "first\nunfinished");
	log_test_forget(&shown);
}

static void tail_and_follow_go_together(void **state)
{
	owned_fd folder = log_test_folder();
	const struct writer_child child = { .folder = folder };
	struct log_query query = LOG_QUERY_ALL;
	struct log_writer writer;
	struct log_shown shown = { 0 };

	(void)state;
	query.follow = true;
	for (query.tail = 0; query.tail < 3; query.tail++) {
		log_test_open(&writer, folder, "k8s-file", "");
		log_test_write(&writer, LOG_STDOUT, "old\nnewer\n");
		log_writer_close(&writer);
		pid_t pid = start(write_late, &child, &query.ended);
		log_test_read(folder, LOG_DRIVER_K8S_FILE, 2, &query, &shown);
		finish(pid, query.ended);
		owned_string expected = text_format("%s%sfirst\nunfinished",
						    query.tail > 1 ? "old\n" : "",
						    query.tail > 0 ? "newer\n" : "");
		assert_string_equal(log_shown_text(&shown.all), expected);
		log_test_forget(&shown);
		assert_int_equal(unlinkat(folder, LOG_TEST_NAME, 0), 0);
	}
}

static void an_end_that_was_before_is_seen(void **state)
{
	owned_fd folder = log_test_folder();
	struct log_query query = LOG_QUERY_ALL;
	struct log_writer writer;
	struct log_shown shown = { 0 };
	int ends[2];

	(void)state;
	log_test_open(&writer, folder, "k8s-file", "");
	log_test_write(&writer, LOG_STDOUT, "all\n");
	log_writer_close(&writer);
	assert_int_equal(pipe2(ends, O_CLOEXEC), 0);
	close(ends[1]);
	query.follow = true;
	query.ended = ends[0];
	log_test_read(folder, LOG_DRIVER_K8S_FILE, 1, &query, &shown);
	assert_string_equal(log_shown_text(&shown.all), "all\n");
	log_test_forget(&shown);
	close(ends[0]);
}

static void until_ends_it(void **state)
{
	owned_fd folder = log_test_folder();
	struct log_query query = LOG_QUERY_ALL;
	struct log_writer writer;
	struct log_shown shown = { 0 };
	struct timespec now;

	(void)state;
	log_test_open(&writer, folder, "k8s-file", "");
	log_test_write(&writer, LOG_STDOUT, "all\n");
	log_writer_close(&writer);
	clock_gettime(CLOCK_REALTIME, &now);
	query.follow = true;
	query.until = now.tv_sec * INT64_C(1000000000) + now.tv_nsec + 100000000;
	log_test_read(folder, LOG_DRIVER_K8S_FILE, 1, &query, &shown);
	assert_string_equal(log_shown_text(&shown.all), log_shown_text(&shown.streams[LOG_STDOUT]));
	clock_gettime(CLOCK_REALTIME, &now);
	assert_true(now.tv_sec * INT64_C(1000000000) + now.tv_nsec > query.until);
	log_test_forget(&shown);
}

/* ---- what a crash leaves ---- */

static void append_text(int folder, const char *text)
{
	int fd = openat(folder, LOG_TEST_NAME, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);

	EXPECT(write(fd, text, strlen(text)) == (ssize_t)strlen(text));
	close(fd);
}

static void crash_and_repair(const struct writer_child *child)
{
	struct log_writer writer;

	append_text(child->folder,
		    LOG_TEST_STAMP " stdout F whole\n" LOG_TEST_STAMP " stdout F to");
	pause_for(60);
	/* It is cut off, and another record comes in its place. */
	log_test_open(&writer, child->folder, "k8s-file", "");
	log_test_write(&writer, LOG_STDERR, "another, longer than what was there\n");
	pause_for(60);
	log_writer_close(&writer);
}

static void a_repair_is_followed(void **state)
{
	owned_fd folder = log_test_folder();
	const struct writer_child child = { .folder = folder };
	struct log_query query = LOG_QUERY_ALL;
	struct log_shown shown = { 0 };

	(void)state;
	query.follow = true;
	pid_t pid = start(crash_and_repair, &child, &query.ended);
	log_test_read(folder, LOG_DRIVER_K8S_FILE, 1, &query, &shown);
	finish(pid, query.ended);
	assert_string_equal(log_shown_text(&shown.all),
			    "whole\nanother, longer than what was there\n");
	assert_int_equal(shown.damaged, 0);
	log_test_forget(&shown);
}

/* ---- between two looks ---- */

/* Called in place of libc's, for what happens just before the reader asks whose name it is: when it opens the
 * files, and when it was at the end of the newest. */
static struct log_writer *write_before_stat;
static int stats_to_come;

// NOLINTNEXTLINE(readability-inconsistent-declaration-parameter-name)
int fstatat(int directory, const char *restrict path, struct stat *restrict st, int flags)
{
	int (*real)(int, const char *, struct stat *, int) =
		(int (*)(int, const char *, struct stat *, int))dlsym(RTLD_NEXT, "fstatat");
	struct log_writer *writer = write_before_stat;

	if (writer && --stats_to_come == 0) {
		write_before_stat = NULL;
		log_test_write(writer, LOG_STDOUT, "two\nthree\n");
	}
	return real(directory, path, st, flags);
}

/* A record that is appended when the reader was at the end of the file, which then is rotated away. */
static void what_is_written_just_before_a_rotation_is_seen(void **state)
{
	owned_fd folder = log_test_folder();
	struct log_query query = LOG_QUERY_ALL;
	struct log_shown shown = { 0 };
	struct log_writer writer;
	int ends[2];

	(void)state;
	assert_int_equal(pipe2(ends, O_CLOEXEC), 0);
	close(ends[1]);
	log_test_open(&writer, folder, "k8s-file", "max-size=60 max-file=3");
	log_test_write(&writer, LOG_STDOUT, "one\n");
	write_before_stat = &writer;
	stats_to_come = 2;
	query.follow = true;
	query.ended = ends[0];
	log_test_read(folder, LOG_DRIVER_K8S_FILE, 2, &query, &shown);
	log_writer_close(&writer);
	assert_null(write_before_stat);
	log_test_expect(folder, 0, LOG_TEST_STAMP " stdout F three\n");
	assert_string_equal(log_shown_text(&shown.all), "one\ntwo\nthree\n");
	log_test_forget(&shown);
	close(ends[0]);
}

/* ---- without inotify ---- */

static void follow_without_inotify(void *context)
{
	int folder = *(int *)context;
	const struct writer_child child = { .folder = folder };
	struct log_query query = LOG_QUERY_ALL;
	struct log_shown shown = { 0 };

	query.follow = true;
	pid_t pid = start(write_late, &child, &query.ended);
	refuse_call(SYS_inotify_init1, EMFILE);
	log_test_read(folder, LOG_DRIVER_K8S_FILE, 2, &query, &shown);
	finish(pid, query.ended);
	EXPECT(strcmp(log_shown_text(&shown.all), "first\nunfinished") == 0);
}

static void a_user_with_too_many_watches_sees_it_all(void **state)
{
	owned_fd folder = log_test_folder();

	(void)state;
	in_child(follow_without_inotify, &folder);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(no_line_is_lost_or_doubled_through_rotations),
		cmocka_unit_test(one_file_is_followed),
		cmocka_unit_test(a_log_may_come_late_and_end_without_a_newline),
		cmocka_unit_test(tail_and_follow_go_together),
		cmocka_unit_test(an_end_that_was_before_is_seen),
		cmocka_unit_test(until_ends_it),
		cmocka_unit_test(a_repair_is_followed),
		cmocka_unit_test(what_is_written_just_before_a_rotation_is_seen),
		cmocka_unit_test(a_user_with_too_many_watches_sees_it_all),
	};

	return cmocka_run_group_tests(tests, sandbox_setup, sandbox_teardown);
}
