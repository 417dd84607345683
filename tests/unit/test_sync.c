/* The words between the runtime and init: what is said is heard, and nothing else is believed. */
#include "runtime/sync.h"

#include "tests/unit/sandbox.h"

#include <sys/socket.h>

static int parent, child;
static struct error err;

static int open_pair(void **state)
{
	(void)state;
	err = (struct error){ 0 };
	return sync_open(&parent, &child, &err);
}

static int close_pair(void **state)
{
	(void)state;
	if (parent >= 0)
		close(parent);
	if (child >= 0)
		close(child);
	return 0;
}

static void die(int *socket)
{
	close(*socket);
	*socket = -1;
}

static void both_ends_close_on_exec(void **state)
{
	(void)state;
	assert_int_equal(fcntl(parent, F_GETFD), FD_CLOEXEC);
	assert_int_equal(fcntl(child, F_GETFD), FD_CLOEXEC);
}

static void every_message_arrives_in_both_directions(void **state)
{
	(void)state;
	for (enum sync_type type = SYNC_GO; type < SYNC_ERROR; type++) {
		SUCCEEDS(sync_send(parent, type, &err));
		SUCCEEDS(sync_expect(child, type, &err));
		SUCCEEDS(sync_send(child, type, &err));
		SUCCEEDS(sync_expect(parent, type, &err));
	}
}

static void messages_keep_their_order_and_bounds(void **state)
{
	(void)state;
	SUCCEEDS(sync_send(child, SYNC_HOOKS, &err));
	SUCCEEDS(sync_send(child, SYNC_READY, &err));
	SUCCEEDS(sync_expect(parent, SYNC_HOOKS, &err));
	SUCCEEDS(sync_expect(parent, SYNC_READY, &err));
}

static void another_message_is_an_error(void **state)
{
	(void)state;
	SUCCEEDS(sync_send(child, SYNC_HOOKS, &err));
	FAILS(sync_expect(parent, SYNC_READY, &err), EPROTO,
	      "wait for READY: another message came");
}

static void an_error_arrives_as_it_was_sent(void **state)
{
	struct error sent = { 0 };

	(void)state;
	error_errno(&sent, EPERM, "mount proc");
	sync_send_error(child, &sent);
	FAILS(sync_expect(parent, SYNC_READY, &err), EPERM, "mount proc: ");
	assert_string_equal(err.msg, sent.msg);
}

static void an_error_without_an_end_gets_one(void **state)
{
	struct error sent = { .code = EIO };

	(void)state;
	memset(sent.msg, 'm', sizeof sent.msg);
	sync_send_error(child, &sent);
	FAILS(sync_expect(parent, SYNC_READY, &err), EIO, "mmm");
	assert_int_equal(strlen(err.msg), sizeof err.msg - 1);
}

static void an_error_without_its_words_is_refused(void **state)
{
	const enum sync_type type = SYNC_ERROR;

	(void)state;
	assert_int_equal(send(child, &type, sizeof type, 0), sizeof type);
	FAILS(sync_expect(parent, SYNC_READY, &err), EPROTO, "another message");
}

static void half_messages_and_long_ones_are_refused(void **state)
{
	char bytes[4096] = { 0 };

	(void)state;
	assert_int_equal(send(child, bytes, 1, 0), 1);
	FAILS(sync_expect(parent, SYNC_GO, &err), EPROTO, "another message");
	assert_int_equal(send(child, bytes, sizeof bytes, 0), sizeof bytes);
	FAILS(sync_expect(parent, SYNC_GO, &err), EPROTO, "another message");
	/* As long as an error, but it does not say that it is one. */
	assert_int_equal(send(child, bytes, sizeof(enum sync_type) + sizeof err, 0),
			 sizeof(enum sync_type) + sizeof err);
	FAILS(sync_expect(parent, SYNC_GO, &err), EPROTO, "another message");
}

static void a_number_that_is_no_message_is_refused(void **state)
{
	const int type = 12345;

	(void)state;
	assert_int_equal(send(child, &type, sizeof type, 0), sizeof type);
	FAILS(sync_expect(parent, SYNC_READY, &err), EPROTO, "another message");
}

static void waiting_for_the_dead_ends(void **state)
{
	(void)state;
	die(&child);
	FAILS(sync_expect(parent, SYNC_READY, &err), EPIPE,
	      "wait for READY: the other process has died");
}

static void last_words_are_heard_after_death(void **state)
{
	struct error sent = { .code = ENOENT, .msg = "exec: no such file" };

	(void)state;
	sync_send_error(child, &sent);
	die(&child);
	FAILS(sync_expect(parent, SYNC_READY, &err), ENOENT, "exec: no such file");
	FAILS(sync_expect(parent, SYNC_READY, &err), EPIPE, "has died");
}

/* SIGPIPE would end the test. */
static void speaking_to_the_dead_is_an_error_and_no_signal(void **state)
{
	struct error sent = { .code = EIO, .msg = "nobody hears it" };

	(void)state;
	die(&child);
	FAILS(sync_send(parent, SYNC_GO, &err), EPIPE, "send GO: ");
	sync_send_error(parent, &sent);
}

static void wait_for_ready(void *context)
{
	(void)context;
	close(parent);
	EXPECT_SUCCESS(sync_expect(child, SYNC_GO, &err));
	EXPECT_SUCCESS(sync_send(child, SYNC_READY, &err));
}

static void two_processes_talk(void **state)
{
	(void)state;
	SUCCEEDS(sync_send(parent, SYNC_GO, &err));
	in_child(wait_for_ready, NULL);
	SUCCEEDS(sync_expect(parent, SYNC_READY, &err));
}

static void ignore(int signal_number)
{
	(void)signal_number;
}

static void be_interrupted(void *context)
{
	const struct sigaction action = { .sa_handler = ignore };
	pid_t waiter = getpid();

	(void)context;
	close(parent);
	EXPECT(sigaction(SIGUSR1, &action, NULL) == 0);
	pid_t pid = fork();
	EXPECT(pid >= 0);
	if (pid == 0) {
		/* Often enough that one of them comes while the other waits. */
		for (int i = 0; i < 20; i++) {
			kill(waiter, SIGUSR1);
			usleep(5000);
		}
		_exit(0);
	}
	EXPECT(sync_expect(child, SYNC_READY, &err) == -1 && err.code == EPROTO);
	kill(pid, SIGKILL);
	while (waitpid(pid, NULL, 0) < 0)
		EXPECT(errno == EINTR);
}

static void tell_late(void *context)
{
	(void)context;
	usleep(60000);
	EXPECT_SUCCESS(sync_send(parent, SYNC_GO, &err));
}

static void a_signal_does_not_end_the_wait(void **state)
{
	(void)state;
	pid_t pid = fork();
	assert_true(pid >= 0);
	if (pid == 0) {
		tell_late(NULL);
		_exit(0);
	}
	in_child(be_interrupted, NULL);
	assert_int_equal(waitpid(pid, NULL, 0), pid);
}

static void an_end_is_what_execve_looks_like(void **state)
{
	(void)state;
	die(&child);
	SUCCEEDS(sync_expect_end(parent, &err));
}

static void execute(void *context)
{
	(void)context;
	close(parent);
	execl("/bin/true", "true", (char *)NULL);
	EXPECT(false);
}

static void close_on_exec_ends_the_stream(void **state)
{
	(void)state;
	in_child(execute, NULL);
	die(&child);
	SUCCEEDS(sync_expect_end(parent, &err));
}

static void an_error_in_place_of_the_end_arrives(void **state)
{
	struct error sent = { .code = ENOEXEC };

	(void)state;
	memset(sent.msg, 'm', sizeof sent.msg);
	sync_send_error(child, &sent);
	die(&child);
	FAILS(sync_expect_end(parent, &err), ENOEXEC, "mmm");
	assert_int_equal(strlen(err.msg), sizeof err.msg - 1);
}

static void another_message_is_no_end(void **state)
{
	(void)state;
	SUCCEEDS(sync_send(child, SYNC_READY, &err));
	FAILS(sync_expect_end(parent, &err), EPROTO, "wait for execve: another message came");
}

#define CASE(name) cmocka_unit_test_setup_teardown(name, open_pair, close_pair)

int main(void)
{
	const struct CMUnitTest tests[] = {
		CASE(both_ends_close_on_exec),
		CASE(every_message_arrives_in_both_directions),
		CASE(messages_keep_their_order_and_bounds),
		CASE(another_message_is_an_error),
		CASE(an_error_arrives_as_it_was_sent),
		CASE(an_error_without_an_end_gets_one),
		CASE(an_error_without_its_words_is_refused),
		CASE(half_messages_and_long_ones_are_refused),
		CASE(a_number_that_is_no_message_is_refused),
		CASE(waiting_for_the_dead_ends),
		CASE(last_words_are_heard_after_death),
		CASE(speaking_to_the_dead_is_an_error_and_no_signal),
		CASE(two_processes_talk),
		CASE(a_signal_does_not_end_the_wait),
		CASE(an_end_is_what_execve_looks_like),
		CASE(close_on_exec_ends_the_stream),
		CASE(an_error_in_place_of_the_end_arrives),
		CASE(another_message_is_no_end),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
