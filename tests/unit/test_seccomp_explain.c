/* The explainer beside a child that is under the filter: what it says, and what the child is told. */
#include "runtime/seccomp_explain.h"

#include <fcntl.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "runtime/unix_socket.h"
#include "spec/base/io.h"
#include "spec/base/log.h"
#include "tests/unit/seccomp_profiles.h"

#define PROFILE                                                                   \
	"{\"defaultAction\":\"SCMP_ACT_ALLOW\",\"syscalls\":["                    \
	"{\"names\":[\"sync\"],\"action\":\"SCMP_ACT_ERRNO\",\"errnoRet\":13},"   \
	"{\"names\":[\"umask\"],\"action\":\"SCMP_ACT_TRAP\"},"                   \
	"{\"names\":[\"getpgid\"],\"action\":\"SCMP_ACT_ERRNO\",\"errnoRet\":0}," \
	"{\"names\":[\"getpriority\"],\"action\":\"SCMP_ACT_KILL_PROCESS\"}]}"

static struct error err;
static char log_path[64];

static int setup(void **state)
{
	(void)state;
	snprintf(log_path, sizeof log_path, "/tmp/orun-explain-XXXXXX");
	int fd = mkstemp(log_path);
	close(fd);
	return fd < 0 ? -1 : log_open("test", log_path, LOG_TEXT, false, &err);
}

static int teardown(void **state)
{
	(void)state;
	log_close();
	return unlink(log_path);
}

/* Runs @run under PROFILE with an explainer; returns the wait status and what was logged. */
static int explained(void (*run)(void), char **said)
{
	struct seccomp_filter filter = filter_of(PROFILE);
	struct seccomp_explainer explainer = { .socket = -1 };
	int status;

	if (seccomp_explain(&filter, &explainer, &err))
		fail_msg("%s", err.msg);
	assert_true(explainer.pid > 0);
	pid_t pid = fork();
	if (pid == 0) {
		int listener = -1;
		if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) ||
		    seccomp_filter_load(&filter, &listener, NULL) ||
		    descriptor_send(explainer.socket, listener, "x", NULL))
			_exit(99);
		close(listener);
		run();
		_exit(0);
	}
	close(explainer.socket);
	assert_int_equal(waitpid(pid, &status, 0), pid);
	seccomp_explainer_wait(&explainer);
	seccomp_filter_finish(&filter);
	assert_int_equal(read_file_at(AT_FDCWD, log_path, 65536, said, NULL, &err), 0);
	return status;
}

static void says(const char *said, const char *text)
{
	if (!strstr(said, text))
		fail_msg("\"%s\" is not in \"%s\"", text, said);
}

static void call_sync_thrice(void)
{
	for (int i = 0; i < 3; i++)
		if (syscall(SYS_sync) != -1 || errno != EACCES)
			_exit(1);
}

static void an_error_is_named_once_and_counted(void **state)
{
	owned_string said = NULL;

	(void)state;
	assert_int_equal(explained(call_sync_thrice, &said), 0);
	says(said, "linux.seccomp refuses sync to process ");
	says(said, "(test_seccomp_ex): permission denied");
	says(said, "linux.seccomp refused sync 3 times in all");
	assert_null(strstr(strstr(said, "refuses sync") + 1, "refuses sync"));
}

static void call_getpgid(void)
{
	_exit(syscall(SYS_getpgid, 0) == 0 ? 0 : 1);
}

static void an_error_of_0_is_success(void **state)
{
	owned_string said = NULL;

	(void)state;
	assert_int_equal(explained(call_getpgid, &said), 0);
	says(said, "refuses getpgid");
}

static void call_getpriority(void)
{
	syscall(SYS_getpriority, 0, 0);
}

static void a_death_is_carried_out(void **state)
{
	owned_string said = NULL;
	int status;

	(void)state;
	status = explained(call_getpriority, &said);
	assert_true(WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL);
	says(said, "refuses getpriority to process ");
	says(said, ": the process is killed");
}

static void exit_7(int signal)
{
	(void)signal;
	_exit(7);
}

static void call_umask(void)
{
	signal(SIGSYS, exit_7);
	syscall(SYS_umask, 0);
}

static void a_trap_is_a_signal(void **state)
{
	owned_string said = NULL;
	int status;

	(void)state;
	status = explained(call_umask, &said);
	assert_true(WIFEXITED(status) && WEXITSTATUS(status) == 7);
	says(said, "refuses umask");
	says(said, ": SIGSYS");
}

static void nothing_wrong(void)
{
}

static void a_program_that_is_refused_nothing_is_not_mentioned(void **state)
{
	owned_string said = NULL;

	(void)state;
	assert_int_equal(explained(nothing_wrong, &said), 0);
	assert_string_equal(said, "");
}

static void without_a_filter_there_is_nothing_to_explain(void **state)
{
	struct seccomp_filter none = { 0 }, other = filter_of(PROFILE);
	struct seccomp_explainer explainer = { .socket = -1 };

	(void)state;
	assert_int_equal(seccomp_explain(&none, &explainer, &err), -1);
	assert_int_equal(err.code, EINVAL);
	says(err.msg, "--explain: there is no seccomp filter");
	other.notify = true;
	assert_int_equal(seccomp_explain(&other, &explainer, &err), -1);
	says(err.msg, "--explain: the seccomp filter has a listener already");
	assert_int_equal(explainer.pid, 0);
	seccomp_filter_finish(&other);
}

static void an_explainer_that_is_sent_nothing_ends(void **state)
{
	struct seccomp_filter filter = filter_of(PROFILE);
	struct seccomp_explainer explainer = { .socket = -1 };

	(void)state;
	assert_int_equal(seccomp_explain(&filter, &explainer, &err), 0);
	close(explainer.socket);
	seccomp_explainer_wait(&explainer);
	assert_int_equal(kill(explainer.pid, 0), -1);
	seccomp_filter_finish(&filter);
}

#define CASE(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		CASE(an_error_is_named_once_and_counted),
		CASE(an_error_of_0_is_success),
		CASE(a_death_is_carried_out),
		CASE(a_trap_is_a_signal),
		CASE(a_program_that_is_refused_nothing_is_not_mentioned),
		CASE(without_a_filter_there_is_nothing_to_explain),
		CASE(an_explainer_that_is_sent_nothing_ends),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
