/* Where the last lines begin: against a search that simply reads all. */
#include "shim/log/tail.h"

#include "tests/unit/logs.h"

enum { RECORDS = 60, FILES = 3 };

struct made {
	enum log_stream stream;
	bool ends;
	struct log_position position;
};

/* Random records of both streams, finished or not, over three files. */
static int make_log(struct made *records, uint32_t *seed)
{
	int folder = log_test_folder();
	size_t next = 0;

	for (unsigned file = 0; file < FILES; file++) {
		OWNED(buffer_finish) struct buffer text = { 0 };
		char name[16];
		buffer_add(&text, "", 0);
		for (size_t n = 0; n < RECORDS / FILES; n++, next++) {
			struct made *record = &records[next];
			record->stream = log_test_random(seed) % 3 ? LOG_STDOUT : LOG_STDERR;
			record->ends = log_test_random(seed) % 3 != 0;
			record->position = (struct log_position){ file, (int64_t)text.length };
			buffer_print(&text, "%s %s %c text %zu\n", LOG_TEST_STAMP,
				     record->stream == LOG_STDOUT ? "stdout" : "stderr",
				     record->ends ? 'F' : 'P', next);
		}
		snprintf(name, sizeof name, file < FILES - 1 ? "%s.%u" : "%s", LOG_TEST_NAME,
			 FILES - 1 - file);
		log_test_put(folder, name, text.text, text.length);
	}
	return folder;
}

/* Each record's line gets the place of its end; the lines with the last @tail of these are wanted. */
static void find_simply(const struct made *records, uint64_t tail, struct log_positions *ret)
{
	size_t line_end[RECORDS], ends[RECORDS], n = 0;

	for (int i = 0; i < LOG_STREAMS; i++) {
		size_t last = SIZE_MAX;
		ret->v[i] = (struct log_position){ .file = FILES };
		for (size_t at = RECORDS; at > 0; at--) {
			if ((int)records[at - 1].stream != i)
				continue;
			if (records[at - 1].ends || last == SIZE_MAX) {
				last = at - 1;
				ends[n++] = last;
			}
			line_end[at - 1] = last;
		}
	}
	for (size_t at = 0; at < RECORDS; at++) {
		uint64_t later = 0;
		struct log_position *first = &ret->v[records[at].stream];
		for (size_t i = 0; i < n; i++)
			later += ends[i] > line_end[at];
		if (later < tail && first->file == FILES)
			*first = records[at].position;
	}
}

static void it_finds_what_a_simple_search_finds(void **state)
{
	static struct made records[RECORDS];
	struct log_query query = LOG_QUERY_ALL;
	uint32_t seed = 23;

	(void)state;
	for (int round = 0; round < 60; round++) {
		OWNED(log_files_close) struct log_files files;
		OWNED(log_place_finish) struct log_place place;
		owned_fd folder = make_log(records, &seed);
		struct log_positions found, expected;
		struct error err = { 0 };
		SUCCEEDS(log_place_init(&place, folder, LOG_TEST_NAME, FILES, &err));
		SUCCEEDS(log_files_open(&place, &files, &err));
		for (query.tail = 0; query.tail < RECORDS; query.tail++) {
			SUCCEEDS(log_tail_find(&files, LOG_DRIVER_K8S_FILE, &query, &found, &err));
			find_simply(records, query.tail, &expected);
			for (int i = 0; i < LOG_STREAMS; i++) {
				assert_int_equal(found.v[i].file, expected.v[i].file);
				assert_int_equal(found.v[i].offset, expected.v[i].offset);
			}
		}
	}
}

/* One line on stderr long ago, unfinished, must not make all be read: the search for its start has a bound. */
static void the_search_for_a_lines_start_has_a_bound(void **state)
{
	OWNED(buffer_finish) struct buffer text = { 0 };
	OWNED(log_files_close) struct log_files files;
	OWNED(log_place_finish) struct log_place place;
	struct log_query query = LOG_QUERY_ALL;
	owned_fd folder = log_test_folder();
	struct log_positions found;
	struct error err = { 0 };

	(void)state;
	buffer_print(&text, LOG_TEST_STAMP " stdout P far away\n");
	while (text.length < 3000000)
		buffer_print(&text, LOG_TEST_STAMP " stderr P a part of a very long line\n");
	size_t near = text.length;
	buffer_print(&text, LOG_TEST_STAMP " stdout F its end\n");
	log_test_put(folder, LOG_TEST_NAME, text.text, text.length);
	SUCCEEDS(log_place_init(&place, folder, LOG_TEST_NAME, 1, &err));
	SUCCEEDS(log_files_open(&place, &files, &err));
	query.tail = 1;
	SUCCEEDS(log_tail_find(&files, LOG_DRIVER_K8S_FILE, &query, &found, &err));
	assert_int_equal(found.v[LOG_STDOUT].file, 0);
	assert_int_equal(found.v[LOG_STDOUT].offset, near);
	query.tail = 2;
	SUCCEEDS(log_tail_find(&files, LOG_DRIVER_K8S_FILE, &query, &found, &err));
	assert_true(found.v[LOG_STDERR].offset > (int64_t)near - 1500000);
	assert_true(found.v[LOG_STDERR].offset < (int64_t)near - 900000);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(it_finds_what_a_simple_search_finds),
		cmocka_unit_test(the_search_for_a_lines_start_has_a_bound),
	};

	return cmocka_run_group_tests(tests, sandbox_setup, sandbox_teardown);
}
