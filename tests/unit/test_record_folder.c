/* Records: what is refused and in which words, saving that survives any death, locks, removal. */
#include "shim/record_folder.h"

#include <signal.h>
#include <sys/file.h>

#include "spec/base/io.h"
#include "spec/base/owned.h"
#include "tests/unit/sandbox.h"

static int root = -1;
static struct error err;

static int begin(void **state)
{
	if (sandbox_setup(state))
		return -1;
	root = record_root_open(in_sandbox("deep/er"), &err);
	return root < 0 ? -1 : 0;
}

static int end(void **state)
{
	close(root);
	return sandbox_teardown(state);
}

static struct record *made(const char *id)
{
	struct record *record = record_new(id, id, "/bundle", "orun");

	assert_non_null(record);
	record->created = 5;
	return record;
}

/* A claimed and saved container. */
static struct record_folder saved(const char *id)
{
	struct record_folder folder;
	struct record *record = made(id);

	SUCCEEDS(record_claim(root, id, &folder, &err));
	SUCCEEDS(record_save(&folder, record, &err));
	record_destroy(record);
	return folder;
}

static void removed(struct record_folder *folder)
{
	SUCCEEDS(record_remove(folder, &err));
	record_folder_close(folder);
}

/* ---- the text ---- */

#define HEAD                                                                             \
	"{\"version\":1,\"id\":\"c\",\"name\":\"n\",\"bundle\":\"/b\",\"runtime\":\"r\"" \
	",\"created\":7,\"state\":\"exited\""
#define RESTART                                                                               \
	",\"restart\":{\"policy\":\"on-failure\",\"maximumCount\":3,\"delay\":1,\"maxDelay\"" \
	":2,\"reset\":3}"
#define LOG ",\"log\":{\"driver\":\"json-file\",\"path\":\"/l\"}"

static void everything_comes_back(void **state)
{
	static const char text[] =
		"{\"version\":1,\"id\":\"c\",\"name\":\"n\",\"bundle\":\"/b\",\"runtime\":\"crun\","
		"\"runtimeArguments\":[\"--root\",\"/"
		"r\"],\"created\":7,\"started\":8,\"finished\":9,"
		"\"state\":\"running\",\"init\":{\"pid\":42,\"startTime\":18446744073709551615,"
		"\"bootId\":\"b\"},\"exitCode\":0,\"oomKilled\":true,\"error\":\"e\","
		"\"restart\":{\"policy\":\"on-failure\",\"maximumCount\":3,\"delay\":1,"
		"\"maxDelay\":2,"
		"\"reset\":3},\"restartCount\":4,\"restartDelayNow\":5,\"manualStop\":true,"
		"\"policyCancelled\":true,\"startedBefore\":true,\"stopSignal\":\"SIGINT\","
		"\"stopTimeout\":-1,\"log\":{\"driver\":\"json-file\",\"path\":\"/l\",\"options\":"
		"{\"max-size\":\"1m\"}},\"terminal\":true,\"openStdin\":true,\"autoRemove\":false,"
		"\"pidFile\":\"/"
		"p\",\"health\":{\"command\":[\"true\"],\"interval\":1,\"timeout\":2,"
		"\"startPeriod\":3,\"retries\":4,\"status\":\"unhealthy\",\"failingStreak\":5,"
		"\"log\":[{\"start\":1,\"end\":2,\"exitCode\":-1,\"output\":\"o\"}]},"
		"\"labels\":{\"a\":\"b\",\"c\":\"\"}}\n";
	OWNED(buffer_finish) struct buffer again = { 0 };

	(void)state;
	struct record *record = record_parse("c", text, sizeof text - 1, &err);
	assert_string_equal(err.msg, "");
	assert_non_null(record);
	assert_int_equal(record->state, STATE_RUNNING);
	assert_int_equal(record->restart->policy, RESTART_ON_FAILURE);
	assert_true(record->init->start_time == UINT64_MAX);
	assert_int_equal(record_exit_code(record), 0);
	record_print(record, &again);
	record_destroy(record);
	/* What is false says nothing. */
	OWNED(buffer_finish) struct buffer expected = { 0 };
	const char *gone = strstr(text, "\"autoRemove\":false,");
	buffer_add(&expected, text, (size_t)(gone - text));
	buffer_print(&expected, "%s", gone + strlen("\"autoRemove\":false,"));
	assert_string_equal(again.text, expected.text);
}

static void a_new_record_has_dockers_defaults_and_is_valid(void **state)
{
	OWNED(buffer_finish) struct buffer text = { 0 };
	struct record *record = made("c");

	(void)state;
	assert_int_equal(record->state, STATE_CREATED);
	assert_true(record->restart->delay == 100000000);
	assert_true(record->restart->max_delay == 60000000000);
	assert_true(record->restart->reset == 10000000000);
	assert_int_equal(record_exit_code(record), 255);
	record_print(record, &text);
	record_destroy(record);
	record = record_parse("c", text.text, text.length, &err);
	assert_non_null(record);
	record_destroy(record);
}

static void damage_is_told_in_one_message(void **state)
{
	static const struct {
		const char *text, *message;
	} cases[] = {
		{ "", "the file is empty" },
		{ "{", "not a record" },
		{ HEAD RESTART, "not a record" },
		{ "[]", "expected object, found array" },
		{ "{}", "version: required, but missing" },
		{ "{\"version\":2,\"id\":5}",
		  "its version is 2, and this program knows version 1" },
		{ HEAD RESTART "}", "log: required, but missing" },
		{ HEAD LOG "}", "restart: required, but missing" },
		{ HEAD RESTART LOG ",\"exitCode\":256}", "exitCode: expected an integer from 0" },
		{ HEAD RESTART LOG ",\"restartCount\":-1}", "restartCount: expected" },
		{ HEAD RESTART LOG ",\"init\":{\"pid\":0,\"startTime\":1,\"bootId\":\"b\"}}",
		  "init.pid" },
		{ HEAD RESTART LOG ",\"autoRemove\":true}", "autoRemove: excluded" },
		{ HEAD RESTART LOG ",\"pidFile\":\"x\"}", "pidFile: 'x' is no absolute path" },
		{ HEAD ",\"restart\":{\"policy\":\"always\",\"maximumCount\":3,\"delay\":1,"
		       "\"maxDelay\":2,\"reset\":3}" LOG "}",
		  "restart.maximumCount: of no meaning" },
		{ HEAD ",\"restart\":{\"policy\":\"always\",\"delay\":31536000000000001,"
		       "\"maxDelay\":2,\"reset\":3}" LOG "}",
		  "restart.delay: expected" },
		{ "{\"version\":1,\"id\":\"d\",\"name\":\"n\",\"bundle\":\"/b\",\"runtime\":\"r\","
		  "\"created\":1,\"state\":\"exited\"" RESTART LOG "}",
		  "it is the record of another container, d" },
		{ "{\"version\":1,\"id\":\"c\",\"name\":\"../n\",\"bundle\":\"/b\",\"runtime\":"
		  "\"r\",\"created\":1,\"state\":\"exited\"" RESTART LOG "}",
		  "name: Invalid container name (../n)" },
		{ "{\"version\":1,\"id\":\"c\",\"name\":\"n\",\"bundle\":\"b\",\"runtime\":\"r\","
		  "\"created\":1,\"state\":\"exited\"" RESTART LOG "}",
		  "bundle: 'b' is no absolute path" },
		{ "{\"version\":1,\"id\":\"c\",\"name\":\"n\",\"bundle\":\"/b\",\"runtime\":\"r\","
		  "\"created\":1,\"state\":\"flying\"" RESTART LOG "}",
		  "state: unknown value" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		err = (struct error){ 0 };
		struct record *record =
			record_parse("c", cases[i].text, strlen(cases[i].text), &err);
		if (record || err.code != EINVAL || !strstr(err.msg, cases[i].message) ||
		    !text_starts_with(err.msg, "record of container c: "))
			fail_msg("%s: \"%s\" and not \"%s\"", cases[i].text, err.msg,
				 cases[i].message);
	}
	assert_null(record_parse("c", "\0\0\0\0", 4, &err));
	assert_non_null(strstr(err.msg, "the file begins with NUL bytes"));
}

static void unknown_members_are_passed_over(void **state)
{
	static const char text[] = HEAD RESTART LOG ",\"later\":{\"x\":[1]}}";
	OWNED(buffer_finish) struct buffer again = { 0 };
	struct record *record = record_parse("c", text, sizeof text - 1, &err);

	(void)state;
	assert_non_null(record);
	record_print(record, &again);
	assert_null(strstr(again.text, "later"));
	record_destroy(record);
}

/* Of a record cut off anywhere, or with any byte turned over, either nothing is taken or what is valid. */
static void no_damage_crashes(void **state)
{
	static const char text[] = HEAD RESTART LOG
		",\"labels\":{\"a\":\"b\"},\"health\":{\"command\":[\"x\"],\"interval\":1,"
		"\"timeout\":2,\"retries\":3,\"status\":\"healthy\"}}";
	char damaged[sizeof text];

	(void)state;
	for (size_t length = 0; length < sizeof text - 1; length++)
		assert_null(record_parse("c", text, length, &err));
	for (size_t i = 0; i < (sizeof text - 1) * 8; i++) {
		memcpy(damaged, text, sizeof text);
		damaged[i / 8] = (char)((unsigned char)damaged[i / 8] ^ 1u << (i % 8));
		record_destroy(record_parse("c", damaged, sizeof text - 1, &err));
	}
}

/* ---- the file ---- */

static void what_was_saved_is_loaded(void **state)
{
	struct record_folder folder = saved("one"), reader;
	struct stat st;

	(void)state;
	SUCCEEDS(record_open(root, "one", RECORD_UNLOCKED, &reader, &err));
	struct record *record = record_load(&reader, &err);
	assert_non_null(record);
	assert_string_equal(record->id, "one");
	record_destroy(record);
	record_folder_close(&reader);
	assert_int_equal(fstatat(root, "one/record.json", &st, 0), 0);
	assert_int_equal(st.st_mode & 07777, 0600);
	assert_int_equal(fstatat(root, "one", &st, 0), 0);
	assert_int_equal(st.st_mode & 07777, 0700);
	assert_int_equal(faccessat(root, "one/record.json.new", F_OK, 0), -1);
	removed(&folder);
}

static void one_damaged_record_leaves_the_others_alone(void **state)
{
	struct record_folder good = saved("good"), bad = saved("bad");

	(void)state;
	assert_int_equal(write_file_atomic_at(bad.directory, "record.json", "{\"version\":1", 12,
					      0600, &err),
			 0);
	err = (struct error){ 0 };
	assert_null(record_load(&bad, &err));
	assert_non_null(strstr(err.msg, "record of container bad: "));
	assert_non_null(strstr(err.msg, "; removing it by force takes away what is left of it"));
	struct record *record = record_load(&good, &err);
	assert_non_null(record);
	record_destroy(record);
	removed(&good);
	removed(&bad);
}

static void a_record_that_is_no_file_or_too_large_is_refused(void **state)
{
	struct record_folder folder = saved("odd");

	(void)state;
	int fd = openat(folder.directory, "record.json", O_WRONLY | O_CLOEXEC);
	assert_int_equal(ftruncate(fd, RECORD_MAX + 1), 0);
	close(fd);
	err = (struct error){ 0 };
	assert_null(record_load(&folder, &err));
	assert_int_equal(err.code, EFBIG);
	assert_int_equal(unlinkat(folder.directory, "record.json", 0), 0);
	assert_int_equal(mkfifoat(folder.directory, "record.json", 0600), 0);
	err = (struct error){ 0 };
	assert_null(record_load(&folder, &err));
	assert_non_null(strstr(err.msg, "not a regular file"));
	removed(&folder);
}

static void what_was_never_saved_says_so(void **state)
{
	struct record_folder folder;

	(void)state;
	SUCCEEDS(record_claim(root, "half", &folder, &err));
	assert_null(record_load(&folder, &err));
	assert_int_equal(err.code, ENOENT);
	assert_non_null(strstr(err.msg, "container half was never finished by its create"));
	removed(&folder);
}

static void a_record_too_large_to_be_read_is_not_written(void **state)
{
	struct record_folder folder = saved("large");
	struct record *record = made("large");

	(void)state;
	record->error = malloc(RECORD_MAX + 1);
	assert_non_null(record->error);
	memset(record->error, 'x', RECORD_MAX);
	record->error[RECORD_MAX] = '\0';
	FAILS(record_save(&folder, record, &err), EFBIG, "save the record of container large");
	record_destroy(record);
	record = record_load(&folder, &err);
	assert_non_null(record);
	assert_null(record->error);
	record_destroy(record);
	removed(&folder);
}

static void a_full_disk_keeps_the_record_before(void **state)
{
	(void)state;
	NEED_SANDBOX();
	make_folder(in_sandbox("small"));
	assert_int_equal(
		mount("tmpfs", in_sandbox("small"), "tmpfs", 0, "size=65536,nr_inodes=100"), 0);
	int small = record_root_open(in_sandbox("small"), &err);
	struct record_folder folder;
	struct record *record = made("full");

	SUCCEEDS(record_claim(small, "full", &folder, &err));
	SUCCEEDS(record_save(&folder, record, &err));
	record->error = calloc(1, 40000);
	assert_non_null(record->error);
	memset(record->error, 'x', 39999);
	record->restart_count = 1;
	SUCCEEDS(record_save(&folder, record, &err));
	record->restart_count = 2;
	FAILS(record_save(&folder, record, &err), ENOSPC, "save the record of container full: no");
	record_destroy(record);
	assert_int_equal(faccessat(folder.directory, "record.json.new", F_OK, 0), -1);
	record = record_load(&folder, &err);
	assert_non_null(record);
	assert_int_equal(record->restart_count, 1);
	record_destroy(record);
	removed(&folder);
	close(small);
	assert_int_equal(umount2(in_sandbox("small"), MNT_DETACH), 0);
}

/* Saves for ever; tells before each save what it is about to write. */
static _Noreturn void save_for_ever(int told)
{
	struct record_folder folder;
	struct record *record;

	if (record_open(root, "kill", RECORD_WAIT, &folder, &err) ||
	    !(record = record_load(&folder, &err)))
		_exit(1);
	for (;;) {
		record->restart_count++;
		if (write(told, &record->restart_count, 4) != 4 ||
		    record_save(&folder, record, &err))
			_exit(2);
	}
}

static void a_saver_killed_at_any_moment_leaves_a_whole_record(void **state)
{
	struct record_folder folder = saved("kill");
	uint32_t before = 0;

	(void)state;
	record_folder_close(&folder);
	for (int round = 0; round < 150; round++) {
		uint32_t last = before, next;
		int told[2];

		assert_int_equal(pipe2(told, O_CLOEXEC), 0);
		pid_t pid = fork();
		if (pid == 0)
			save_for_ever(told[1]);
		close(told[1]);
		assert_int_equal(read(told[0], &last, 4), 4);
		usleep((useconds_t)(round * 37 % 2500));
		kill(pid, SIGKILL);
		assert_int_equal(waitpid(pid, NULL, 0), pid);
		while (read(told[0], &next, 4) == 4)
			last = next;
		close(told[0]);
		SUCCEEDS(record_open(root, "kill", RECORD_TRY, &folder, &err));
		struct record *record = record_load(&folder, &err);
		assert_non_null(record);
		/* The one that was being written, or the one before it. */
		assert_true(record->restart_count == last || record->restart_count == last - 1);
		assert_true(record->restart_count >= before);
		before = record->restart_count;
		record_destroy(record);
		record_folder_close(&folder);
	}
	assert_true(before > 150);
	SUCCEEDS(record_open(root, "kill", RECORD_WAIT, &folder, &err));
	removed(&folder);
}

/* ---- locks ---- */

static void an_id_is_claimed_once(void **state)
{
	struct record_folder folder = saved("once"), other;

	(void)state;
	FAILS(record_claim(root, "once", &other, &err), EEXIST,
	      "Conflict. The container id once is already in use");
	assert_null(other.id);
	FAILS(record_claim(root, "../x", &other, &err), EINVAL, "Invalid container id (../x)");
	FAILS(record_open(root, "../x", RECORD_WAIT, &other, &err), ENOENT,
	      "No such container: ../x");
	FAILS(record_open(root, "none", RECORD_WAIT, &other, &err), ENOENT,
	      "No such container: none");
	removed(&folder);
}

static void the_lock_is_one_holders_and_ends_with_it(void **state)
{
	struct record_folder folder = saved("lock"), other;

	(void)state;
	FAILS(record_open(root, "lock", RECORD_TRY, &other, &err), EWOULDBLOCK,
	      "container lock is being worked on");
	SUCCEEDS(record_open(root, "lock", RECORD_UNLOCKED, &other, &err));
	record_folder_close(&other);
	record_folder_close(&folder);
	SUCCEEDS(record_open(root, "lock", RECORD_TRY, &other, &err));
	removed(&other);
}

static void who_waited_for_a_container_that_was_removed_finds_none(void **state)
{
	struct record_folder folder = saved("going");

	(void)state;
	pid_t pid = fork();
	if (pid == 0) {
		close_fd(folder.directory); /* a flock is its descriptor's, which a fork shares */
		struct record_folder mine;
		_exit(record_open(root, "going", RECORD_WAIT, &mine, &err) == -1 &&
				      err.code == ENOENT
			      ? 0
			      : 1);
	}
	usleep(20000);
	removed(&folder);
	int status;
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_int_equal(status, 0);
}

static void a_removal_that_was_killed_is_finished(void **state)
{
	struct record_folder folder = saved("gone");
	OWNED(string_list_finish) struct string_list ids = { 0 };

	(void)state;
	assert_int_equal(renameat(root, "gone", root, "gone:gone"), 0);
	SUCCEEDS(record_ids(root, &ids, &err));
	assert_int_equal(ids.n, 0);
	/* Its remover is alive: hands off. */
	close(record_root_open(in_sandbox("deep/er"), &err));
	assert_int_equal(faccessat(root, "gone:gone", F_OK, 0), 0);
	record_folder_close(&folder);
	close(record_root_open(in_sandbox("deep/er"), &err));
	assert_int_equal(faccessat(root, "gone:gone", F_OK, 0), -1);
}

static void ids_are_listed_in_order_and_nothing_else(void **state)
{
	struct record_folder b = saved("b"), a = saved("a");
	OWNED(string_list_finish) struct string_list ids = { 0 };

	(void)state;
	assert_int_equal(symlinkat("a", root, "link"), 0);
	SUCCEEDS(record_ids(root, &ids, &err));
	assert_int_equal(ids.n, 2);
	assert_string_equal(ids.v[0], "a");
	assert_string_equal(ids.v[1], "b");
	assert_int_equal(unlinkat(root, "link", 0), 0);
	removed(&a);
	removed(&b);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(everything_comes_back),
		cmocka_unit_test(a_new_record_has_dockers_defaults_and_is_valid),
		cmocka_unit_test(damage_is_told_in_one_message),
		cmocka_unit_test(unknown_members_are_passed_over),
		cmocka_unit_test(no_damage_crashes),
		cmocka_unit_test(what_was_saved_is_loaded),
		cmocka_unit_test(one_damaged_record_leaves_the_others_alone),
		cmocka_unit_test(a_record_that_is_no_file_or_too_large_is_refused),
		cmocka_unit_test(what_was_never_saved_says_so),
		cmocka_unit_test(a_record_too_large_to_be_read_is_not_written),
		cmocka_unit_test(a_full_disk_keeps_the_record_before),
		cmocka_unit_test(a_saver_killed_at_any_moment_leaves_a_whole_record),
		cmocka_unit_test(an_id_is_claimed_once),
		cmocka_unit_test(the_lock_is_one_holders_and_ends_with_it),
		cmocka_unit_test(who_waited_for_a_container_that_was_removed_finds_none),
		cmocka_unit_test(a_removal_that_was_killed_is_finished),
		cmocka_unit_test(ids_are_listed_in_order_and_nothing_else),
	};

	return cmocka_run_group_tests(tests, begin, end);
}
