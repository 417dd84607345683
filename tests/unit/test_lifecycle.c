/* Kill and delete of containers that are just a process and a record; what a real init does is tested
 * with whole containers. */
#include "runtime/lifecycle.h"

#include "tests/unit/containers.h"

#include <sys/file.h>
#include <sys/socket.h>

#include "runtime/unix_socket.h"

/* A container of @pid, opened and locked; more of its state is the caller's to fill in. */
static struct container opened(const char *id, pid_t pid)
{
	struct container container;

	make_container(id, pid);
	SUCCEEDS(container_open(root, id, false, &container, &err));
	container.state->own_pid_namespace = true;
	return container;
}

static void add_poststop(struct state *state, const char *path, const char *script)
{
	struct hooks *hooks = state->hooks = calloc(1, sizeof *hooks);
	struct hook *hook = calloc(1, sizeof *hook);

	assert_non_null(hooks);
	assert_non_null(hook);
	hooks->poststop.v = calloc(2, sizeof *hooks->poststop.v);
	assert_non_null(hooks->poststop.v);
	hooks->poststop.v[0] = hook;
	hooks->poststop.n = 1;
	hook->path = strdup(path);
	if (script) {
		assert_int_equal(string_list_add(&hook->args, "sh"), 0);
		assert_int_equal(string_list_add(&hook->args, "-c"), 0);
		assert_int_equal(string_list_add(&hook->args, script), 0);
	}
}

static bool has_ended(pid_t pid, int with)
{
	int status;

	return waitpid(pid, &status, 0) == pid && WIFSIGNALED(status) && WTERMSIG(status) == with;
}

/* ---- start ---- */

static void only_a_created_container_starts(void **state)
{
	pid_t pid = sleeper();
	struct container container = opened("running", pid);

	(void)state;
	FAILS(container_start(&container, &err), EINVAL,
	      "cannot start an already running container");
	end(pid);
	FAILS(container_start(&container, &err), EINVAL,
	      "cannot start a container that has stopped");
	container_close(&container);
}

static void a_container_that_is_being_created_does_not_start(void **state)
{
	struct container claimed, peeked;

	(void)state;
	SUCCEEDS(container_claim(root, "new", &claimed, &err));
	claimed.state = new_state("new");
	SUCCEEDS(container_save(&claimed, &err));
	SUCCEEDS(container_peek(root, "new", &peeked, &err));
	FAILS(container_start(&peeked, &err), EINVAL,
	      "cannot start a container that is being created");
	container_close(&peeked);
	container_close(&claimed);
}

enum answer { EXECUTES, SENDS_ERROR, SENDS_HALF, DIES };

/* Stands in for init: holds the lock that says "created" until somebody connects. */
static _Noreturn void be_init(enum answer answer, int ready)
{
	struct error sent = { .code = ENOENT };
	char go;

	prctl(PR_SET_PDEATHSIG, SIGKILL);
	memset(sent.msg, 'm', sizeof sent.msg); /* without an end */
	if (read(ready, &go, 1) != 1)
		_exit(2);
	int directory = openat(root, "c", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	int lock = openat(directory, "created", O_RDWR | O_CREAT | O_CLOEXEC, 0600);
	int socket = unix_listen_at(directory, "start.sock", NULL);
	if (lock < 0 || flock(lock, LOCK_EX) || socket < 0 || write(ready, "x", 1) != 1)
		_exit(3);
	int connection = accept(socket, NULL, NULL);
	if (answer == SENDS_ERROR && send(connection, &sent, sizeof sent, 0) != sizeof sent)
		_exit(4);
	if (answer == SENDS_HALF && send(connection, &sent, 7, 0) != 7)
		_exit(5);
	if (answer == DIES)
		raise(SIGKILL);
	close(lock);
	close(connection);
	for (;;)
		pause();
}

static struct container created(enum answer answer, pid_t *pid)
{
	int ready[2];
	char byte;

	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ready), 0);
	*pid = fork();
	assert_true(*pid >= 0);
	if (*pid == 0)
		be_init(answer, ready[1]);
	struct container container = opened("c", *pid);
	SUCCEEDS(container_save(&container, &err));
	assert_int_equal(write(ready[0], "x", 1), 1);
	close(ready[1]);
	assert_int_equal(read(ready[0], &byte, 1), 1);
	close(ready[0]);
	assert_int_equal(container_status(&container), STATUS_CREATED);
	return container;
}

static void start_returns_when_init_has_executed(void **state)
{
	pid_t pid;
	struct container container = created(EXECUTES, &pid);

	(void)state;
	SUCCEEDS(container_start(&container, &err));
	assert_int_equal(container_status(&container), STATUS_RUNNING);
	end(pid);
	container_close(&container);
}

static void inits_error_is_the_error_of_start(void **state)
{
	pid_t pid;
	struct container container = created(SENDS_ERROR, &pid);

	(void)state;
	FAILS(container_start(&container, &err), ENOENT, "start: release init: mmm");
	assert_true(strlen(err.msg) < sizeof err.msg);
	end(pid);
	container_close(&container);
}

static void half_an_error_is_told(void **state)
{
	pid_t pid;
	struct container container = created(SENDS_HALF, &pid);

	(void)state;
	FAILS(container_start(&container, &err), EPROTO, "init sent half an error");
	end(pid);
	container_close(&container);
}

/* It was started, and has stopped: no different from a program that ends at once. */
static void an_init_that_dies_does_not_keep_start_waiting(void **state)
{
	pid_t pid;
	struct container container = created(DIES, &pid);

	(void)state;
	SUCCEEDS(container_start(&container, &err));
	assert_true(has_ended(pid, SIGKILL));
	assert_int_equal(container_status(&container), STATUS_STOPPED);
	container_close(&container);
}

/* ---- kill ---- */

static void a_signal_reaches_init(void **state)
{
	pid_t pid = sleeper();
	struct container container = opened("c", pid);

	(void)state;
	SUCCEEDS(container_kill(&container, SIGTERM, false, &err));
	assert_true(has_ended(pid, SIGTERM));
	FAILS(container_kill(&container, SIGTERM, false, &err), ESRCH, "container not running");
	FAILS(container_kill(&container, SIGKILL, false, &err), ESRCH, "container not running");
	container_close(&container);
}

static void a_signal_that_does_not_exist_is_an_error(void **state)
{
	pid_t pid = sleeper();
	struct container container = opened("c", pid);

	(void)state;
	FAILS(container_kill(&container, 4711, false, &err), EINVAL, "signal 4711: ");
	/* 0 only asks whether it is there. */
	SUCCEEDS(container_kill(&container, 0, false, &err));
	end(pid);
	container_close(&container);
}

/* A pid that was given to another process since. */
static void another_process_is_not_signalled(void **state)
{
	pid_t pid = sleeper();
	struct container container = opened("c", pid);

	(void)state;
	container.state->start_time++;
	FAILS(container_kill(&container, SIGKILL, false, &err), ESRCH, "container not running");
	SUCCEEDS(container_delete(&container, true, &err));
	assert_int_equal(waitpid(pid, NULL, WNOHANG), 0);
	end(pid);
	container_close(&container);
}

/* ---- delete ---- */

static void a_running_container_is_deleted_by_force_only(void **state)
{
	pid_t pid = sleeper();
	struct container container = opened("c", pid);

	(void)state;
	FAILS(container_delete(&container, false, &err), EBUSY,
	      "cannot delete container c that is not stopped: running; kill it first, or use "
	      "--force");
	assert_true(exists(in_sandbox("c/state.json")));
	SUCCEEDS(container_delete(&container, true, &err));
	assert_true(has_ended(pid, SIGKILL));
	assert_false(exists(in_sandbox("c")));
	container_close(&container);
}

static void a_stopped_container_is_deleted(void **state)
{
	pid_t pid = sleeper();
	struct container container = opened("c", pid);

	(void)state;
	end(pid);
	SUCCEEDS(container_delete(&container, false, &err));
	assert_false(exists(in_sandbox("c")));
	container_close(&container);
}

static void what_a_killed_create_left_is_deleted(void **state)
{
	struct container container;

	(void)state;
	make_container("recorded", 0);
	SUCCEEDS(container_open(root, "recorded", true, &container, &err));
	SUCCEEDS(container_delete(&container, false, &err));
	assert_false(exists(in_sandbox("recorded")));
	container_close(&container);
	SUCCEEDS(container_claim(root, "empty", &container, &err));
	container_close(&container);
	SUCCEEDS(container_open(root, "empty", true, &container, &err));
	SUCCEEDS(container_delete(&container, true, &err));
	assert_false(exists(in_sandbox("empty")));
	container_close(&container);
}

/* Another container's process in a group that was not ours to make. */
static void groups_that_were_joined_are_left_alone(void **state)
{
	struct container container = opened("c", 0);
	const char *folder = in_sandbox("group");

	(void)state;
	make_folder(folder);
	assert_int_equal(string_list_add(&container.state->cgroup_dirs, folder), 0);
	SUCCEEDS(container_delete(&container, true, &err));
	assert_true(exists(folder));
	assert_false(exists(in_sandbox("c")));
	container_close(&container);
}

/* ---- poststop hooks ---- */

static void poststop_hooks_come_last_and_see_it_stopped(void **state)
{
	char script[512];
	pid_t pid = sleeper();
	struct container container = opened("c", pid);

	(void)state;
	snprintf(script, sizeof script,
		 "cat >%s/said; test ! -e %s/c || echo still there >>%s/said", sandbox, sandbox,
		 sandbox);
	add_poststop(container.state, "/bin/sh", script);
	SUCCEEDS(container_delete(&container, true, &err));
	assert_true(has_ended(pid, SIGKILL));
	const char *said = text_of(root, "said");
	assert_non_null(strstr(said, "\"id\":\"c\",\"pid\":0,\"status\":\"stopped\""));
	assert_null(strstr(said, "still there"));
	container_close(&container);
}

static void hooks_that_fail_stop_nothing(void **state)
{
	struct container container = opened("c", 0);

	(void)state;
	add_poststop(container.state, "/no/such/hook", NULL);
	SUCCEEDS(container_delete(&container, false, &err));
	assert_false(exists(in_sandbox("c")));
	container_close(&container);
}

static void every_hook_gets_its_turn(void **state)
{
	struct container container = opened("c", 0);
	char script[256];

	(void)state;
	snprintf(script, sizeof script, "echo ran >>%s/ran; exit 1", sandbox);
	add_poststop(container.state, "/bin/sh", script);
	/* The same one twice. */
	struct hook_list *list = &container.state->hooks->poststop;
	list->v[1] = list->v[0];
	list->n = 2;
	container_run_poststop_hooks(container.state);
	list->n = 1;
	assert_string_equal(text_of(root, "ran"), "ran\nran\n");
	container_close(&container);
}

#define CASE(name) cmocka_unit_test_setup_teardown(name, open_root, close_root)

int main(void)
{
	const struct CMUnitTest tests[] = {
		CASE(only_a_created_container_starts),
		CASE(a_container_that_is_being_created_does_not_start),
		CASE(start_returns_when_init_has_executed),
		CASE(inits_error_is_the_error_of_start),
		CASE(half_an_error_is_told),
		CASE(an_init_that_dies_does_not_keep_start_waiting),
		CASE(a_signal_reaches_init),
		CASE(a_signal_that_does_not_exist_is_an_error),
		CASE(another_process_is_not_signalled),
		CASE(a_running_container_is_deleted_by_force_only),
		CASE(a_stopped_container_is_deleted),
		CASE(what_a_killed_create_left_is_deleted),
		CASE(groups_that_were_joined_are_left_alone),
		CASE(poststop_hooks_come_last_and_see_it_stopped),
		CASE(hooks_that_fail_stop_nothing),
		CASE(every_hook_gets_its_turn),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
