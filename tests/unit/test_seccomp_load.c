/* Loading filters into the kernel, each in a child process. */
#include <fcntl.h>
#include <sched.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <sys/wait.h>

#include "spec/base/sys.h"
#include "tests/unit/seccomp_profiles.h"

/* Runs @body in a child; 77 means that the machine cannot do it. */
static void run_in_child(int (*body)(void))
{
	pid_t child = fork();
	int status;

	assert_true(child >= 0);
	if (child == 0)
		_exit(body());
	assert_int_equal(waitpid(child, &status, 0), child);
	assert_true(WIFEXITED(status));
	if (WEXITSTATUS(status) == 77) {
		print_message("no seccomp here\n");
		skip();
	}
	assert_int_equal(WEXITSTATUS(status), 0);
}

static int load(const char *json, int *listener, struct error *err)
{
	struct seccomp *profile = profile_of(json);
	struct seccomp_filter filter;

	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) || seccomp_compile(profile, -1, &filter, err) ||
	    seccomp_filter_load(&filter, listener, err))
		return -1;
	table_free(&seccomp_type, profile);
	seccomp_filter_finish(&filter);
	return 0;
}

static int load_and_be_refused(void)
{
	char here[4096];

	if (load("{\"defaultAction\":\"SCMP_ACT_ALLOW\",\"flags\":[\"SECCOMP_FILTER_FLAG_TSYNC\","
		 "\"SECCOMP_FILTER_FLAG_SPEC_ALLOW\"],\"syscalls\":[{\"names\":[\"getcwd\"],"
		 "\"action\":\"SCMP_ACT_ERRNO\",\"errnoRet\":71}]}",
		 NULL, NULL))
		return errno == ENOSYS ? 77 : 1;
	return syscall(SYS_getcwd, here, sizeof here) < 0 && errno == EPROTO ? 0 : 2;
}

static void a_loaded_filter_answers(void **state)
{
	(void)state;
	run_in_child(load_and_be_refused);
}

static int load_large(void)
{
	owned_string json = large_profile();

	if (load(json, NULL, NULL))
		return errno == ENOSYS ? 77 : 1;
	if (syscall(9999) >= 0 || errno != ENOSYS)
		return 2;
	return unshare(CLONE_NEWUSER) < 0 && errno == EPERM ? 0 : 3;
}

static void the_kernel_takes_a_large_filter(void **state)
{
	(void)state;
	run_in_child(load_large);
}

static int load_with_listener(void)
{
	struct seccomp_notif request = { 0 };
	int listener = -1;

	if (load("{\"defaultAction\":\"SCMP_ACT_ALLOW\",\"flags\":[\"SECCOMP_FILTER_FLAG_TSYNC\"],"
		 "\"syscalls\":[{\"names\":[\"getcwd\"],\"action\":\"SCMP_ACT_NOTIFY\"}]}",
		 &listener, NULL))
		return errno == ENOSYS ? 77 : 1;
	if (listener < 0)
		return 2;
	pid_t asking = fork();
	if (asking == 0) {
		char here[4096];

		_exit(syscall(SYS_getcwd, here, sizeof here) < 0 && errno == EPROTO ? 0 : 1);
	}
	if (ioctl(listener, SECCOMP_IOCTL_NOTIF_RECV, &request) || request.data.nr != SYS_getcwd)
		return 3;
	struct seccomp_notif_resp answer = { .id = request.id, .error = -EPROTO };
	int status;
	if (ioctl(listener, SECCOMP_IOCTL_NOTIF_SEND, &answer))
		return 4;
	return waitpid(asking, &status, 0) == asking && status == 0 ? 0 : 5;
}

static void a_listener_is_handed_out(void **state)
{
	(void)state;
	run_in_child(load_with_listener);
}

static int load_wrong_flags(void)
{
	struct sock_filter allow = { BPF_RET | BPF_K, 0, 0, SECCOMP_RET_ALLOW };
	struct seccomp_filter filter = { &allow, 1, 1u << 30, false };
	struct error err = { 0 };

	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) || seccomp_filter_load(&filter, NULL, &err) == 0)
		return 1;
	return err.code == EINVAL && strstr(err.msg, "flags 0x40000000") ? 0 : 2;
}

static void the_kernels_refusal_is_reported(void **state)
{
	(void)state;
	run_in_child(load_wrong_flags);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_loaded_filter_answers),
		cmocka_unit_test(the_kernel_takes_a_large_filter),
		cmocka_unit_test(a_listener_is_handed_out),
		cmocka_unit_test(the_kernels_refusal_is_reported),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
