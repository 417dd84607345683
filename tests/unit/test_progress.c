/* What a pseudo-terminal and a pipe get of a long job, also from several threads. */
#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <termios.h>
#include <unistd.h>

#include <cmocka.h>
#include <json-c/json.h>

#include "imgtool/base/progress.h"
#include "spec/base/owned.h"

struct ends {
	int ours, theirs; /* what is written to theirs is read from ours */
	char text[1 << 16];
};

static void set_size(const struct ends *ends, unsigned short rows, unsigned short columns)
{
	struct winsize size = { .ws_row = rows, .ws_col = columns };

	assert_int_equal(ioctl(ends->theirs, TIOCSWINSZ, &size), 0);
}

static int open_terminal(void **state)
{
	struct ends *ends = calloc(1, sizeof *ends);
	struct termios termios;

	if (!ends)
		return -1;
	*state = ends;
	ends->ours = posix_openpt(O_RDWR | O_NOCTTY | O_CLOEXEC | O_NONBLOCK);
	if (ends->ours < 0 || grantpt(ends->ours) || unlockpt(ends->ours))
		return -1;
	ends->theirs = open(ptsname(ends->ours), O_RDWR | O_NOCTTY | O_CLOEXEC);
	if (ends->theirs < 0 || tcgetattr(ends->theirs, &termios))
		return -1;
	/* So that what arrives is what was written. */
	cfmakeraw(&termios);
	setenv("TERM", "xterm", 1);
	return tcsetattr(ends->theirs, TCSANOW, &termios);
}

static int open_pipe(void **state)
{
	struct ends *ends = calloc(1, sizeof *ends);
	int fds[2];

	if (!ends || pipe2(fds, O_CLOEXEC | O_NONBLOCK))
		return -1;
	*state = ends;
	ends->ours = fds[0];
	ends->theirs = fds[1];
	return 0;
}

static int close_ends(void **state)
{
	struct ends *ends = *state;

	close_fd(ends->ours);
	close_fd(ends->theirs);
	free(ends);
	return 0;
}

/* All that has been written since the last time. */
static const char *written(struct ends *ends)
{
	size_t length = 0;
	struct pollfd ready = { .fd = ends->ours, .events = POLLIN };

	/* A pseudo-terminal hands on a little later. */
	while (poll(&ready, 1, 20) == 1 && ready.revents & POLLIN) {
		ssize_t got = read(ends->ours, ends->text + length, sizeof ends->text - 1 - length);

		if (got <= 0)
			break;
		length += (size_t)got;
	}
	ends->text[length] = '\0';
	return ends->text;
}

static struct progress *open_or_fail(enum progress_style style, const struct ends *ends, size_t n)
{
	struct error err = { 0 };
	struct progress *progress = progress_open(style, ends->theirs, n, &err);

	assert_non_null(progress);
	return progress;
}

static void wait_until_due(void)
{
	usleep(120000);
}

static void a_terminal_is_drawn_over(void **state)
{
	struct ends *ends = *state;
	struct progress *progress;

	set_size(ends, 24, 60);
	progress = open_or_fail(PROGRESS_AUTO, ends, 2);
	progress_item(progress, 0, "one", 1000);
	progress_item(progress, 1, "two", 2000);
	progress_state(progress, 0, PROGRESS_EXTRACTING);
	assert_string_equal(written(ends), "one           Extracting   0 %       0 B/1.0 kB\033[K\n"
					   "two           Waiting\033[K\n\033[J");
	progress_bytes(progress, 0, 500);
	assert_string_equal(written(ends), "");
	progress_state(progress, 1, PROGRESS_PRESENT);
	progress_state(progress, 0, PROGRESS_DONE);
	assert_non_null(strstr(written(ends), "\033[2A\rone           Done  1.0 kB in "));
	assert_non_null(strstr(ends->text, "\033[K\ntwo           Already there\033[K\n\033[J"));
	progress_close(progress);
}

static void bytes_are_redrawn_now_and_then(void **state)
{
	struct ends *ends = *state;
	struct progress *progress;
	size_t drawn = 0;

	set_size(ends, 24, 80);
	progress = open_or_fail(PROGRESS_AUTO, ends, 1);
	progress_item(progress, 0, "one", 1000000);
	progress_state(progress, 0, PROGRESS_EXTRACTING);
	for (uint64_t i = 0; i < 500; i++) {
		progress_bytes(progress, 0, i * 1000);
		usleep(1000);
	}
	for (const char *at = written(ends); (at = strstr(at, "\033[J")); at++)
		drawn++;
	/* In half a second or more on a busy machine: never more than ten a second. */
	assert_in_range(drawn, 2, 40);
	assert_non_null(strstr(ends->text, "kB/s"));
	progress_close(progress);
}

static void no_line_is_wider_than_the_terminal(void **state)
{
	static const unsigned short widths[] = { 1, 2, 10, 20, 33, 40, 60, 80, 120, 300 };
	struct ends *ends = *state;
	struct progress *progress = open_or_fail(PROGRESS_AUTO, ends, 1);

	progress_item(progress, 0,
		      "sha256:0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef",
		      123456789012);
	progress_state(progress, 0, PROGRESS_EXTRACTING);
	for (size_t i = 0; i < sizeof widths / sizeof *widths; i++) {
		set_size(ends, 24, widths[i]);
		written(ends);
		wait_until_due();
		progress_bytes(progress, 0, 12345678901);

		const char *line = strchr(written(ends), '\r');

		assert_non_null(line);
		assert_in_range(strcspn(line + 1, "\033"), 0, widths[i] - 1);
	}
	progress_close(progress);
}

static size_t lines_of(const char *text)
{
	size_t n = 0;

	for (; *text; text++)
		n += *text == '\n';
	return n;
}

static void of_many_only_those_in_work_are_drawn(void **state)
{
	struct ends *ends = *state;
	struct progress *progress;
	char name[8];

	set_size(ends, 5, 60);
	progress = open_or_fail(PROGRESS_AUTO, ends, 40);
	for (size_t i = 0; i < 40; i++) {
		snprintf(name, sizeof name, "item%zu", i);
		progress_item(progress, i, name, 1000);
	}
	progress_state(progress, 0, PROGRESS_PRESENT);
	progress_state(progress, 7, PROGRESS_DONE);
	written(ends);
	progress_state(progress, 20, PROGRESS_EXTRACTING);
	assert_string_equal(written(ends),
			    "\033[1A\ritem20        Extracting   0 %       0 B/1.0 kB\033[K\n"
			    "2 of 40 layers\033[K\n\033[J");
	for (size_t i = 8; i < 18; i++)
		progress_state(progress, i, PROGRESS_EXTRACTING);
	written(ends);
	progress_close(progress);
	assert_int_equal(lines_of(written(ends)), 4);
	assert_non_null(strstr(ends->text, "\n2 of 40 layers\033[K\n"));
}

static void a_notice_stands_above(void **state)
{
	struct ends *ends = *state;
	struct progress *progress;

	set_size(ends, 24, 60);
	progress = open_or_fail(PROGRESS_AUTO, ends, 1);
	progress_item(progress, 0, "one", 0);
	progress_state(progress, 0, PROGRESS_EXTRACTING);
	written(ends);
	progress_notice(progress, "left out: %s", "a\033]0;b\007\nc");
	assert_string_equal(written(ends), "\033[1A\r\033[Jleft out: a?]0;b??c\n"
					   "one           Extracting       0 B\033[K\n\033[J");
	progress_close(progress);
}

static void a_dumb_terminal_gets_lines(void **state)
{
	struct ends *ends = *state;
	struct progress *progress;
	static const char *const terms[] = { "dumb", "", NULL };

	for (size_t i = 0; i < sizeof terms / sizeof *terms; i++) {
		if (terms[i])
			setenv("TERM", terms[i], 1);
		else
			unsetenv("TERM");
		progress = open_or_fail(PROGRESS_AUTO, ends, 1);
		progress_item(progress, 0, "one", 1500);
		progress_state(progress, 0, PROGRESS_EXTRACTING);
		wait_until_due();
		progress_bytes(progress, 0, 700);
		progress_close(progress);
		assert_string_equal(written(ends), "one: Extracting, 1.5 kB\n");
	}
}

static void a_pipe_gets_lines(void **state)
{
	struct ends *ends = *state;
	struct progress *progress = open_or_fail(PROGRESS_AUTO, ends, 2);

	progress_activity(progress, "Packing");
	progress_item(progress, 0, "one", 2000);
	progress_item(progress, 1, "two", 10);
	progress_state(progress, 1, PROGRESS_PRESENT);
	progress_state(progress, 0, PROGRESS_EXTRACTING);
	progress_notice(progress, "by the %s", "way\r");
	progress_state(progress, 0, PROGRESS_DONE);
	progress_close(progress);
	assert_memory_equal(
		written(ends),
		"two: Already there\none: Packing, 2.0 kB\nby the way?\none: Done, 2.0 kB in 0.",
		73);
}

static void expect_event(const char *line, const char *state, int64_t done)
{
	struct json_object *json = json_tokener_parse(line);

	assert_non_null(json);
	assert_int_equal(json_object_object_length(json), 6);
	assert_int_equal(json_object_get_int(json_object_object_get(json, "item")), 0);
	assert_string_equal(json_object_get_string(json_object_object_get(json, "state")), state);
	assert_int_equal(json_object_get_int64(json_object_object_get(json, "done")), done);
	assert_int_equal(json_object_get_int64(json_object_object_get(json, "size")), 2000);
	json_object_put(json);
}

static void events_tell_states_and_bytes(void **state)
{
	struct ends *ends = *state;
	struct progress *progress = open_or_fail(PROGRESS_JSON, ends, 1);

	progress_item(progress, 0, "one", 2000);
	progress_state(progress, 0, PROGRESS_EXTRACTING);
	expect_event(written(ends), "extracting", 0);
	wait_until_due();
	progress_bytes(progress, 0, 1234);
	expect_event(written(ends), "extracting", 1234);
	wait_until_due();
	progress_bytes(progress, 0, 1234);
	assert_string_equal(written(ends), "");
	progress_notice(progress, "\"x\"");
	assert_memory_equal(written(ends), "{\"notice\":\"\\\"x\\\"\",\"time\":\"", 26);
	progress_state(progress, 0, PROGRESS_DONE);
	expect_event(written(ends), "done", 2000);
	progress_close(progress);
	assert_string_equal(written(ends), "");
}

static void quiet_is_quiet(void **state)
{
	struct ends *ends = *state;
	struct progress *progress = open_or_fail(PROGRESS_QUIET, ends, 1);

	progress_item(progress, 0, "one", 2000);
	progress_state(progress, 0, PROGRESS_EXTRACTING);
	wait_until_due();
	progress_bytes(progress, 0, 1000);
	progress_notice(progress, "x");
	progress_state(progress, 0, PROGRESS_DONE);
	progress_close(progress);
	assert_string_equal(written(ends), "");
}

static void nobody_is_told_and_nothing_is_lost(void **state)
{
	struct ends *ends = *state;
	struct progress *progress = open_or_fail(PROGRESS_LINES, ends, 0);

	progress_close(progress);
	progress_close(NULL);
	assert_string_equal(written(ends), "");
}

static struct progress *shared;

static void *work(void *argument)
{
	size_t item = *(size_t *)argument;

	progress_item(shared, item, "item", 20000);
	progress_state(shared, item, PROGRESS_EXTRACTING);
	for (unsigned i = 0; i < 20000; i++)
		progress_bytes(shared, item, i);
	progress_notice(shared, "item %zu", item);
	progress_state(shared, item, PROGRESS_DONE);
	return NULL;
}

static void threads_do_not_mix(void **state)
{
	enum { THREADS = 4 };
	struct ends *ends = *state;
	pthread_t threads[THREADS];
	size_t items[THREADS], n = 0;

	shared = open_or_fail(PROGRESS_JSON, ends, THREADS);
	for (size_t i = 0; i < THREADS; i++) {
		items[i] = i;
		assert_int_equal(pthread_create(&threads[i], NULL, work, &items[i]), 0);
	}
	for (size_t i = 0; i < THREADS; i++)
		pthread_join(threads[i], NULL);
	progress_close(shared);
	written(ends);
	for (char *at = NULL, *line = strtok_r(ends->text, "\n", &at); line;
	     line = strtok_r(NULL, "\n", &at), n++) {
		struct json_object *json = json_tokener_parse(line);

		assert_non_null(json);
		json_object_put(json);
	}
	assert_true(n >= 3 * (size_t)THREADS);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(a_terminal_is_drawn_over, open_terminal,
						close_ends),
		cmocka_unit_test_setup_teardown(bytes_are_redrawn_now_and_then, open_terminal,
						close_ends),
		cmocka_unit_test_setup_teardown(no_line_is_wider_than_the_terminal, open_terminal,
						close_ends),
		cmocka_unit_test_setup_teardown(of_many_only_those_in_work_are_drawn, open_terminal,
						close_ends),
		cmocka_unit_test_setup_teardown(a_notice_stands_above, open_terminal, close_ends),
		cmocka_unit_test_setup_teardown(a_dumb_terminal_gets_lines, open_terminal,
						close_ends),
		cmocka_unit_test_setup_teardown(a_pipe_gets_lines, open_pipe, close_ends),
		cmocka_unit_test_setup_teardown(events_tell_states_and_bytes, open_pipe,
						close_ends),
		cmocka_unit_test_setup_teardown(quiet_is_quiet, open_pipe, close_ends),
		cmocka_unit_test_setup_teardown(nobody_is_told_and_nothing_is_lost, open_pipe,
						close_ends),
		cmocka_unit_test_setup_teardown(threads_do_not_mix, open_pipe, close_ends),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
