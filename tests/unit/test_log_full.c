/* A disk that is full: the log stops and says so once, nothing waits for it, and it goes on when there is room. */
#include "shim/log/write.h"

#include <sys/socket.h>
#include <sys/un.h>

#include "spec/base/log_socket.h"
#include "tests/unit/logs.h"

static int notices;
static char last_notice[1200];

static void notice(void *context, const char *words)
{
	assert_ptr_equal(context, &notices);
	notices++;
	snprintf(last_notice, sizeof last_notice, "%s", words);
}

/* A small file system of its own with the log on it. */
static int small_disk(void)
{
	int folder = log_test_folder();

	close(folder);
	if (mount("tmpfs", log_test_path, "tmpfs", 0, "size=256k"))
		fail_msg("mount %s: %s", log_test_path, strerror(errno));
	notices = 0;
	return open(log_test_path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
}

static void open_log(struct log_writer *writer, int folder, const char *driver, const char *pairs)
{
	OWNED(log_options_finish) struct log_options options = log_test_options(driver, pairs);
	struct error err = { 0 };

	SUCCEEDS(log_writer_open(writer, &options, &log_test_subject, folder, LOG_TEST_NAME, notice,
				 &notices, &err));
}

static void fill_disk(int folder)
{
	static const char zeros[4096];
	owned_fd fd = openat(folder, "filler", O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);

	assert_true(fd >= 0);
	while (write(fd, zeros, sizeof zeros) > 0)
		;
	assert_int_equal(errno, ENOSPC);
}

static void make_room(int folder)
{
	assert_int_equal(unlinkat(folder, "filler", 0), 0);
}

/* Lines of ten bytes. */
static void write_lines(struct log_writer *writer, unsigned first, unsigned n)
{
	OWNED(buffer_finish) struct buffer lines = { 0 };

	for (unsigned i = 0; i < n; i++)
		buffer_print(&lines, "%09u\n", first + i);
	log_write(writer, LOG_STDOUT, lines.text, lines.length, LOG_TEST_TIME);
}

static void read_shown(int folder, const char *driver, unsigned count, struct log_shown *shown)
{
	const struct log_query query = LOG_QUERY_ALL;

	log_test_read(folder, *driver == 'j' ? LOG_DRIVER_JSON_FILE : LOG_DRIVER_K8S_FILE, count,
		      &query, shown);
	assert_int_equal(shown->damaged, 0);
}

/* The sum of what the log says is missing. */
static uint64_t missing_bytes(const struct log_shown *shown)
{
	static const char before[] = "oshim: ";
	uint64_t sum = 0;

	for (const char *at = log_shown_text(&shown->streams[LOG_STDERR]); *at;
	     at = strchr(at, '\n') + 1) {
		assert_memory_equal(at, before, sizeof before - 1);
		sum += strtoull(at + sizeof before - 1, NULL, 10);
		assert_non_null(
			strstr(at, " bytes of output are missing here: write the log box.log: no "
				   "space left on device\n"));
	}
	return sum;
}

static void stop_and_go_on(const char *driver)
{
	owned_fd folder = small_disk();
	struct log_writer writer;
	struct log_shown shown = { 0 };
	unsigned written = 0;

	open_log(&writer, folder, driver, "");
	write_lines(&writer, 0, 100);
	fill_disk(folder);
	for (written = 100; written < 20000; written += 50)
		write_lines(&writer, written, 50);
	assert_int_equal(notices, 1);
	assert_string_equal(last_notice,
			    "the log has stopped: write the log box.log: no space left on device");
	/* Whole records at any time, also now. */
	read_shown(folder, driver, 1, &shown);
	log_test_forget(&shown);
	assert_false(log_retry(&writer, LOG_TEST_TIME));
	make_room(folder);
	assert_true(log_retry(&writer, LOG_TEST_TIME));
	assert_int_equal(notices, 2);
	assert_non_null(strstr(last_notice, "the log goes on; "));
	write_lines(&writer, written, 10);
	assert_int_equal(log_writer_close(&writer), 0);
	read_shown(folder, driver, 1, &shown);
	/* What is there and what is missing is what was written, and the last lines came behind the notice. */
	assert_int_equal(shown.streams[LOG_STDOUT].length + missing_bytes(&shown),
			 (written + 10) * 10);
	assert_true(missing_bytes(&shown) > 100000);
	assert_non_null(strstr(shown.all.text, "no space left on device\n000020000\n"));
	assert_non_null(strstr(shown.all.text, "\n000020009\n"));
	log_test_forget(&shown);
	assert_int_equal(umount2(log_test_path, MNT_DETACH), 0);
}

static void the_log_stops_and_goes_on(void **state)
{
	(void)state;
	NEED_SANDBOX();
	stop_and_go_on("k8s-file");
	stop_and_go_on("json-file");
}

/* Each call while the disk is full tries again by itself. */
static void writing_goes_on_by_itself(void **state)
{
	struct log_writer writer;
	struct log_shown shown = { 0 };

	(void)state;
	NEED_SANDBOX();
	owned_fd folder = small_disk();
	open_log(&writer, folder, "k8s-file", "");
	fill_disk(folder);
	write_lines(&writer, 0, 10000);
	write_lines(&writer, 10000, 10);
	make_room(folder);
	write_lines(&writer, 20000, 1);
	assert_int_equal(notices, 2);
	log_writer_close(&writer);
	read_shown(folder, "k8s-file", 1, &shown);
	assert_non_null(strstr(shown.all.text, "no space left on device\n000020000\n"));
	assert_int_equal(shown.streams[LOG_STDOUT].length + missing_bytes(&shown), 10011 * 10);
	log_test_forget(&shown);
	assert_int_equal(umount2(log_test_path, MNT_DETACH), 0);
}

/* What is held of a line when the log stops is its whole line in the log: its rest is among what is missing. */
static void a_line_that_loses_its_end_is_ended(void **state)
{
	struct log_writer writer;
	struct log_shown shown = { 0 };

	(void)state;
	NEED_SANDBOX();
	owned_fd folder = small_disk();
	open_log(&writer, folder, "k8s-file", "");
	log_test_write(&writer, LOG_STDERR, "begun ");
	log_settle(&writer, LOG_TEST_TIME);
	log_test_write(&writer, LOG_STDERR, "more ");
	fill_disk(folder);
	write_lines(&writer, 0, 10000);
	log_test_write(&writer, LOG_STDERR, "end\n");
	make_room(folder);
	log_test_write(&writer, LOG_STDERR, "next\n");
	log_writer_close(&writer);
	read_shown(folder, "k8s-file", 1, &shown);
	assert_memory_equal(shown.streams[LOG_STDERR].text, "begun more \noshim: ", 19);
	assert_non_null(strstr(shown.streams[LOG_STDERR].text, "device\nnext\n"));
	log_test_forget(&shown);
	assert_int_equal(umount2(log_test_path, MNT_DETACH), 0);
}

/* Room that comes and goes, in random amounts: everything is either there or counted. */
static void nothing_is_lost_uncounted(void **state)
{
	uint32_t seed = 11;

	(void)state;
	NEED_SANDBOX();
	for (int round = 0; round < 20; round++) {
		owned_fd folder = small_disk();
		const char *driver = round % 2 ? "json-file" : "k8s-file";
		struct log_writer writer;
		struct log_shown shown = { 0 };
		unsigned written = 0;
		uint64_t lost_last;
		open_log(&writer, folder, driver, "");
		for (int step = 0; step < 30; step++) {
			unsigned n = 1 + log_test_random(&seed) % 100;
			write_lines(&writer, written, n);
			written += n;
			owned_fd filler =
				openat(folder, "filler", O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
			if (step % 5 == 2)
				fill_disk(folder);
			else if (filler >= 0)
				(void)!ftruncate(filler, 0);
		}
		lost_last = log_writer_close(&writer);
		read_shown(folder, driver, 1, &shown);
		assert_int_equal(lost_last, 0);
		assert_int_equal(shown.streams[LOG_STDOUT].length + missing_bytes(&shown),
				 (uint64_t)written * 10);
		log_test_forget(&shown);
		assert_int_equal(umount2(log_test_path, MNT_DETACH), 0);
	}
}

/* A full disk while files rotate: rotation frees room by itself when it is the log that fills the disk. */
static void rotation_frees_the_disk_that_the_log_fills(void **state)
{
	struct log_writer writer;
	struct log_shown shown = { 0 };

	(void)state;
	NEED_SANDBOX();
	owned_fd folder = small_disk();
	open_log(&writer, folder, "k8s-file", "max-size=100k max-file=2");
	for (unsigned written = 0; written < 100000; written += 100)
		write_lines(&writer, written, 100);
	assert_int_equal(notices, 0);
	log_writer_close(&writer);
	read_shown(folder, "k8s-file", 2, &shown);
	assert_non_null(strstr(shown.all.text, "\n000099999\n"));
	log_test_forget(&shown);
	assert_int_equal(umount2(log_test_path, MNT_DETACH), 0);
}

/* At the end the caller learns what no record speaks of. */
static void close_tells_what_is_lost(void **state)
{
	struct log_writer writer;

	(void)state;
	NEED_SANDBOX();
	owned_fd folder = small_disk();
	open_log(&writer, folder, "k8s-file", "");
	fill_disk(folder);
	write_lines(&writer, 0, 30000);
	assert_true(log_writer_close(&writer) >= 200000);
	assert_int_equal(umount2(log_test_path, MNT_DETACH), 0);
}

/* ---- a journal that hangs ---- */

/* The journal's socket, in a /run of this process's own. */
static int journal_of_our_own(void)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX, .sun_path = JOURNAL_SOCKET };
	struct error err = { 0 };
	int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);

	assert_int_equal(mount("tmpfs", "/run", "tmpfs", 0, "mode=755"), 0);
	SUCCEEDS(make_directories("/run/systemd/journal", 0755, &err));
	assert_int_equal(bind(fd, (const struct sockaddr *)&address, sizeof address), 0);
	notices = 0;
	return fd;
}

/* Takes what the journal has got; returns how many records, and copies the last one's text. */
static unsigned take_records(int journal, char *text, size_t size)
{
	unsigned n = 0;

	for (ssize_t got; (got = recv(journal, text, size - 1, 0)) >= 0; n++)
		text[got] = '\0';
	assert_int_equal(errno, EAGAIN);
	return n;
}

static double seconds_since(const struct timespec *start)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (double)(now.tv_sec - start->tv_sec) + (double)(now.tv_nsec - start->tv_nsec) / 1e9;
}

/* It holds the supervisor up once for the two seconds that a socket waits, and then no more. */
static void a_journal_that_hangs_does_not_hold_us_up(void **state)
{
	struct log_writer writer;
	struct timespec start;
	unsigned written = 0;
	char text[4096];

	(void)state;
	NEED_SANDBOX();
	owned_fd journal = journal_of_our_own();
	open_log(&writer, -1, "journald", "");
	log_test_write(&writer, LOG_STDERR, "held");
	for (; !writer.stopped && written < 100000; written++)
		write_lines(&writer, written, 1);
	assert_int_equal(notices, 1);
	assert_non_null(strstr(last_notice, "the log has stopped: send to the journal: "));
	clock_gettime(CLOCK_MONOTONIC, &start);
	for (int i = 0; i < 50; i++)
		write_lines(&writer, 0, 10);
	assert_true(seconds_since(&start) < 1);
	assert_int_equal(take_records(journal, text, sizeof text), written - 1);
	log_test_write(&writer, LOG_STDOUT, "next\n");
	assert_int_equal(notices, 2);
	/* What was held is lost too: 4 bytes and an end; the line that failed; 50 times 10 lines. */
	assert_int_equal(take_records(journal, text, sizeof text), 2);
	assert_non_null(strstr(text, "MESSAGE=next\n"));
	assert_string_equal(last_notice, "the log goes on; 5015 bytes of output are missing in it");
	log_writer_close(&writer);
	assert_int_equal(umount2("/run", MNT_DETACH), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_log_stops_and_goes_on),
		cmocka_unit_test(writing_goes_on_by_itself),
		cmocka_unit_test(a_line_that_loses_its_end_is_ended),
		cmocka_unit_test(nothing_is_lost_uncounted),
		cmocka_unit_test(rotation_frees_the_disk_that_the_log_fills),
		cmocka_unit_test(close_tells_what_is_lost),
		cmocka_unit_test(a_journal_that_hangs_does_not_hold_us_up),
	};

	return cmocka_run_group_tests(tests, sandbox_setup, sandbox_teardown);
}
