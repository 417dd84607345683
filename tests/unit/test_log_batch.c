/* Records on their way: in few writes, and kept when they cannot be written. */
#include "shim/log/batch.h"

#include "tests/unit/logs.h"

static void open_batch(struct log_batch *batch, int folder, int64_t max_size)
{
	struct log_place place;
	struct error err = { 0 };

	SUCCEEDS(log_place_init(&place, folder, LOG_TEST_NAME, 2, &err));
	SUCCEEDS(log_batch_open(batch, &place, LOG_DRIVER_K8S_FILE, max_size, NULL, &err));
}

static int add(struct log_batch *batch, const char *text, struct error *err)
{
	return log_batch_add(batch, LOG_STDOUT, text, strlen(text), true, LOG_TEST_TIME, err);
}

static void records_wait_until_they_are_flushed(void **state)
{
	owned_fd folder = log_test_folder();
	struct log_batch batch;
	struct error err = { 0 };

	(void)state;
	open_batch(&batch, folder, 0);
	SUCCEEDS(add(&batch, "one", &err));
	SUCCEEDS(add(&batch, "two", &err));
	log_batch_rest(&batch);
	log_test_expect(folder, 0, "");
	SUCCEEDS(log_batch_flush(&batch, &err));
	log_test_expect(folder, 0,
			LOG_TEST_STAMP " stdout F one\n" LOG_TEST_STAMP " stdout F two\n");
	assert_int_equal(batch.length, 0);
	log_batch_rest(&batch);
	SUCCEEDS(log_batch_flush(&batch, &err));
	log_batch_close(&batch);
}

/* As many as there is room for, without a flush by the caller. */
static void what_waits_is_bounded(void **state)
{
	owned_fd folder = log_test_folder();
	owned_string line = calloc(1, LOG_LINE_MAX + 1);
	struct log_batch batch;
	struct error err = { 0 };
	struct stat st;

	(void)state;
	memset(line, 'x', LOG_LINE_MAX);
	open_batch(&batch, folder, 0);
	for (int i = 0; i < 100; i++) {
		SUCCEEDS(add(&batch, line, &err));
		assert_true(batch.length <= batch.capacity);
	}
	SUCCEEDS(log_batch_flush(&batch, &err));
	assert_int_equal(fstatat(folder, LOG_TEST_NAME, &st, 0), 0);
	assert_int_equal(st.st_size,
			 100 * (strlen(LOG_TEST_STAMP " stdout F ") + LOG_LINE_MAX + 1));
	log_batch_close(&batch);
}

static void a_new_file_begins_between_two_records(void **state)
{
	owned_fd folder = log_test_folder();
	struct log_batch batch;
	struct error err = { 0 };

	(void)state;
	open_batch(&batch, folder, 60);
	SUCCEEDS(add(&batch, "one", &err));
	SUCCEEDS(add(&batch, "two", &err));
	SUCCEEDS(add(&batch, "three", &err));
	SUCCEEDS(log_batch_flush(&batch, &err));
	log_test_expect(folder, 1,
			LOG_TEST_STAMP " stdout F one\n" LOG_TEST_STAMP " stdout F two\n");
	log_test_expect(folder, 0, LOG_TEST_STAMP " stdout F three\n");
	log_batch_close(&batch);
}

static void with_a_limit(void *context)
{
	struct rlimit limit = { 100, RLIM_INFINITY };
	int folder = *(int *)context;
	struct error err = { 0 };
	struct log_batch batch;

	signal(SIGXFSZ, SIG_IGN);
	open_batch(&batch, folder, 0);
	EXPECT(setrlimit(RLIMIT_FSIZE, &limit) == 0);
	EXPECT_SUCCESS(add(&batch, "one", &err));
	EXPECT_SUCCESS(add(&batch, "two", &err));
	EXPECT_SUCCESS(add(&batch, "three", &err));
	EXPECT(log_batch_flush(&batch, &err) == -1 && err.code == EFBIG);
	EXPECT(log_batch_flush(&batch, &err) == -1);
	EXPECT_SUCCESS(add(&batch, "four", &err));
	limit.rlim_cur = RLIM_INFINITY;
	EXPECT(setrlimit(RLIMIT_FSIZE, &limit) == 0);
	EXPECT_SUCCESS(log_batch_flush(&batch, &err));
	log_batch_close(&batch);
}

static void what_could_not_be_written_waits(void **state)
{
	owned_fd folder = log_test_folder();

	(void)state;
	in_child(with_a_limit, &folder);
	log_test_expect(folder, 0,
			LOG_TEST_STAMP " stdout F one\n" LOG_TEST_STAMP
				       " stdout F two\n" LOG_TEST_STAMP
				       " stdout F three\n" LOG_TEST_STAMP " stdout F four\n");
}

static void a_log_that_cannot_be_opened_is_an_error(void **state)
{
	owned_fd folder = log_test_folder();
	struct log_place place;
	struct log_batch batch;
	struct error err = { 0 };

	(void)state;
	assert_int_equal(mkdirat(folder, LOG_TEST_NAME, 0700), 0);
	SUCCEEDS(log_place_init(&place, folder, LOG_TEST_NAME, 2, &err));
	FAILS(log_batch_open(&batch, &place, LOG_DRIVER_JSON_FILE, 0, NULL, &err), EISDIR,
	      "open the log");
	assert_int_equal(place.directory, -1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(records_wait_until_they_are_flushed),
		cmocka_unit_test(what_waits_is_bounded),
		cmocka_unit_test(a_new_file_begins_between_two_records),
		cmocka_unit_test(what_could_not_be_written_waits),
		cmocka_unit_test(a_log_that_cannot_be_opened_is_an_error),
	};

	return cmocka_run_group_tests(tests, sandbox_setup, sandbox_teardown);
}
