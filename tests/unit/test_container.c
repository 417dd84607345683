/* The record of a container: who gets the name, who holds the lock, and what is left when somebody dies. */
#include "runtime/container.h"

#include "tests/unit/sandbox.h"

#include <limits.h>
#include <sys/file.h>

static struct error err;
static int root = -1;

static int open_root(void **state)
{
	err = (struct error){ 0 };
	if (sandbox_setup(state))
		return -1;
	root = open(sandbox, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	return root < 0;
}

static int close_root(void **state)
{
	close(root);
	return sandbox_teardown(state);
}

static struct state *new_state(const char *id)
{
	struct state *state = calloc(1, sizeof *state);

	assert_non_null(state);
	state->oci_version = strdup(SPEC_VERSION);
	state->id = strdup(id);
	state->bundle = strdup("/bundle");
	state->rootfs = strdup("/bundle/rootfs");
	state->created = strdup("2026-01-02T03:04:05.000000006Z");
	return state;
}

/* A container with a record, no longer locked. */
static void make_container(const char *id, pid_t pid)
{
	struct container container;

	SUCCEEDS(container_claim(root, id, &container, &err));
	container.state = new_state(id);
	container.state->pid = pid;
	container.state->start_time = pid ? process_start_time(pid) : 0;
	SUCCEEDS(container_save(&container, &err));
	container_close(&container);
}

static pid_t sleeper(void)
{
	pid_t pid = fork();

	assert_true(pid >= 0);
	if (pid == 0) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		for (;;)
			pause();
	}
	return pid;
}

static void end(pid_t pid)
{
	kill(pid, SIGKILL);
	assert_int_equal(waitpid(pid, NULL, 0), pid);
}

/* ---- ids ---- */

static void ids_are_letters_digits_and_four_signs(void **state)
{
	static const char *const good[] = { "a",  "0",	  "Az09", "_+-.",     "...",
					    ".a", "a..b", "-x",	  "a.b-c_d+e" };
	static const char *const bad[] = { ".",	  "..",	 "a/b",	 "/",	     "../x", "a b", "a\n",
					   "a\t", "a:b", "a\\b", "\xc3\xa4", "a*",   "$x",  "a;b" };

	(void)state;
	for (size_t i = 0; i < sizeof good / sizeof *good; i++)
		SUCCEEDS(container_check_id(good[i], &err));
	for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
		FAILS(container_check_id(bad[i], &err), EINVAL, "invalid container ID format: ");
	FAILS(container_check_id("", &err), EINVAL, "container id cannot be empty");
}

static void ids_have_an_end(void **state)
{
	char id[NAME_MAX + 1];

	(void)state;
	memset(id, 'x', sizeof id);
	id[NAME_MAX - 16] = '\0';
	SUCCEEDS(container_check_id(id, &err));
	make_container(id, 0);
	id[NAME_MAX - 16] = 'x';
	id[NAME_MAX - 15] = '\0';
	FAILS(container_check_id(id, &err), EINVAL, "invalid container ID: longer than");
}

/* ---- the root ---- */

static void the_root_is_made_where_missing(void **state)
{
	struct stat st;
	char path[512];

	(void)state;
	snprintf(path, sizeof path, "%s", in_sandbox("deep/state/root"));
	int fd = container_open_root(path, &err);
	if (fd < 0)
		fail_msg("%s", err.msg);
	assert_int_equal(fcntl(fd, F_GETFD), FD_CLOEXEC);
	assert_true(is_same_file(fd, path));
	assert_int_equal(fstat(fd, &st), 0);
	assert_int_equal(st.st_mode & 0777, 0711);
	close(fd);
	fd = container_open_root(path, &err);
	assert_true(fd >= 0);
	close(fd);
	make_text(in_sandbox("file"), "");
	FAILS(container_open_root(in_sandbox("file"), &err), ENOTDIR, "state root '");
}

static void open_root_as_somebody(void *context)
{
	(void)context;
	EXPECT(setresuid(1111, 1111, 1111) == 0 || geteuid() != 0);
	EXPECT(setenv("XDG_RUNTIME_DIR", in_sandbox("xdg"), 1) == 0);
	int fd = container_open_root(NULL, &err);
	EXPECT_SUCCESS(fd < 0);
	EXPECT(is_same_file(fd, in_sandbox("xdg/orun")));
}

static void others_than_root_have_their_own(void **state)
{
	(void)state;
	make_folder(in_sandbox("xdg"));
	assert_int_equal(chmod(in_sandbox("xdg"), 0777), 0);
	assert_int_equal(chmod(sandbox, 0755), 0);
	in_child(open_root_as_somebody, NULL);
}

/* ---- claiming ---- */

static void a_name_is_given_once(void **state)
{
	struct container container, second;
	struct stat st;

	(void)state;
	SUCCEEDS(container_claim(root, "c", &container, &err));
	assert_true(container.locked);
	assert_int_equal(fstat(container.directory, &st), 0);
	assert_int_equal(st.st_mode & 07777, 0700);
	FAILS(container_claim(root, "c", &second, &err), EEXIST,
	      "container with given ID already exists: c; delete it, or choose another id");
	assert_int_equal(second.directory, -1);
	container_close(&container);
	FAILS(container_claim(root, "c", &second, &err), EEXIST, "already exists");
}

static void claim_at_the_signal(int start, const char *id)
{
	struct container container;
	char byte;

	/* The end of the pipe starts all at once. */
	if (read(start, &byte, 1) != 0)
		_exit(2);
	_exit(container_claim(root, id, &container, &err) ? err.code != EEXIST : 7);
}

static void of_many_callers_exactly_one_wins(void **state)
{
	(void)state;
	for (int round = 0; round < 20; round++) {
		int won = 0, lost = 0, start[2], status;
		char id[16];

		snprintf(id, sizeof id, "race%d", round);
		assert_int_equal(pipe2(start, O_CLOEXEC), 0);
		for (int i = 0; i < 8; i++)
			if (fork() == 0) {
				close(start[1]);
				claim_at_the_signal(start[0], id);
			}
		close(start[0]);
		close(start[1]);
		for (int i = 0; i < 8; i++) {
			assert_true(wait(&status) > 0);
			won += WIFEXITED(status) && WEXITSTATUS(status) == 7;
			lost += status == 0;
		}
		assert_int_equal(won, 1);
		assert_int_equal(lost, 7);
	}
}

/* A link in the name's place leads nowhere. */
static void a_link_is_no_container(void **state)
{
	struct container container;

	(void)state;
	make_folder(in_sandbox("elsewhere"));
	make_link("elsewhere", in_sandbox("link"));
	make_text(in_sandbox("file"), "");
	FAILS(container_claim(root, "link", &container, &err), EEXIST, "already exists");
	FAILS(container_open(root, "link", true, &container, &err), ENOTDIR, "container link: ");
	FAILS(container_open(root, "file", true, &container, &err), ENOTDIR, "container file: ");
}

/* ---- reading ---- */

static void what_was_saved_is_read(void **state)
{
	struct container container;

	(void)state;
	make_container("c", 0);
	SUCCEEDS(container_open(root, "c", false, &container, &err));
	assert_string_equal(container.id, "c");
	assert_true(container.locked);
	assert_string_equal(container.state->id, "c");
	assert_string_equal(container.state->bundle, "/bundle");
	container.state->pid = 4711;
	SUCCEEDS(container_save(&container, &err));
	container_close(&container);
	assert_int_equal(container.directory, -1);
	assert_null(container.state);
	SUCCEEDS(container_peek(root, "c", &container, &err));
	assert_false(container.locked);
	assert_int_equal(container.state->pid, 4711);
	container_close(&container);
}

static void what_does_not_exist_is_told(void **state)
{
	struct container container;

	(void)state;
	FAILS(container_open(root, "none", true, &container, &err), ENOENT,
	      "container none does not exist");
	FAILS(container_peek(root, "none", &container, &err), ENOENT,
	      "container none does not exist");
	FAILS(container_open(root, "../c", true, &container, &err), EINVAL, "invalid container ID");
	FAILS(container_peek(root, "", &container, &err), EINVAL, "cannot be empty");
}

static void what_a_killed_create_left_can_be_opened(void **state)
{
	struct container container;

	(void)state;
	SUCCEEDS(container_claim(root, "c", &container, &err));
	container_close(&container);
	FAILS(container_open(root, "c", false, &container, &err), ENOENT,
	      "container c was never finished by its create; delete --force removes");
	assert_int_equal(container.directory, -1);
	FAILS(container_peek(root, "c", &container, &err), ENOENT, "never finished");
	SUCCEEDS(container_open(root, "c", true, &container, &err));
	assert_null(container.state);
	assert_int_equal(container_status(&container), STATUS_STOPPED);
	SUCCEEDS(container_remove(&container, &err));
	container_close(&container);
	assert_false(exists(in_sandbox("c")));
}

static void broken_records_are_named(void **state)
{
	static const char *const broken[] = { "", "{", "[]", "{\"pid\": \"x\"}", "{\"id\": 7}" };
	struct container container;

	(void)state;
	make_folder(in_sandbox("c"));
	for (size_t i = 0; i < sizeof broken / sizeof *broken; i++) {
		make_text(in_sandbox("c/state.json"), broken[i]);
		FAILS(container_open(root, "c", true, &container, &err), EINVAL,
		      "state.json of container c: ");
		assert_int_equal(container.directory, -1);
	}
	unlink(in_sandbox("c/state.json"));
	make_folder(in_sandbox("c/state.json"));
	FAILS(container_open(root, "c", true, &container, &err), EISDIR, "state.json");
}

/* ---- the lock ---- */

static bool is_locked(const char *id)
{
	int fd = openat(root, id, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	assert_true(fd >= 0);
	bool locked = flock(fd, LOCK_SH | LOCK_NB) && errno == EWOULDBLOCK;
	close(fd);
	return locked;
}

static void the_lock_lasts_until_the_container_is_closed(void **state)
{
	struct container container;

	(void)state;
	SUCCEEDS(container_claim(root, "c", &container, &err));
	assert_true(is_locked("c"));
	container.state = new_state("c");
	SUCCEEDS(container_save(&container, &err));
	container_close(&container);
	assert_false(is_locked("c"));
	SUCCEEDS(container_open(root, "c", false, &container, &err));
	assert_true(is_locked("c"));
	container_close(&container);
	SUCCEEDS(container_peek(root, "c", &container, &err));
	assert_false(is_locked("c"));
	container_close(&container);
}

/* A child that opens the container, which must end with @expected (0: it read pid 99). */
static pid_t open_in_child(int expected)
{
	pid_t pid = fork();

	assert_true(pid >= 0);
	if (pid == 0) {
		struct container mine;
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		close(root);
		root = open(sandbox, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
		int failed = container_open(root, "c", false, &mine, &err);
		if (expected == 0)
			_exit(failed || mine.state->pid != 99);
		_exit(!failed || err.code != expected);
	}
	return pid;
}

static void wait_until_it_waits(pid_t pid)
{
	char path[64], text[4096];

	snprintf(path, sizeof path, "/proc/%d/syscall", (int)pid);
	for (int tries = 0; tries < 5000; tries++) {
		snprintf(text, sizeof text, "%s", text_of(AT_FDCWD, path));
		if (strtol(text, NULL, 10) == SYS_flock && *text != 'r')
			return;
		/* Where /proc does not tell, a while will do. */
		if (!*text && tries > 200)
			return;
		usleep(1000);
	}
}

static void check_exited(pid_t pid)
{
	int status;

	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_int_equal(status, 0);
}

/* A child forked while the lock is held shares it: so this one has its own. */
static void lock_in_other_process(pid_t *holder, int release[2])
{
	struct container container = { 0 };
	int ready[2];
	char byte;

	assert_int_equal(pipe2(ready, O_CLOEXEC), 0);
	assert_int_equal(pipe2(release, O_CLOEXEC), 0);
	*holder = fork();
	assert_true(*holder >= 0);
	if (*holder == 0) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		close(release[1]);
		if (container_open(root, "c", false, &container, &err) ||
		    write(ready[1], "x", 1) != 1 || read(release[0], &byte, 1) != 1)
			_exit(1);
		container.state->pid = 99;
		if (byte == 's' && container_save(&container, &err))
			_exit(2);
		if ((byte == 'r' || byte == 'n') && container_remove(&container, &err))
			_exit(3);
		if (byte == 'n' && mkdirat(root, "c", 0700))
			_exit(4);
		_exit(0);
	}
	close(release[0]);
	assert_int_equal(read(ready[0], &byte, 1), 1);
	close(ready[0]);
	close(ready[1]);
}

static void check_wait(char what, int expected)
{
	int release[2];
	pid_t holder;

	make_container("c", 0);
	lock_in_other_process(&holder, release);
	pid_t opener = open_in_child(expected);
	wait_until_it_waits(opener);
	assert_int_equal(waitpid(opener, NULL, WNOHANG), 0);
	assert_int_equal(write(release[1], &what, 1), 1);
	check_exited(holder);
	check_exited(opener);
	close(release[1]);
}

static void opening_waits_and_reads_what_was_written_meanwhile(void **state)
{
	(void)state;
	check_wait('s', 0);
}

static void what_was_removed_meanwhile_does_not_exist(void **state)
{
	(void)state;
	check_wait('r', ENOENT);
	assert_false(exists(in_sandbox("c")));
}

/* The one who waited must not take the new directory for the one it waited for. */
static void what_was_made_anew_meanwhile_is_looked_at_anew(void **state)
{
	(void)state;
	check_wait('n', ENOENT);
	assert_true(exists(in_sandbox("c")));
}

static void a_killed_holder_lets_go(void **state)
{
	struct container container;
	int release[2];
	pid_t holder;

	(void)state;
	make_container("c", 0);
	lock_in_other_process(&holder, release);
	assert_true(is_locked("c"));
	end(holder);
	close(release[1]);
	SUCCEEDS(container_open(root, "c", false, &container, &err));
	container_close(&container);
}

/* ---- status ---- */

static void check_status(const char *id, enum container_status expected)
{
	struct container container;

	SUCCEEDS(container_peek(root, id, &container, &err));
	assert_int_equal(container_status(&container), expected);
	container_close(&container);
}

static void a_container_is_creating_while_somebody_works_on_it(void **state)
{
	struct container container;

	(void)state;
	SUCCEEDS(container_claim(root, "c", &container, &err));
	container.state = new_state("c");
	SUCCEEDS(container_save(&container, &err));
	check_status("c", STATUS_CREATING);
	container_close(&container);
	/* Without a pid and without anybody at work it never will be more. */
	check_status("c", STATUS_STOPPED);
}

static void a_container_is_created_until_init_executes(void **state)
{
	pid_t pid = sleeper();

	(void)state;
	make_container("c", pid);
	int lock = openat(root, "c/created", O_RDWR | O_CREAT | O_CLOEXEC, 0600);
	assert_int_equal(flock(lock, LOCK_EX), 0);
	check_status("c", STATUS_CREATED);
	close(lock);
	check_status("c", STATUS_RUNNING);
	end(pid);
	check_status("c", STATUS_STOPPED);
}

static void a_zombie_has_stopped(void **state)
{
	pid_t pid = sleeper();
	siginfo_t info;

	(void)state;
	make_container("c", pid);
	check_status("c", STATUS_RUNNING);
	kill(pid, SIGKILL);
	assert_int_equal(waitid(P_PID, (id_t)pid, &info, WEXITED | WNOWAIT), 0);
	check_status("c", STATUS_STOPPED);
	assert_int_equal(process_start_time(pid), 0);
	waitpid(pid, NULL, 0);
}

static void another_process_with_its_pid_is_not_it(void **state)
{
	struct container container;
	pid_t pid = sleeper();

	(void)state;
	make_container("c", pid);
	SUCCEEDS(container_open(root, "c", false, &container, &err));
	int fd = container_pidfd(&container);
	assert_true(fd >= 0);
	assert_int_equal(fcntl(fd, F_GETFD), FD_CLOEXEC);
	close(fd);
	container.state->start_time++;
	errno = 0;
	assert_int_equal(container_pidfd(&container), -1);
	assert_int_equal(errno, ESRCH);
	assert_int_equal(container_status(&container), STATUS_STOPPED);
	container.state->pid = 0;
	assert_int_equal(container_pidfd(&container), -1);
	container.state->pid = -5;
	assert_int_equal(container_pidfd(&container), -1);
	container_close(&container);
	end(pid);
}

static void rename_self(void *context)
{
	uint64_t before = process_start_time(getpid());

	EXPECT(before > 0);
	EXPECT(prctl(PR_SET_NAME, context) == 0);
	EXPECT(process_start_time(getpid()) == before);
}

static void a_hostile_name_does_not_change_the_start_time(void **state)
{
	static char names[][16] = { ") Z 1 2 3 4 5", "a b) R (", "))))", "\n) S", "" };

	(void)state;
	for (size_t i = 0; i < sizeof names / sizeof *names; i++)
		in_child(rename_self, names[i]);
	assert_int_equal(process_start_time(0), 0);
	assert_int_equal(process_start_time(-1), 0);
}

/* ---- removal and view ---- */

static void everything_of_a_container_is_removed(void **state)
{
	struct container container;

	(void)state;
	make_container("c", 0);
	make_text(in_sandbox("c/created"), "");
	assert_int_equal(mkfifo(in_sandbox("c/exec.fifo"), 0600), 0);
	make_text(in_sandbox("canary"), "alive");
	make_link("../canary", in_sandbox("c/link"));
	SUCCEEDS(container_open(root, "c", false, &container, &err));
	SUCCEEDS(container_remove(&container, &err));
	assert_false(exists(in_sandbox("c")));
	/* A second removal finds nothing to do. */
	SUCCEEDS(container_remove(&container, &err));
	container_close(&container);
	assert_string_equal(text_of(root, "canary"), "alive");
}

static void the_view_is_the_state_of_the_specification(void **state)
{
	struct state *record = new_state("c");

	(void)state;
	record->pid = 1;
	char *view = container_view(record, STATUS_RUNNING, 4711, "", 0);
	assert_non_null(view);
	assert_string_equal(view, "{\"ociVersion\":\"" SPEC_VERSION
				  "\",\"id\":\"c\",\"pid\":4711,\"status\":\"running\",\"bundle\":"
				  "\"/bundle\",\"rootfs\":\"/bundle/rootfs\",\"created\":"
				  "\"2026-01-02T03:04:05.000000006Z\",\"owner\":\"\"}");
	free(view);
	view = container_view(record, STATUS_RUNNING, 4711, NULL, 0);
	assert_null(strstr(view, "owner"));
	free(view);
	view = container_view(record, STATUS_STOPPED, 0, "somebody", 2);
	assert_non_null(strstr(view, "\"status\": \"stopped\""));
	assert_non_null(strstr(view, "\"owner\": \"somebody\""));
	free(view);
	table_free(&state_type, record);
}

#define CASE(name) cmocka_unit_test_setup_teardown(name, open_root, close_root)

int main(void)
{
	const struct CMUnitTest tests[] = {
		CASE(ids_are_letters_digits_and_four_signs),
		CASE(ids_have_an_end),
		CASE(the_root_is_made_where_missing),
		CASE(others_than_root_have_their_own),
		CASE(a_name_is_given_once),
		CASE(of_many_callers_exactly_one_wins),
		CASE(a_link_is_no_container),
		CASE(what_was_saved_is_read),
		CASE(what_does_not_exist_is_told),
		CASE(what_a_killed_create_left_can_be_opened),
		CASE(broken_records_are_named),
		CASE(the_lock_lasts_until_the_container_is_closed),
		CASE(opening_waits_and_reads_what_was_written_meanwhile),
		CASE(what_was_removed_meanwhile_does_not_exist),
		CASE(what_was_made_anew_meanwhile_is_looked_at_anew),
		CASE(a_killed_holder_lets_go),
		CASE(a_container_is_creating_while_somebody_works_on_it),
		CASE(a_container_is_created_until_init_executes),
		CASE(a_zombie_has_stopped),
		CASE(another_process_with_its_pid_is_not_it),
		CASE(a_hostile_name_does_not_change_the_start_time),
		CASE(everything_of_a_container_is_removed),
		CASE(the_view_is_the_state_of_the_specification),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
