/* A recorded process is told from a reused number, from one of another boot, and known while it is a zombie. */
#include "shim/identity.h"

#include <poll.h>
#include <sys/prctl.h>

#include "spec/base/owned.h"
#include "tests/unit/sandbox.h"

static struct error err;

static struct process_identity own(void)
{
	struct process_identity identity = { 0 };

	SUCCEEDS(identity_read(getpid(), &identity, &err));
	return identity;
}

static void check_nobody(const struct process_identity *identity)
{
	errno = 0;
	assert_int_equal(identity_open(identity), -1);
	assert_int_equal(errno, ESRCH);
}

static void a_living_process_is_opened(void **state)
{
	struct process_identity identity = own();
	owned_fd fd = identity_open(&identity);

	(void)state;
	assert_int_equal(identity.pid, getpid());
	assert_true(fd >= 0);
	assert_int_equal(sys_pidfd_send_signal(fd, 0), 0);
	free(identity.boot_id);
}

static void another_start_time_or_boot_is_another_process(void **state)
{
	struct process_identity identity = own();

	(void)state;
	identity.start_time++;
	check_nobody(&identity);
	identity.start_time--;
	identity.boot_id[0] = identity.boot_id[0] == 'a' ? 'b' : 'a';
	check_nobody(&identity);
	assert_true(identity_age(&identity) == 0);
	free(identity.boot_id);
	check_nobody(NULL);
	identity.boot_id = NULL;
	check_nobody(&identity);
}

static void numbers_that_no_process_has_are_nobody(void **state)
{
	struct process_identity identity = own();
	const int64_t numbers[] = { 0, -1, INT32_MAX, INT64_C(1) << 32, INT64_MAX, INT64_MIN };

	(void)state;
	for (size_t i = 0; i < sizeof numbers / sizeof *numbers; i++) {
		identity.pid = numbers[i];
		check_nobody(&identity);
	}
	free(identity.boot_id);
	struct process_identity none = { 0 };
	FAILS(identity_read(INT32_MAX, &none, &err), ESRCH, "process 2147483647: no such process");
	assert_null(none.boot_id);
}

/* The supervisor may learn of the end late, and the exit status is still there. */
static void a_zombie_is_still_the_process_and_a_reaped_one_is_not(void **state)
{
	struct process_identity identity;

	(void)state;
	pid_t pid = fork();
	if (pid == 0) {
		/* The name is no way to forge the fields behind it. */
		prctl(PR_SET_NAME, ") S 1 1 1 1");
		pause();
		_exit(0);
	}
	SUCCEEDS(identity_read(pid, &identity, &err));
	for (int tries = 0; tries < 100; tries++) {
		struct process_identity named;

		usleep(1000);
		SUCCEEDS(identity_read(pid, &named, &err));
		assert_true(named.start_time == identity.start_time);
		free(named.boot_id);
	}
	kill(pid, SIGKILL);
	siginfo_t info;
	assert_int_equal(waitid(P_PID, (id_t)pid, &info, WEXITED | WNOWAIT), 0);
	int fd = identity_open(&identity);
	assert_true(fd >= 0);
	struct pollfd ended = { fd, POLLIN, 0 };
	assert_int_equal(poll(&ended, 1, 1000), 1);
	close(fd);
	assert_int_equal(waitpid(pid, NULL, 0), pid);
	check_nobody(&identity);
	assert_true(identity_age(&identity) > 0);
	free(identity.boot_id);
}

static void the_age_grows_as_time_does(void **state)
{
	(void)state;
	pid_t pid = fork();
	if (pid == 0) {
		pause();
		_exit(0);
	}
	struct process_identity identity;
	SUCCEEDS(identity_read(pid, &identity, &err));
	usleep(120000);
	int64_t age = identity_age(&identity);
	kill(pid, SIGKILL);
	waitpid(pid, NULL, 0);
	free(identity.boot_id);
	/* One clock tick of 10 ms either side; the machine may be slow. */
	if (age < 110000000 || age > 20000000000)
		fail_msg("%jd ns", (intmax_t)age);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_living_process_is_opened),
		cmocka_unit_test(another_start_time_or_boot_is_another_process),
		cmocka_unit_test(numbers_that_no_process_has_are_nobody),
		cmocka_unit_test(a_zombie_is_still_the_process_and_a_reaped_one_is_not),
		cmocka_unit_test(the_age_grows_as_time_does),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
