/* Records as files: saving that survives any death, damage, locks, removal. */
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

static void a_reader_of_a_container_that_was_removed_finds_none(void **state)
{
	struct record_folder folder = saved("read"), reader;

	(void)state;
	SUCCEEDS(record_open(root, "read", RECORD_UNLOCKED, &reader, &err));
	removed(&folder);
	err = (struct error){ 0 };
	assert_null(record_load(&reader, &err));
	assert_string_equal(err.msg, "No such container: read");
	record_folder_close(&reader);
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
		cmocka_unit_test(a_reader_of_a_container_that_was_removed_finds_none),
		cmocka_unit_test(a_removal_that_was_killed_is_finished),
		cmocka_unit_test(ids_are_listed_in_order_and_nothing_else),
	};

	return cmocka_run_group_tests(tests, begin, end);
}
