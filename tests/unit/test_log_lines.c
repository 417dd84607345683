/* Lines forwards and backwards, wherever they lie in the blocks that are read. */
#include "shim/log/lines.h"

#include <sys/mman.h>

#include "shim/log/entry.h"
#include "tests/unit/logs.h"

static int file_of(const char *text, size_t length)
{
	int fd = memfd_create("lines", MFD_CLOEXEC);

	assert_true(fd >= 0);
	assert_int_equal(write_all(fd, text, length), 0);
	return fd;
}

/* All lines, forwards or backwards, each with its offset before it, as one text. */
static void list(int fd, int64_t end, bool back, struct buffer *ret, uint64_t *too_long)
{
	OWNED(log_lines_finish) struct log_lines lines;
	struct error err = { 0 };
	struct log_line line;
	int got;

	*ret = (struct buffer){ 0 };
	SUCCEEDS(log_lines_init(&lines, &err));
	if (back)
		log_lines_start_back(&lines, fd, end);
	else
		log_lines_start(&lines, fd, 0, end);
	while ((got = back ? log_lines_previous(&lines, &line, &err)
			   : log_lines_next(&lines, &line, &err)) > 0) {
		buffer_print(ret, "%jd:", (intmax_t)line.offset);
		buffer_add(ret, line.text, line.length);
		buffer_add(ret, "|", 1);
	}
	assert_int_equal(got, 0);
	buffer_add(ret, "", 0);
	*too_long = lines.too_long;
}

static void expect(const char *text, const char *forwards, const char *backwards)
{
	OWNED(buffer_finish) struct buffer ahead = { 0 };
	OWNED(buffer_finish) struct buffer back = { 0 };
	owned_fd fd = file_of(text, strlen(text));
	uint64_t too_long;

	list(fd, INT64_MAX, false, &ahead, &too_long);
	assert_string_equal(log_shown_text(&ahead), forwards);
	list(fd, (int64_t)strlen(text), true, &back, &too_long);
	assert_string_equal(log_shown_text(&back), backwards);
}

static void lines_are_listed(void **state)
{
	(void)state;
	expect("", "", "");
	expect("\n", "0:|", "0:|");
	expect("a\nbc\n", "0:a|2:bc|", "2:bc|0:a|");
	expect("a\n\n\nb\n", "0:a|2:|3:|4:b|", "4:b|3:|2:|0:a|");
	expect("a\nunfinished", "0:a|", "0:a|");
	expect("unfinished", "", "");
}

static void an_end_is_kept_to(void **state)
{
	OWNED(buffer_finish) struct buffer ahead = { 0 };
	owned_fd fd = file_of("a\nb\nc\n", 6);
	uint64_t too_long;

	(void)state;
	list(fd, 3, false, &ahead, &too_long);
	assert_string_equal(ahead.text, "0:a|");
}

/* Random lengths, some of many blocks: both ways give the same lines, those that are too long left out. */
static void both_ways_agree(void **state)
{
	static const size_t lengths[] = { 0,
					  1,
					  79,
					  65535,
					  65536,
					  65537,
					  LOG_RECORD_MAX - 1,
					  LOG_RECORD_MAX,
					  LOG_RECORD_MAX + 1,
					  LOG_RECORD_MAX + 65536,
					  3UL * LOG_RECORD_MAX };
	const size_t n_lengths = sizeof lengths / sizeof *lengths;
	uint32_t seed = 1;

	(void)state;
	for (int round = 0; round < 40; round++) {
		OWNED(buffer_finish) struct buffer text = { 0 };
		OWNED(log_lines_finish) struct log_lines lines;
		struct error err = { 0 };
		struct log_line line;
		struct {
			int64_t offset;
			size_t length;
		} expected[16];
		size_t n = 0, too_long = 0;
		int count = (int)(log_test_random(&seed) % 12);
		for (int i = 0; i < count; i++) {
			size_t length = lengths[log_test_random(&seed) % n_lengths];
			if (length <= LOG_RECORD_MAX) {
				expected[n].offset = (int64_t)text.length;
				expected[n++].length = length;
			} else {
				too_long++;
			}
			owned_string bytes = malloc(length + 1);
			memset(bytes, 'a' + i, length);
			bytes[length] = '\n';
			buffer_add(&text, bytes, length + 1);
		}
		if (round % 2)
			buffer_add(&text, "unfinished", 10);
		owned_fd fd = file_of(text.text, text.length);
		SUCCEEDS(log_lines_init(&lines, &err));
		log_lines_start(&lines, fd, 0, INT64_MAX);
		for (size_t i = 0; i < n; i++) {
			assert_int_equal(log_lines_next(&lines, &line, &err), 1);
			assert_int_equal(line.offset, expected[i].offset);
			assert_int_equal(line.length, expected[i].length);
			assert_memory_equal(line.text, text.text + line.offset, line.length);
		}
		assert_int_equal(log_lines_next(&lines, &line, &err), 0);
		assert_int_equal(lines.too_long, too_long);
		log_lines_start_back(&lines, fd, (int64_t)text.length);
		for (size_t i = n; i > 0; i--) {
			assert_int_equal(log_lines_previous(&lines, &line, &err), 1);
			assert_int_equal(line.offset, expected[i - 1].offset);
			assert_int_equal(line.length, expected[i - 1].length);
			assert_memory_equal(line.text, text.text + line.offset, line.length);
		}
		assert_int_equal(log_lines_previous(&lines, &line, &err), 0);
	}
}

static void a_file_that_grows_goes_on(void **state)
{
	OWNED(log_lines_finish) struct log_lines lines;
	owned_fd fd = file_of("one\ntw", 6);
	struct error err = { 0 };
	struct log_line line;

	(void)state;
	SUCCEEDS(log_lines_init(&lines, &err));
	log_lines_start(&lines, fd, 0, INT64_MAX);
	assert_int_equal(log_lines_next(&lines, &line, &err), 1);
	assert_int_equal(log_lines_next(&lines, &line, &err), 0);
	assert_int_equal(log_lines_next(&lines, &line, &err), 0);
	assert_int_equal(write_all(fd, "o\nthree\n", 8), 0);
	assert_int_equal(log_lines_next(&lines, &line, &err), 1);
	assert_int_equal(line.length, 3);
	assert_memory_equal(line.text, "two", 3);
	assert_int_equal(log_lines_next(&lines, &line, &err), 1);
	assert_memory_equal(line.text, "three", 5);
}

/* What a writer does after a crash, or when the disk was full. */
static void a_torn_line_that_is_taken_back_is_not_mixed_with_the_next(void **state)
{
	OWNED(log_lines_finish) struct log_lines lines;
	owned_fd fd = file_of("one\ntorn and long", 17);
	struct error err = { 0 };
	struct log_line line;

	(void)state;
	SUCCEEDS(log_lines_init(&lines, &err));
	log_lines_start(&lines, fd, 0, INT64_MAX);
	assert_int_equal(log_lines_next(&lines, &line, &err), 1);
	assert_int_equal(log_lines_next(&lines, &line, &err), 0);
	assert_int_equal(ftruncate(fd, 4), 0);
	assert_int_equal(pwrite(fd, "a quite other line\n", 19, 4), 19);
	assert_int_equal(log_lines_next(&lines, &line, &err), 1);
	assert_int_equal(line.length, 18);
	assert_memory_equal(line.text, "a quite other line", 18);
}

static void a_file_that_was_emptied_is_read_from_its_start(void **state)
{
	OWNED(log_lines_finish) struct log_lines lines;
	owned_fd fd = file_of("one\ntwo\n", 8);
	struct error err = { 0 };
	struct log_line line;

	(void)state;
	SUCCEEDS(log_lines_init(&lines, &err));
	log_lines_start(&lines, fd, 0, INT64_MAX);
	assert_int_equal(log_lines_next(&lines, &line, &err), 1);
	assert_int_equal(log_lines_next(&lines, &line, &err), 1);
	assert_int_equal(ftruncate(fd, 0), 0);
	assert_int_equal(pwrite(fd, "new\n", 4, 0), 4);
	assert_int_equal(log_lines_next(&lines, &line, &err), 0);
	assert_int_equal(log_lines_next(&lines, &line, &err), 1);
	assert_memory_equal(line.text, "new", 3);
}

static void an_error_is_said(void **state)
{
	OWNED(log_lines_finish) struct log_lines lines;
	struct error err = { 0 };
	struct log_line line;

	(void)state;
	SUCCEEDS(log_lines_init(&lines, &err));
	log_lines_start(&lines, -1, 0, INT64_MAX);
	FAILS(log_lines_next(&lines, &line, &err), EBADF, "read the log: ");
	log_lines_start_back(&lines, -1, 10);
	FAILS(log_lines_previous(&lines, &line, &err), EBADF, "read the log: ");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(lines_are_listed),
		cmocka_unit_test(an_end_is_kept_to),
		cmocka_unit_test(both_ways_agree),
		cmocka_unit_test(a_file_that_grows_goes_on),
		cmocka_unit_test(a_torn_line_that_is_taken_back_is_not_mixed_with_the_next),
		cmocka_unit_test(a_file_that_was_emptied_is_read_from_its_start),
		cmocka_unit_test(an_error_is_said),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
