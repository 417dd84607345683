/* ENOSYS for system calls newer than a profile, on each architecture of it. */
#include "runtime/seccomp_enosys.h"

#include <linux/audit.h>

#include "tests/unit/seccomp_profiles.h"

/* "read" and "statx" are known, statx has the largest number. */
static struct seccomp_filter limited(const char *default_action, const char *more)
{
	owned_string json = text_format(
		"{\"defaultAction\":\"%s\"%s,\"syscalls\":[{\"names\":[\"read\",\"statx\"],"
		"\"action\":\"SCMP_ACT_NOTIFY\"}]}",
		default_action, more);

	return filter_of(json);
}

static void newer_system_calls_get_enosys(void **state)
{
	static const char *const actions[] = { "SCMP_ACT_ERRNO", "SCMP_ACT_KILL",
					       "SCMP_ACT_KILL_PROCESS", "SCMP_ACT_TRAP" };
	int largest = seccomp_syscall_resolve_name("statx");
	uint32_t native = seccomp_arch_native();

	(void)state;
	for (size_t i = 0; i < COUNT(actions); i++) {
		struct seccomp_filter filter = limited(actions[i], "");

		assert_int_equal(answer_on(&filter, native, largest), SECCOMP_RET_USER_NOTIF);
		assert_int_equal(answer_on(&filter, native, largest + 1), ERRNO(ENOSYS));
		assert_int_equal(answer_on(&filter, native, 9999), ERRNO(ENOSYS));
		assert_int_not_equal(answer_on(&filter, native, largest - 1), ERRNO(ENOSYS));
		assert_int_not_equal(answer_on(&filter, native, largest - 1), SECCOMP_NO_ANSWER);
		seccomp_filter_finish(&filter);
	}
}

static void permissive_defaults_answer_newer_system_calls_themselves(void **state)
{
	static const struct {
		const char *action, *more;
		uint32_t number;
	} cases[] = {
		{ "SCMP_ACT_ALLOW", "", SECCOMP_RET_ALLOW },
		{ "SCMP_ACT_LOG", "", SECCOMP_RET_LOG },
		{ "SCMP_ACT_TRACE", "", SECCOMP_RET_TRACE | EPERM },
		{ "SCMP_ACT_ERRNO", ",\"defaultErrnoRet\":38", ERRNO(ENOSYS) },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		struct seccomp_filter filter = limited(cases[i].action, cases[i].more);

		assert_int_equal(answer_on(&filter, seccomp_arch_native(), 9999), cases[i].number);
		seccomp_filter_finish(&filter);
	}
}

#ifdef __x86_64__
static void each_architecture_has_its_own_limit(void **state)
{
	struct seccomp_filter filter = filter_of(
		"{\"defaultAction\":\"SCMP_ACT_ERRNO\",\"architectures\":["
		"\"SCMP_ARCH_X86_64\",\"SCMP_ARCH_X86\",\"SCMP_ARCH_X32\",\"SCMP_ARCH_X86\"],"
		"\"syscalls\":[{\"names\":[\"read\",\"statx\",\"getdents64\"],"
		"\"action\":\"SCMP_ACT_ALLOW\"}]}");
	int x32 = 0x40000000;

	(void)state;
	/* statx: 332 on x86_64 and x32, 383 on x86. */
	assert_int_equal(answer_on(&filter, AUDIT_ARCH_X86_64, 332), SECCOMP_RET_ALLOW);
	assert_int_equal(answer_on(&filter, AUDIT_ARCH_X86_64, 331), ERRNO(EPERM));
	assert_int_equal(answer_on(&filter, AUDIT_ARCH_X86_64, 333), ERRNO(ENOSYS));
	assert_int_equal(answer_on(&filter, AUDIT_ARCH_I386, 383), SECCOMP_RET_ALLOW);
	assert_int_equal(answer_on(&filter, AUDIT_ARCH_I386, 333), ERRNO(EPERM));
	assert_int_equal(answer_on(&filter, AUDIT_ARCH_I386, 384), ERRNO(ENOSYS));
	assert_int_equal(answer_on(&filter, AUDIT_ARCH_X86_64, x32 | 332), SECCOMP_RET_ALLOW);
	assert_int_equal(answer_on(&filter, AUDIT_ARCH_X86_64, x32 | 331), ERRNO(EPERM));
	assert_int_equal(answer_on(&filter, AUDIT_ARCH_X86_64, x32 | 333), ERRNO(ENOSYS));
	assert_int_equal(answer_on(&filter, AUDIT_ARCH_AARCH64, 63), SECCOMP_RET_KILL_THREAD);
	seccomp_filter_finish(&filter);
}

static void an_architecture_that_is_not_listed_is_not_let_in(void **state)
{
	struct seccomp_filter filter = filter_of(
		"{\"defaultAction\":\"SCMP_ACT_ERRNO\",\"syscalls\":[{\"names\":[\"read\"],"
		"\"action\":\"SCMP_ACT_ALLOW\"}]}");

	(void)state;
	assert_int_equal(answer_on(&filter, AUDIT_ARCH_X86_64, 0), SECCOMP_RET_ALLOW);
	assert_int_equal(answer_on(&filter, AUDIT_ARCH_I386, 3), SECCOMP_RET_KILL_THREAD);
	assert_int_equal(answer_on(&filter, AUDIT_ARCH_I386, 9999), SECCOMP_RET_KILL_THREAD);
	assert_int_equal(answer_on(&filter, AUDIT_ARCH_X86_64, 0x40000000),
			 SECCOMP_RET_KILL_THREAD);
	seccomp_filter_finish(&filter);
}
#endif

static void every_architecture_of_the_specification_is_resolved(void **state)
{
	/* With the native byte order of most machines; libseccomp knows them since 2.5 at least. */
	static const char *const known[] = {
		"X86",	  "X86_64",   "X32",	     "ARM",	"AARCH64",
		"MIPSEL", "MIPSEL64", "MIPSEL64N32", "PPC64LE", "RISCV64",
	};

	(void)state;
	for (size_t i = 0; i < COUNT(known); i++) {
		owned_string json = text_format(
			"{\"defaultAction\":\"SCMP_ACT_ERRNO\",\"architectures\":[\"SCMP_ARCH_%s\"]"
			","
			"\"syscalls\":[{\"names\":[\"read\"],\"action\":\"SCMP_ACT_ALLOW\"}]}",
			known[i]);
		struct seccomp_filter filter = { 0 };
		struct error err = { 0 };

		if (compile(json, -1, &filter, &err) && err.code != EDOM)
			fail_msg("%s: %s", known[i], err.msg);
		seccomp_filter_finish(&filter);
	}
}

/* The prologue alone, before a filter that allows everything. */
static uint32_t answer_of_prologue(const struct syscall_limit *limits, size_t n, uint32_t arch,
				   int number)
{
	struct sock_filter program[ENOSYS_INSTRUCTIONS(20) + 1];
	struct seccomp_data data = { .nr = number, .arch = arch };
	size_t length = seccomp_enosys_prologue(limits, n, program);

	assert_true(length <= ENOSYS_INSTRUCTIONS(n));
	program[length] = (struct sock_filter){ BPF_RET | BPF_K, 0, 0, SECCOMP_RET_ALLOW };
	const struct seccomp_filter filter = { .instructions = program, .n = length + 1 };

	return seccomp_evaluate(&filter, &data);
}

static void without_limits_there_is_no_prologue(void **state)
{
	struct sock_filter program;

	(void)state;
	assert_int_equal(seccomp_enosys_prologue(NULL, 0, &program), 0);
}

static void the_multiplexed_number_of_s390_gets_enosys_too(void **state)
{
	static const struct syscall_limit limit = { AUDIT_ARCH_S390X, false, 300 };

	(void)state;
	assert_int_equal(answer_of_prologue(&limit, 1, AUDIT_ARCH_S390X, 0), ERRNO(ENOSYS));
	assert_int_equal(answer_of_prologue(&limit, 1, AUDIT_ARCH_S390X, 1), SECCOMP_RET_ALLOW);
	assert_int_equal(answer_of_prologue(&limit, 1, AUDIT_ARCH_S390X, 300), SECCOMP_RET_ALLOW);
	assert_int_equal(answer_of_prologue(&limit, 1, AUDIT_ARCH_S390X, 301), ERRNO(ENOSYS));
	assert_int_equal(answer_of_prologue(&limit, 1, AUDIT_ARCH_AARCH64, 0), SECCOMP_RET_ALLOW);
}

static void x32_alone_leaves_x86_64_to_the_filter(void **state)
{
	static const struct syscall_limit limit = { AUDIT_ARCH_X86_64, true, 0x40000000 | 300 };

	(void)state;
	assert_int_equal(answer_of_prologue(&limit, 1, AUDIT_ARCH_X86_64, 999), SECCOMP_RET_ALLOW);
	assert_int_equal(answer_of_prologue(&limit, 1, AUDIT_ARCH_X86_64, 0x40000000 | 300),
			 SECCOMP_RET_ALLOW);
	assert_int_equal(answer_of_prologue(&limit, 1, AUDIT_ARCH_X86_64, 0x40000000 | 301),
			 ERRNO(ENOSYS));
}

static void many_architectures_keep_their_limits(void **state)
{
	struct syscall_limit limits[20];

	(void)state;
	for (uint32_t i = 0; i < COUNT(limits); i++)
		limits[i] = (struct syscall_limit){ 0x1000 + i, false, 100 + i };
	for (uint32_t i = 0; i < COUNT(limits); i++) {
		int largest = (int)limits[i].largest;

		assert_int_equal(answer_of_prologue(limits, COUNT(limits), 0x1000 + i, largest),
				 SECCOMP_RET_ALLOW);
		assert_int_equal(answer_of_prologue(limits, COUNT(limits), 0x1000 + i, largest + 1),
				 ERRNO(ENOSYS));
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(newer_system_calls_get_enosys),
		cmocka_unit_test(permissive_defaults_answer_newer_system_calls_themselves),
#ifdef __x86_64__
		cmocka_unit_test(each_architecture_has_its_own_limit),
		cmocka_unit_test(an_architecture_that_is_not_listed_is_not_let_in),
#endif
		cmocka_unit_test(every_architecture_of_the_specification_is_resolved),
		cmocka_unit_test(without_limits_there_is_no_prologue),
		cmocka_unit_test(the_multiplexed_number_of_s390_gets_enosys_too),
		cmocka_unit_test(x32_alone_leaves_x86_64_to_the_filter),
		cmocka_unit_test(many_architectures_keep_their_limits),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
