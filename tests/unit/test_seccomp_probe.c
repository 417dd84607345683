/* What a filter would say, beside what the kernel says, and the copy of it that asks. */
#include "runtime/seccomp_probe.h"

#include <fcntl.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "tests/unit/seccomp_profiles.h"

/* Every refusal there is, a comparison of an argument, and a call that only masks decide. */
#define PROFILE                                                                          \
	"{\"defaultAction\":\"SCMP_ACT_ALLOW\",\"syscalls\":["                           \
	"{\"names\":[\"mkdirat\"],\"action\":\"SCMP_ACT_ERRNO\",\"errnoRet\":13},"       \
	"{\"names\":[\"sync\"],\"action\":\"SCMP_ACT_KILL_PROCESS\"},"                   \
	"{\"names\":[\"umask\"],\"action\":\"SCMP_ACT_TRAP\"},"                          \
	"{\"names\":[\"getpriority\"],\"action\":\"SCMP_ACT_KILL_THREAD\"},"             \
	"{\"names\":[\"getpgid\"],\"action\":\"SCMP_ACT_LOG\"},"                         \
	"{\"names\":[\"dup3\"],\"action\":\"SCMP_ACT_ERRNO\",\"errnoRet\":7,\"args\":["  \
	"{\"index\":0,\"value\":4294967298,\"op\":\"SCMP_CMP_EQ\"}]},"                   \
	"{\"names\":[\"close\"],\"action\":\"SCMP_ACT_ERRNO\",\"errnoRet\":8,\"args\":[" \
	"{\"index\":0,\"value\":240,\"valueTwo\":80,\"op\":\"SCMP_CMP_MASKED_EQ\"}]}]}"

static uint32_t answer_with(const struct seccomp_filter *filter, long number, uint64_t first)
{
	struct seccomp_data data = { .nr = (int)number,
				     .arch = seccomp_arch_native(),
				     .args = { first } };

	return seccomp_evaluate(filter, &data);
}

static void each_call_gets_its_action(void **state)
{
	struct seccomp_filter filter = filter_of(PROFILE);

	(void)state;
	assert_int_equal(answer_with(&filter, SYS_mkdirat, 0), ERRNO(13));
	assert_int_equal(answer_with(&filter, SYS_sync, 0), SECCOMP_RET_KILL_PROCESS);
	assert_int_equal(answer_with(&filter, SYS_umask, 0), SECCOMP_RET_TRAP);
	assert_int_equal(answer_with(&filter, SYS_getpriority, 0), SECCOMP_RET_KILL_THREAD);
	assert_int_equal(answer_with(&filter, SYS_getpgid, 0), SECCOMP_RET_LOG);
	assert_int_equal(answer_with(&filter, SYS_read, 0), SECCOMP_RET_ALLOW);
	seccomp_filter_finish(&filter);
}

static void arguments_count_with_all_their_bits(void **state)
{
	struct seccomp_filter filter = filter_of(PROFILE);

	(void)state;
	assert_int_equal(answer_with(&filter, SYS_dup3, 4294967298), ERRNO(7));
	assert_int_equal(answer_with(&filter, SYS_dup3, 2), SECCOMP_RET_ALLOW);
	assert_int_equal(answer_with(&filter, SYS_close, 0x5f), ERRNO(8));
	assert_int_equal(answer_with(&filter, SYS_close, 0x6f), SECCOMP_RET_ALLOW);
	seccomp_filter_finish(&filter);
}

/* Loads the filter in a child and lets the kernel decide. Returns the errno of dup3(@first, …), 0 for none. */
static int kernels_word(const struct seccomp_filter *filter, uint64_t first)
{
	int status;
	pid_t pid = fork();

	if (pid == 0) {
		if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) ||
		    seccomp_filter_load(filter, NULL, NULL))
			_exit(99);
		_exit(syscall(SYS_dup3, first, 200, 0) < 0 ? errno : 0);
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_true(WIFEXITED(status));
	return WEXITSTATUS(status);
}

static void the_kernel_agrees(void **state)
{
	struct seccomp_filter filter = filter_of(PROFILE);

	(void)state;
	assert_int_equal(kernels_word(&filter, 4294967298), 7);
	assert_int_equal(kernels_word(&filter, 2), 0);
	seccomp_filter_finish(&filter);
}

static void the_copy_asks_where_the_filter_refuses(void **state)
{
	static const long refused[] = { SYS_mkdirat, SYS_sync, SYS_umask, SYS_getpriority };
	struct seccomp_filter filter = filter_of(PROFILE), asking;
	struct error err = { 0 };

	(void)state;
	filter.flags = SECCOMP_FILTER_FLAG_TSYNC | SECCOMP_FILTER_FLAG_LOG;
	assert_int_equal(seccomp_ask_instead(&filter, &asking, &err), 0);
	assert_true(asking.notify);
	assert_int_equal(asking.flags, SECCOMP_FILTER_FLAG_LOG | SECCOMP_FILTER_FLAG_NEW_LISTENER);
	for (size_t i = 0; i < COUNT(refused); i++)
		assert_int_equal(answer_with(&asking, refused[i], 0), SECCOMP_RET_USER_NOTIF);
	assert_int_equal(answer_with(&asking, SYS_dup3, 4294967298), SECCOMP_RET_USER_NOTIF);
	assert_int_equal(answer_with(&asking, SYS_dup3, 2), SECCOMP_RET_ALLOW);
	assert_int_equal(answer_with(&asking, SYS_getpgid, 0), SECCOMP_RET_LOG);
	/* The filter itself is as it was. */
	assert_false(filter.notify);
	assert_int_equal(answer_with(&filter, SYS_mkdirat, 0), ERRNO(13));
	seccomp_filter_finish(&asking);
	seccomp_filter_finish(&filter);
}

static void what_is_no_filter_has_no_answer(void **state)
{
	struct sock_filter programs[][2] = {
		{ BPF_STMT(BPF_LD | BPF_W | BPF_ABS, sizeof(struct seccomp_data)),
		  BPF_STMT(BPF_RET | BPF_K, 0) },
		{ BPF_STMT(BPF_LD | BPF_W | BPF_ABS, 2), BPF_STMT(BPF_RET | BPF_K, 0) },
		{ BPF_STMT(BPF_JMP | BPF_JA, 7), BPF_STMT(BPF_RET | BPF_K, 0) },
		{ BPF_STMT(BPF_ALU | BPF_DIV | BPF_K, 0), BPF_STMT(BPF_RET | BPF_K, 0) },
		{ BPF_STMT(BPF_ALU | BPF_AND | BPF_K, 0), BPF_STMT(BPF_ALU | BPF_AND | BPF_K, 0) },
	};
	struct seccomp_filter filter = { .n = 2 };

	(void)state;
	for (size_t i = 0; i < COUNT(programs); i++) {
		filter.instructions = programs[i];
		assert_int_equal(answer_with(&filter, 0, 0), SECCOMP_NO_ANSWER);
	}
	filter.n = 0;
	assert_int_equal(answer_with(&filter, 0, 0), SECCOMP_NO_ANSWER);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_call_gets_its_action),
		cmocka_unit_test(arguments_count_with_all_their_bits),
		cmocka_unit_test(the_kernel_agrees),
		cmocka_unit_test(the_copy_asks_where_the_filter_refuses),
		cmocka_unit_test(what_is_no_filter_has_no_answer),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
