/* What a program's log file and its stderr get. stderr is a pipe during each test. */
#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>
#include <json-c/json.h>

#include "spec/base/io.h"
#include "spec/base/log.h"
#include "spec/base/owned.h"
#include "spec/base/text.h"

struct capture {
	char path[32];
	int old_stderr, pipe_read;
};

static int begin(void **state)
{
	struct capture *capture = calloc(1, sizeof *capture);
	int ends[2];

	if (!capture || pipe2(ends, O_CLOEXEC | O_NONBLOCK))
		return -1;
	strcpy(capture->path, "/tmp/test_log.XXXXXX");
	close_fd(mkstemp(capture->path));
	capture->old_stderr = dup(STDERR_FILENO);
	capture->pipe_read = ends[0];
	dup2(ends[1], STDERR_FILENO);
	close(ends[1]);
	*state = capture;
	return 0;
}

static int end(void **state)
{
	struct capture *capture = *state;

	log_close();
	dup2(capture->old_stderr, STDERR_FILENO);
	close(capture->old_stderr);
	close(capture->pipe_read);
	unlink(capture->path);
	free(capture);
	return 0;
}

static void expect_stderr(const struct capture *capture, const char *expected)
{
	char text[8192];
	ssize_t got = read(capture->pipe_read, text, sizeof text - 1);

	text[got > 0 ? got : 0] = '\0';
	assert_string_equal(text, expected);
}

static char *log_text(const struct capture *capture)
{
	struct error err = { 0 };
	char *text = NULL;

	assert_int_equal(read_file_at(AT_FDCWD, capture->path, 1 << 20, &text, NULL, &err), 0);
	return text;
}

static void open_or_fail(const struct capture *capture, enum log_format format,
			 enum log_level lowest)
{
	struct error err = { 0 };

	assert_int_equal(log_open("orun", capture->path, format, lowest, &err), 0);
}

static size_t count_lines(const char *text)
{
	size_t n = 0;

	for (; *text; text++)
		n += *text == '\n';
	return n;
}

/* One object with level, msg and time, and nothing else. */
static void expect_json(const char *line, const char *level, const char *message)
{
	struct json_object *json = json_tokener_parse(line);
	const char *time;

	assert_non_null(json);
	assert_int_equal(json_object_object_length(json), 3);
	assert_string_equal(json_object_get_string(json_object_object_get(json, "level")), level);
	assert_string_equal(json_object_get_string(json_object_object_get(json, "msg")), message);
	time = json_object_get_string(json_object_object_get(json, "time"));
	assert_int_equal(strlen(time), strlen("2026-01-02T03:04:05Z"));
	assert_int_equal(time[10], 'T');
	assert_int_equal(time[19], 'Z');
	json_object_put(json);
}

static void stderr_lines_have_the_programs_name(void **state)
{
	struct error err = { 0 };

	assert_int_equal(log_open("orun", NULL, LOG_TEXT, LOG_LEVEL_WARNING, &err), 0);
	log_error("no %s", "luck");
	log_warning("careful");
	log_debug("unseen");
	expect_stderr(*state, "orun: no luck\norun: warning: careful\n");
	assert_int_equal(log_fd(), -1);
}

static void debug_messages_are_asked_for(void **state)
{
	struct error err = { 0 };

	assert_int_equal(log_open("orun", "", LOG_TEXT, LOG_LEVEL_DEBUG, &err), 0);
	log_debug("seen");
	expect_stderr(*state, "orun: debug: seen\n");
}

static void before_open_stderr_is_used(void **state)
{
	log_error("early");
	expect_stderr(*state, "early\n");
}

static void json_on_stderr(void **state)
{
	const struct capture *capture = *state;
	struct error err = { 0 };
	char text[1024];

	assert_int_equal(log_open("orun", NULL, LOG_JSON, LOG_LEVEL_WARNING, &err), 0);
	log_error("it's \"so\"\n");
	ssize_t got = read(capture->pipe_read, text, sizeof text - 1);
	assert_true(got > 0);
	text[got] = '\0';
	assert_int_equal(count_lines(text), 1);
	expect_json(text, "error", "it's \"so\"\n");
}

static void text_file_gets_every_line_and_stderr_the_errors(void **state)
{
	open_or_fail(*state, LOG_TEXT, LOG_LEVEL_DEBUG);
	log_debug("one");
	log_warning("two \"quoted\"\nand more");
	log_error("three");
	expect_stderr(*state, "orun: three\n");
	owned_string text = log_text(*state);
	assert_int_equal(count_lines(text), 3);
	assert_non_null(strstr(text, "Z\" level=debug msg=\"one\"\n"));
	assert_non_null(strstr(text, "level=warning msg=\"two \\\"quoted\\\"\\nand more\"\n"));
	assert_non_null(strstr(text, "level=error msg=\"three\"\n"));
	assert_int_equal(strncmp(text, "time=\"20", 8), 0);
}

static void json_file_with_an_error_holds_that_alone(void **state)
{
	open_or_fail(*state, LOG_JSON, LOG_LEVEL_DEBUG);
	log_warning("first");
	log_debug("second");
	log_error("at last");
	expect_stderr(*state, "orun: at last\n");
	log_close();
	owned_string text = log_text(*state);
	assert_int_equal(count_lines(text), 1);
	expect_json(text, "error", "at last");
	expect_stderr(*state, "orun: warning: first\norun: debug: second\n");
}

static void json_file_without_an_error_gets_the_warnings_at_close(void **state)
{
	open_or_fail(*state, LOG_JSON, LOG_LEVEL_WARNING);
	log_warning("first");
	log_warning("second");
	owned_string early = log_text(*state);
	assert_string_equal(early, "");
	log_close();
	owned_string text = log_text(*state);
	assert_int_equal(count_lines(text), 2);
	*strchr(text, '\n') = '\0';
	expect_json(text, "warning", "first");
	expect_json(text + strlen(text) + 1, "warning", "second");
	expect_stderr(*state, "");
}

static void file_is_appended_to(void **state)
{
	open_or_fail(*state, LOG_JSON, LOG_LEVEL_WARNING);
	log_error("one");
	open_or_fail(*state, LOG_JSON, LOG_LEVEL_WARNING);
	log_error("two");
	owned_string text = log_text(*state);
	assert_int_equal(count_lines(text), 2);
}

static void descriptor_is_told_and_closed_on_exec(void **state)
{
	open_or_fail(*state, LOG_TEXT, LOG_LEVEL_WARNING);
	assert_true(log_fd() >= 0);
	assert_int_equal(fcntl(log_fd(), F_GETFD), FD_CLOEXEC);
	log_close();
	assert_int_equal(log_fd(), -1);
}

static void open_that_fails_keeps_the_old_log(void **state)
{
	struct error err = { 0 };

	open_or_fail(*state, LOG_TEXT, LOG_LEVEL_WARNING);
	int fd = log_fd();
	assert_int_equal(log_open("orun", "/nonexistent/log", LOG_TEXT, LOG_LEVEL_WARNING, &err),
			 -1);
	assert_string_equal(err.msg, "open log file /nonexistent/log: no such file or directory");
	assert_int_equal(log_fd(), fd);
}

static void endless_warnings_do_not_fill_the_memory(void **state)
{
	const struct capture *capture = *state;

	open_or_fail(capture, LOG_JSON, LOG_LEVEL_WARNING);
	for (int i = 0; i < 1000; i++)
		log_warning("kept");
	expect_stderr(capture, "");
	log_warning("over");
	expect_stderr(capture, "orun: warning: over\n");
	log_close();
	owned_string text = log_text(capture);
	assert_int_equal(count_lines(text), 1000);
}

static void errno_is_left_alone(void **state)
{
	open_or_fail(*state, LOG_TEXT, LOG_LEVEL_WARNING);
	errno = ENOTTY;
	log_error("x");
	assert_int_equal(errno, ENOTTY);
}

static void what_is_below_the_lowest_level_is_dropped(void **state)
{
	struct error err = { 0 };

	assert_int_equal(log_open("orun", NULL, LOG_TEXT, LOG_LEVEL_ERROR, &err), 0);
	log_warning("w");
	log_debug("d");
	log_error("e");
	expect_stderr(*state, "orun: e\n");
}

static void levels_have_names(void **state)
{
	(void)state;
	assert_int_equal(log_level_number("error"), LOG_LEVEL_ERROR);
	assert_int_equal(log_level_number("warning"), LOG_LEVEL_WARNING);
	assert_int_equal(log_level_number("debug"), LOG_LEVEL_DEBUG);
	assert_int_equal(log_level_number("info"), -1);
	assert_int_equal(log_level_number(""), -1);
}

static void a_file_may_be_called_one(void **state)
{
	const struct capture *capture = *state;
	owned_string target = text_format("file:%s", capture->path);
	struct error err = { 0 };

	assert_int_equal(log_open("orun", target, LOG_TEXT, LOG_LEVEL_WARNING, &err), 0);
	log_error("e");
	owned_string text = log_text(capture);
	assert_non_null(strstr(text, "level=error msg=\"e\""));
}

static void a_colon_may_be_part_of_a_path(void **state)
{
	const struct capture *capture = *state;
	owned_string target = text_format("%s:log", capture->path);
	struct error err = { 0 };

	assert_int_equal(log_open("orun", target, LOG_TEXT, LOG_LEVEL_WARNING, &err), 0);
	assert_int_equal(unlink(target), 0);
}

/* A machine without systemd or syslog has no such socket; where there is one, this writes nothing. */
static void loggers_that_are_absent_are_named(void **state)
{
	static const char *const pairs[][2] = {
		{ "journald:x", "/run/systemd/journal/socket" },
		{ "syslog:", "/dev/log" },
	};
	struct error err = { 0 };

	(void)state;
	for (size_t i = 0; i < 2; i++) {
		int failed = log_open("orun", pairs[i][0], LOG_TEXT, LOG_LEVEL_WARNING, &err);
		assert_int_equal(failed, access(pairs[i][1], F_OK) ? -1 : 0);
		if (failed) {
			assert_non_null(strstr(err.msg, "open log: connect to "));
			assert_non_null(strstr(err.msg, pairs[i][1]));
		}
	}
}

#define CAPTURED(test) cmocka_unit_test_setup_teardown(test, begin, end)

int main(void)
{
	const struct CMUnitTest tests[] = {
		CAPTURED(stderr_lines_have_the_programs_name),
		CAPTURED(debug_messages_are_asked_for),
		CAPTURED(before_open_stderr_is_used),
		CAPTURED(json_on_stderr),
		CAPTURED(text_file_gets_every_line_and_stderr_the_errors),
		CAPTURED(json_file_with_an_error_holds_that_alone),
		CAPTURED(json_file_without_an_error_gets_the_warnings_at_close),
		CAPTURED(file_is_appended_to),
		CAPTURED(descriptor_is_told_and_closed_on_exec),
		CAPTURED(open_that_fails_keeps_the_old_log),
		CAPTURED(endless_warnings_do_not_fill_the_memory),
		CAPTURED(errno_is_left_alone),
		CAPTURED(what_is_below_the_lowest_level_is_dropped),
		CAPTURED(levels_have_names),
		CAPTURED(a_file_may_be_called_one),
		CAPTURED(a_colon_may_be_part_of_a_path),
		CAPTURED(loggers_that_are_absent_are_named),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
