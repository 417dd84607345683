/* Writers that are killed again and again while they write and rotate: nothing that was in the log is lost or
 * doubled. */
#include "shim/log/write.h"

#include "tests/unit/logs.h"

enum { ROUNDS = 150, FILES = 8, SIZE = 2000 };

static void read_log(int folder, uint64_t tail, struct log_shown *shown)
{
	struct log_query query = LOG_QUERY_ALL;

	query.tail = tail;
	log_test_read(folder, LOG_DRIVER_JSON_FILE, FILES, &query, shown);
}

/* The number behind the log's last one. */
static unsigned next_number(int folder)
{
	struct log_shown shown = { 0 };

	read_log(folder, 1, &shown);
	unsigned next = shown.lines ? (unsigned)strtoul(shown.all.text, NULL, 10) + 1 : 0;
	log_test_forget(&shown);
	return next;
}

/* Goes on where the log ends, until it is killed. */
static void write_for_ever(int folder)
{
	struct log_writer writer;
	char chunk[4096];

	log_test_open(&writer, folder, "json-file", "max-size=2000 max-file=8");
	for (unsigned number = next_number(folder);;) {
		int used = 0;
		while (used < 1000)
			used += snprintf(chunk + used, sizeof chunk - (size_t)used, "%u\n",
					 number++);
		log_write(&writer, LOG_STDOUT, chunk, (size_t)used, LOG_TEST_TIME);
	}
}

static void kill_after(int folder, uint32_t microseconds)
{
	const struct timespec pause = { 0, microseconds * 1000l };
	int status;
	pid_t pid = fork();

	assert_true(pid >= 0);
	if (pid == 0) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		write_for_ever(folder);
		_exit(0);
	}
	nanosleep(&pause, NULL);
	assert_int_equal(kill(pid, SIGKILL), 0);
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_true(WIFSIGNALED(status));
}

static unsigned count_files(int folder)
{
	unsigned n = 0;

	for (unsigned number = 0; number < FILES; number++) {
		owned_string text = log_test_file(folder, number, NULL);
		n += text != NULL;
	}
	return n;
}

/* Every number from the first to the last that is there, once and in order. *first: of what is left. */
static unsigned check_numbers(int folder, unsigned *first)
{
	struct log_shown shown = { 0 };
	char *at;

	read_log(folder, LOG_ALL_LINES, &shown);
	assert_true(shown.damaged <= 1); /* the torn last line of the one that was killed */
	at = shown.all.text;
	*first = (unsigned)strtoul(at, NULL, 10);
	unsigned next = *first;
	for (; *at; next++) {
		unsigned number = (unsigned)strtoul(at, &at, 10);
		if (number != next)
			fail_msg("%u comes where %u should", number, next);
		assert_int_equal(*at++, '\n');
	}
	log_test_forget(&shown);
	return next;
}

static void a_killed_writer_loses_and_doubles_nothing(void **state)
{
	owned_fd folder = log_test_folder();
	unsigned known = 0, first;
	uint32_t seed = 5;

	(void)state;
	for (int round = 0; round < ROUNDS; round++) {
		kill_after(folder, log_test_random(&seed) % 4000);
		unsigned next = check_numbers(folder, &first);
		assert_true(next >= known);
		known = next;
	}
	/* Full files, but for the one that a kill may have kept from being made. */
	assert_true(known > 10000);
	assert_true(count_files(folder) >= FILES - 1);
	assert_true(known - first > SIZE * (FILES - 2) / 70);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_killed_writer_loses_and_doubles_nothing),
	};

	return cmocka_run_group_tests(tests, sandbox_setup, sandbox_teardown);
}
