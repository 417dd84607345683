/* What the kernel says it can do of seccomp(2), against what it then does, in a child. */
#include "runtime/seccomp_support.h"

#include <errno.h>
#include <linux/filter.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "spec/base/sys.h"

/* Whether a filter that allows everything can be loaded with @flags. */
static bool loads(unsigned flags)
{
	struct sock_filter allow = BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW);
	struct sock_fprog program = { 1, &allow };
	int status;
	pid_t pid = fork();

	assert_true(pid >= 0);
	if (pid == 0)
		_exit(prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) ||
		      sys_seccomp(SECCOMP_SET_MODE_FILTER, flags, &program) < 0);
	assert_int_equal(waitpid(pid, &status, 0), pid);
	return WIFEXITED(status) && WEXITSTATUS(status) == 0;
}

static void a_flag_is_supported_when_a_filter_can_have_it(void **state)
{
	static const unsigned flags[] = { SECCOMP_FILTER_FLAG_TSYNC, SECCOMP_FILTER_FLAG_LOG,
					  SECCOMP_FILTER_FLAG_SPEC_ALLOW,
					  SECCOMP_FILTER_FLAG_NEW_LISTENER };

	(void)state;
	for (size_t i = 0; i < sizeof flags / sizeof *flags; i++)
		if (seccomp_flag_is_supported(flags[i]) != loads(flags[i]))
			fail_msg("flag %#x", flags[i]);
	assert_int_equal(seccomp_flag_is_supported(SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV),
			 loads(SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV |
			       SECCOMP_FILTER_FLAG_NEW_LISTENER));
	assert_false(seccomp_flag_is_supported(UINT64_C(1) << 31));
}

static void the_question_loads_nothing(void **state)
{
	(void)state;
	seccomp_flag_is_supported(SECCOMP_FILTER_FLAG_LOG);
	seccomp_action_is_available(SECCOMP_RET_KILL_PROCESS);
	assert_int_equal(prctl(PR_GET_SECCOMP), 0);
}

static void actions_are_known_or_not(void **state)
{
	(void)state;
	assert_true(seccomp_action_is_available(SECCOMP_RET_ALLOW));
	assert_true(seccomp_action_is_available(SECCOMP_RET_KILL_PROCESS));
	assert_false(seccomp_action_is_available(0x12340000));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_flag_is_supported_when_a_filter_can_have_it),
		cmocka_unit_test(the_question_loads_nothing),
		cmocka_unit_test(actions_are_known_or_not),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
