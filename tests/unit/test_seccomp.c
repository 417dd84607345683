/* Seccomp profiles to filters: a small machine says what each would answer. */
#include "runtime/seccomp.h"

#include <linux/sched.h>
#include <signal.h>

#include "tests/unit/seccomp_profiles.h"

static void a_rule_decides_and_the_default_the_rest(void **state)
{
	struct seccomp_filter filter =
		filter_of("{\"defaultAction\":\"SCMP_ACT_ALLOW\",\"syscalls\":["
			  "{\"names\":[\"getcwd\",\"chdir\"],\"action\":\"SCMP_ACT_ERRNO\"},"
			  "{\"names\":[\"sync\"],\"action\":\"SCMP_ACT_ERRNO\",\"errnoRet\":5}]}");

	(void)state;
	assert_answer(&filter, "getcwd", ERRNO(EPERM));
	assert_answer(&filter, "chdir", ERRNO(EPERM));
	assert_answer(&filter, "sync", ERRNO(EIO));
	assert_answer(&filter, "read", SECCOMP_RET_ALLOW);
	assert_int_equal(filter.flags, 0);
	assert_false(filter.notify);
	seccomp_filter_finish(&filter);
}

static void every_action_has_its_number(void **state)
{
	static const struct {
		const char *action;
		uint32_t number;
	} cases[] = {
		{ "SCMP_ACT_KILL", SECCOMP_RET_KILL_THREAD },
		{ "SCMP_ACT_KILL_THREAD", SECCOMP_RET_KILL_THREAD },
		{ "SCMP_ACT_KILL_PROCESS", SECCOMP_RET_KILL_PROCESS },
		{ "SCMP_ACT_TRAP", SECCOMP_RET_TRAP },
		{ "SCMP_ACT_ERRNO", ERRNO(EPERM) },
		{ "SCMP_ACT_TRACE", SECCOMP_RET_TRACE | EPERM },
		{ "SCMP_ACT_LOG", SECCOMP_RET_LOG },
		{ "SCMP_ACT_NOTIFY", SECCOMP_RET_USER_NOTIF },
		{ "SCMP_ACT_ALLOW", SECCOMP_RET_ALLOW },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		owned_string json =
			text_format("{\"defaultAction\":\"SCMP_ACT_ERRNO\",\"defaultErrnoRet\":7,"
				    "\"syscalls\":[{\"names\":[\"getcwd\"],\"action\":\"%s\"}]}",
				    cases[i].action);
		struct seccomp_filter filter = filter_of(json);

		assert_answer(&filter, "getcwd", cases[i].number);
		assert_answer(&filter, "dup", ERRNO(7));
		seccomp_filter_finish(&filter);
	}
}

static void every_default_action_has_its_number(void **state)
{
	static const struct {
		const char *action;
		uint32_t number;
	} cases[] = {
		{ "SCMP_ACT_KILL", SECCOMP_RET_KILL_THREAD },
		{ "SCMP_ACT_KILL_PROCESS", SECCOMP_RET_KILL_PROCESS },
		{ "SCMP_ACT_TRAP", SECCOMP_RET_TRAP },
		{ "SCMP_ACT_ERRNO", ERRNO(EPERM) },
		{ "SCMP_ACT_TRACE", SECCOMP_RET_TRACE | EPERM },
		{ "SCMP_ACT_LOG", SECCOMP_RET_LOG },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		owned_string json =
			text_format("{\"defaultAction\":\"%s\",\"syscalls\":[{\"names\":"
				    "[\"statx\"],\"action\":\"SCMP_ACT_ALLOW\"}]}",
				    cases[i].action);
		struct seccomp_filter filter = filter_of(json);

		assert_answer(&filter, "statx", SECCOMP_RET_ALLOW);
		assert_answer(&filter, "read", cases[i].number);
		seccomp_filter_finish(&filter);
	}
}

static void every_operator_compares(void **state)
{
	static const struct {
		const char *op;
		int below, equal, above; /* whether 9, 10, 11 match a value of 10 */
	} cases[] = {
		{ "SCMP_CMP_NE", 1, 0, 1 }, { "SCMP_CMP_LT", 1, 0, 0 }, { "SCMP_CMP_LE", 1, 1, 0 },
		{ "SCMP_CMP_EQ", 0, 1, 0 }, { "SCMP_CMP_GE", 0, 1, 1 }, { "SCMP_CMP_GT", 0, 0, 1 },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		owned_string json = text_format(
			"{\"defaultAction\":\"SCMP_ACT_ALLOW\",\"syscalls\":[{\"names\":[\"dup\"],"
			"\"action\":\"SCMP_ACT_TRAP\",\"args\":[{\"index\":0,\"value\":10,"
			"\"op\":\"%s\"}]}]}",
			cases[i].op);
		struct seccomp_filter filter = filter_of(json);

		for (uint64_t value = 9; value <= 11; value++) {
			int matches = value < 10    ? cases[i].below
				      : value == 10 ? cases[i].equal
						    : cases[i].above;
			uint32_t answer = answer_to(&filter, "dup", value, 0);

			if (answer != (matches ? SECCOMP_RET_TRAP : SECCOMP_RET_ALLOW))
				fail_msg("%s: %ju: %#x", cases[i].op, (uintmax_t)value, answer);
		}
		seccomp_filter_finish(&filter);
	}
}

static void masked_eq_takes_the_mask_first(void **state)
{
	struct seccomp_filter filter = filter_of(
		"{\"defaultAction\":\"SCMP_ACT_ALLOW\",\"syscalls\":[{\"names\":[\"dup\"],"
		"\"action\":\"SCMP_ACT_TRAP\",\"args\":[{\"index\":0,\"value\":240,\"valueTwo\":"
		"16,\"op\":\"SCMP_CMP_MASKED_EQ\"}]}]}");

	(void)state;
	assert_int_equal(answer_to(&filter, "dup", 0x1f, 0), SECCOMP_RET_TRAP);
	assert_int_equal(answer_to(&filter, "dup", 0x10, 0), SECCOMP_RET_TRAP);
	assert_int_equal(answer_to(&filter, "dup", 0x2f, 0), SECCOMP_RET_ALLOW);
	assert_int_equal(answer_to(&filter, "dup", 0xf0, 0), SECCOMP_RET_ALLOW);
	seccomp_filter_finish(&filter);
}

static void comparisons_are_64_bits_wide(void **state)
{
	struct seccomp_filter filter = filter_of(
		"{\"defaultAction\":\"SCMP_ACT_ALLOW\",\"syscalls\":[{\"names\":[\"dup\"],"
		"\"action\":\"SCMP_ACT_TRAP\",\"args\":[{\"index\":0,\"value\":4294967297,"
		"\"op\":\"SCMP_CMP_EQ\"}]}]}");

	(void)state;
	assert_int_equal(answer_to(&filter, "dup", 4294967297u, 0), SECCOMP_RET_TRAP);
	assert_int_equal(answer_to(&filter, "dup", 1, 0), SECCOMP_RET_ALLOW);
	seccomp_filter_finish(&filter);
}

static void comparisons_of_different_arguments_must_all_hold(void **state)
{
	struct seccomp_filter filter = filter_of(
		"{\"defaultAction\":\"SCMP_ACT_ALLOW\",\"syscalls\":[{\"names\":[\"dup2\"],"
		"\"action\":\"SCMP_ACT_TRAP\",\"args\":["
		"{\"index\":0,\"value\":1,\"op\":\"SCMP_CMP_EQ\"},"
		"{\"index\":1,\"value\":2,\"op\":\"SCMP_CMP_EQ\"}]}]}");

	(void)state;
	assert_int_equal(answer_to(&filter, "dup2", 1, 2), SECCOMP_RET_TRAP);
	assert_int_equal(answer_to(&filter, "dup2", 1, 3), SECCOMP_RET_ALLOW);
	assert_int_equal(answer_to(&filter, "dup2", 3, 2), SECCOMP_RET_ALLOW);
	seccomp_filter_finish(&filter);
}

static void of_comparisons_of_one_argument_one_must_hold(void **state)
{
	struct seccomp_filter filter = filter_of(
		"{\"defaultAction\":\"SCMP_ACT_ALLOW\",\"syscalls\":[{\"names\":[\"dup2\"],"
		"\"action\":\"SCMP_ACT_TRAP\",\"args\":["
		"{\"index\":0,\"value\":1,\"op\":\"SCMP_CMP_EQ\"},"
		"{\"index\":0,\"value\":5,\"op\":\"SCMP_CMP_EQ\"},"
		"{\"index\":1,\"value\":2,\"op\":\"SCMP_CMP_EQ\"}]}]}");

	(void)state;
	assert_int_equal(answer_to(&filter, "dup2", 1, 9), SECCOMP_RET_TRAP);
	assert_int_equal(answer_to(&filter, "dup2", 5, 9), SECCOMP_RET_TRAP);
	assert_int_equal(answer_to(&filter, "dup2", 9, 2), SECCOMP_RET_TRAP);
	assert_int_equal(answer_to(&filter, "dup2", 9, 9), SECCOMP_RET_ALLOW);
	seccomp_filter_finish(&filter);
}

static void unknown_names_and_repeated_rules_change_nothing(void **state)
{
	static const char rest[] = "{\"names\":[\"getcwd\"],\"action\":\"SCMP_ACT_TRAP\"}";
	owned_string plain =
		text_format("{\"defaultAction\":\"SCMP_ACT_ALLOW\",\"syscalls\":[%s]}", rest);
	owned_string noisy = text_format(
		"{\"defaultAction\":\"SCMP_ACT_ALLOW\",\"syscalls\":["
		"{\"names\":[\"no_such_call\",\"\",\"getcwd2\"],\"action\":\"SCMP_ACT_KILL\"},"
		"{\"names\":[\"read\"],\"action\":\"SCMP_ACT_ALLOW\"},%s,%s]}",
		rest, rest);
	struct seccomp_filter a = filter_of(plain), b = filter_of(noisy);

	(void)state;
	assert_int_equal(a.n, b.n);
	assert_memory_equal(a.instructions, b.instructions, a.n * sizeof *a.instructions);
	seccomp_filter_finish(&a);
	seccomp_filter_finish(&b);
}

static void no_profile_is_no_filter(void **state)
{
	struct seccomp_filter filter;
	int listener = 5;

	(void)state;
	assert_int_equal(seccomp_compile(NULL, -1, &filter, NULL), 0);
	assert_null(filter.instructions);
	assert_int_equal(seccomp_filter_load(&filter, &listener, NULL), 0);
	assert_int_equal(listener, -1);
	seccomp_filter_finish(&filter);
}

static void wrong_profiles_are_refused_with_their_path(void **state)
{
#define ONE_RULE "{\"defaultAction\":\"SCMP_ACT_ERRNO\",\"syscalls\":[{\"names\":[\"read\"],"
	static const struct {
		const char *json, *path;
	} cases[] = {
		{ "{\"defaultAction\":\"SCMP_ACT_NOTIFY\"}", "linux.seccomp.defaultAction" },
		{ "{\"defaultAction\":\"SCMP_ACT_ALLOW\",\"defaultErrnoRet\":1}",
		  "linux.seccomp.defaultErrnoRet: SCMP_ACT_ALLOW takes no errno" },
		{ "{\"defaultAction\":\"SCMP_ACT_ERRNO\",\"defaultErrnoRet\":4096}",
		  "linux.seccomp.defaultErrnoRet" },
		{ ONE_RULE "\"action\":\"SCMP_ACT_KILL\",\"errnoRet\":1}]}",
		  "linux.seccomp.syscalls[0].errnoRet: SCMP_ACT_KILL takes no errno" },
		{ ONE_RULE "\"action\":\"SCMP_ACT_ERRNO\",\"errnoRet\":4096}]}",
		  "linux.seccomp.syscalls[0].errnoRet: 4096" },
		{ "{\"defaultAction\":\"SCMP_ACT_ERRNO\",\"syscalls\":[{\"names\":[\"read\","
		  "\"write\"],\"action\":\"SCMP_ACT_NOTIFY\"}]}",
		  "linux.seccomp.syscalls[0]: SCMP_ACT_NOTIFY cannot be used for write" },
		{ "{\"defaultAction\":\"SCMP_ACT_ERRNO\",\"architectures\":[\"SCMP_ARCH_X86\","
		  "\"SCMP_ARCH_PDP11\"]}",
		  "linux.seccomp.architectures[1]: unknown architecture \"SCMP_ARCH_PDP11\"" },
		{ "{\"defaultAction\":\"SCMP_ACT_ERRNO\",\"architectures\":[\"x86_64\"]}",
		  "linux.seccomp.architectures[0]" },
		{ "{\"defaultAction\":\"SCMP_ACT_ERRNO\",\"architectures\":[\"SCMP_ARCH_x86\"]}",
		  "linux.seccomp.architectures[0]" },
		{ "{\"defaultAction\":\"SCMP_ACT_ERRNO\",\"architectures\":[\"SCMP_ARCH_"
		  "ANAMETHATISMUCHTOOLONGFORANYARCHITECTURE\"]}",
		  "linux.seccomp.architectures[0]" },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		struct seccomp_filter filter;
		struct error err = { 0 };

		if (compile(cases[i].json, -1, &filter, &err) == 0)
			fail_msg("taken: %s", cases[i].json);
		assert_int_equal(err.code, EINVAL);
		if (!strstr(err.msg, cases[i].path))
			fail_msg("\"%s\" does not hold \"%s\"", err.msg, cases[i].path);
		assert_null(filter.instructions);
	}
}

static void an_argument_beyond_the_sixth_is_refused(void **state)
{
	struct seccomp_arg arg = { .index = 6, .op = SECCOMP_EQ };
	struct seccomp_arg *args[] = { &arg };
	char *names[] = { (char[]){ "read" }, NULL };
	struct seccomp_rule rule = { .names = { names, 1 },
				     .action = SECCOMP_ERRNO,
				     .args = { args, 1 } };
	struct seccomp_rule *rules[] = { &rule };
	struct seccomp profile = { .default_action = SECCOMP_ALLOW, .syscalls = { rules, 1 } };
	struct seccomp_filter filter;
	struct error err = { 0 };

	(void)state;
	assert_int_equal(seccomp_compile(&profile, -1, &filter, &err), -1);
	assert_non_null(strstr(err.msg, "linux.seccomp.syscalls[0].args[0].index: 6"));
	arg.index = UINT32_MAX;
	assert_int_equal(seccomp_compile(&profile, -1, &filter, &err), -1);
}

static void flags_are_made_acceptable_to_the_kernel(void **state)
{
#define FLAG(name) SECCOMP_FILTER_FLAG_##name
	static const struct {
		const char *flags, *action;
		unsigned expected;
	} cases[] = {
		{ "\"SECCOMP_FILTER_FLAG_LOG\",\"SECCOMP_FILTER_FLAG_SPEC_ALLOW\"",
		  "SCMP_ACT_ERRNO", FLAG(LOG) | FLAG(SPEC_ALLOW) },
		{ "\"SECCOMP_FILTER_FLAG_TSYNC\"", "SCMP_ACT_ERRNO", FLAG(TSYNC) },
		{ "", "SCMP_ACT_NOTIFY", FLAG(NEW_LISTENER) },
		{ "\"SECCOMP_FILTER_FLAG_TSYNC\"", "SCMP_ACT_NOTIFY",
		  FLAG(NEW_LISTENER) | FLAG(TSYNC) | FLAG(TSYNC_ESRCH) },
		{ "\"SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV\"", "SCMP_ACT_NOTIFY",
		  FLAG(NEW_LISTENER) | 1u << 5 },
		{ "\"SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV\"", "SCMP_ACT_ERRNO", 0 },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		owned_string json = text_format(
			"{\"defaultAction\":\"SCMP_ACT_ALLOW\",\"flags\":[%s],\"syscalls\":["
			"{\"names\":[\"getcwd\"],\"action\":\"%s\"}]}",
			cases[i].flags, cases[i].action);
		struct seccomp_filter filter = filter_of(json);

		assert_int_equal(filter.flags, cases[i].expected);
		seccomp_filter_finish(&filter);
	}
}

static void a_large_profile_decides_as_written(void **state)
{
	owned_string json = large_profile();
	struct seccomp_filter filter = filter_of(json);

	(void)state;
	print_message("%zu instructions\n", filter.n);
	assert_answer(&filter, "read", SECCOMP_RET_ALLOW);
	assert_answer(&filter, "openat", SECCOMP_RET_ALLOW);
	assert_answer(&filter, "execve", SECCOMP_RET_ALLOW);
	assert_answer(&filter, "mount", ERRNO(EPERM));
	assert_answer(&filter, "reboot", ERRNO(EPERM));
	assert_int_equal(answer_to(&filter, "personality", 8, 0), SECCOMP_RET_ALLOW);
	assert_int_equal(answer_to(&filter, "personality", 9, 0), ERRNO(EPERM));
	assert_int_equal(answer_to(&filter, "clone", SIGCHLD, 0), SECCOMP_RET_ALLOW);
	assert_int_equal(answer_to(&filter, "clone", CLONE_NEWUSER, 0), ERRNO(EPERM));
	assert_int_equal(answer_to(&filter, "socket", 2, 0), SECCOMP_RET_ALLOW);
	assert_int_equal(answer_to(&filter, "socket", 40, 0), ERRNO(EPERM));
	assert_int_equal(answer_on(&filter, seccomp_arch_native(), 9999), ERRNO(ENOSYS));
	seccomp_filter_finish(&filter);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_rule_decides_and_the_default_the_rest),
		cmocka_unit_test(every_action_has_its_number),
		cmocka_unit_test(every_default_action_has_its_number),
		cmocka_unit_test(every_operator_compares),
		cmocka_unit_test(masked_eq_takes_the_mask_first),
		cmocka_unit_test(comparisons_are_64_bits_wide),
		cmocka_unit_test(comparisons_of_different_arguments_must_all_hold),
		cmocka_unit_test(of_comparisons_of_one_argument_one_must_hold),
		cmocka_unit_test(unknown_names_and_repeated_rules_change_nothing),
		cmocka_unit_test(no_profile_is_no_filter),
		cmocka_unit_test(wrong_profiles_are_refused_with_their_path),
		cmocka_unit_test(an_argument_beyond_the_sixth_is_refused),
		cmocka_unit_test(flags_are_made_acceptable_to_the_kernel),
		cmocka_unit_test(a_large_profile_decides_as_written),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
