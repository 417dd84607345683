/* Waiting for a log to grow. */
#include "shim/log/watch.h"

#include "tests/unit/logs.h"

static int64_t now(void)
{
	struct timespec time;

	clock_gettime(CLOCK_REALTIME, &time);
	return time.tv_sec * INT64_C(1000000000) + time.tv_nsec;
}

static void every_change_in_the_folder_is_seen(void **state)
{
	owned_fd folder = log_test_folder();
	int64_t limit = now() + INT64_C(20000000000);
	struct log_watch watch;
	struct error err = { 0 };

	(void)state;
	log_watch_open(&watch, folder, -1);
	assert_true(watch.fd >= 0);
	log_test_put(folder, "made", "", 0);
	assert_int_equal(log_watch_wait(&watch, limit, &err), 0);
	log_test_put(folder, "made", "written", 7);
	assert_int_equal(log_watch_wait(&watch, limit, &err), 0);
	assert_int_equal(renameat(folder, "made", folder, "moved"), 0);
	assert_int_equal(log_watch_wait(&watch, limit, &err), 0);
	assert_true(now() < limit);
	/* And nothing twice. */
	assert_int_equal(log_watch_wait(&watch, now() + 20000000, &err), 0);
	assert_int_equal(log_watch_wait(&watch, now() - 1, &err), 1);
	log_watch_close(&watch);
	log_watch_close(&watch);
}

static void the_time_is_over_when_it_is_over(void **state)
{
	owned_fd folder = log_test_folder();
	int64_t until = now() + 50000000;
	struct log_watch watch;
	struct error err = { 0 };
	int waits = 0;

	(void)state;
	log_watch_open(&watch, folder, -1);
	while (log_watch_wait(&watch, until, &err) == 0)
		waits++;
	assert_true(now() > until);
	assert_true(waits > 0 && waits < 20);
	log_watch_close(&watch);
}

static void the_end_is_seen(void **state)
{
	owned_fd folder = log_test_folder();
	struct log_watch watch;
	struct error err = { 0 };
	int ends[2];

	(void)state;
	assert_int_equal(pipe2(ends, O_CLOEXEC), 0);
	log_watch_open(&watch, folder, ends[0]);
	log_test_put(folder, "made", "", 0);
	assert_int_equal(log_watch_wait(&watch, INT64_MAX, &err), 0);
	close(ends[1]);
	assert_int_equal(log_watch_wait(&watch, INT64_MAX, &err), 1);
	log_watch_close(&watch);
	close(ends[0]);
}

static void without_watches(void *context)
{
	struct log_watch watch;
	struct error err = { 0 };

	refuse_call(SYS_inotify_add_watch, ENOSPC);
	log_watch_open(&watch, *(int *)context, -1);
	EXPECT(watch.fd == -1);
	int64_t start = now();
	EXPECT(log_watch_wait(&watch, INT64_MAX, &err) == 0);
	EXPECT(now() - start < INT64_C(10000000000));
	log_watch_close(&watch);
}

static void without_watches_it_looks_again_by_itself(void **state)
{
	owned_fd folder = log_test_folder();

	(void)state;
	in_child(without_watches, &folder);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_change_in_the_folder_is_seen),
		cmocka_unit_test(the_time_is_over_when_it_is_over),
		cmocka_unit_test(the_end_is_seen),
		cmocka_unit_test(without_watches_it_looks_again_by_itself),
	};

	return cmocka_run_group_tests(tests, sandbox_setup, sandbox_teardown);
}
