/* Who gets a container's name and who holds its lock, when several want it at once. */
#include "runtime/container.h"

#include "tests/unit/containers.h"

#include <sys/file.h>

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

#define CASE(name) cmocka_unit_test_setup_teardown(name, open_root, close_root)

int main(void)
{
	const struct CMUnitTest tests[] = {
		CASE(of_many_callers_exactly_one_wins),
		CASE(the_lock_lasts_until_the_container_is_closed),
		CASE(opening_waits_and_reads_what_was_written_meanwhile),
		CASE(what_was_removed_meanwhile_does_not_exist),
		CASE(what_was_made_anew_meanwhile_is_looked_at_anew),
		CASE(a_killed_holder_lets_go),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
