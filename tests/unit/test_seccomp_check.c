/* What a seccomp profile may not ask for, and the words for it. */
#include "runtime/seccomp_check.h"

#include "tests/unit/sandbox.h"

static struct error err;

/* A profile with one rule for @name. */
struct profile {
	struct seccomp seccomp;
	struct seccomp_rule rule;
	struct seccomp_rule *rules[2];
	struct seccomp_arg argument;
	struct seccomp_arg *arguments[1];
	char *names[2];
};

static struct seccomp *profile_for(struct profile *profile, const char *name, int action)
{
	*profile = (struct profile){ .seccomp = { .default_action = SECCOMP_ALLOW },
				     .rule = { .action = action } };
	profile->names[0] = (char *)(uintptr_t)name;
	profile->arguments[0] = &profile->argument;
	profile->rule.names = (struct string_list){ profile->names, 1 };
	profile->rules[0] = profile->rules[1] = &profile->rule;
	profile->seccomp.syscalls.v = profile->rules;
	profile->seccomp.syscalls.n = 1;
	return &profile->seccomp;
}

static void every_action_without_an_errno_is_allowed(void **state)
{
	struct profile profile;

	(void)state;
	for (int action = 0; action < SECCOMP_ACTIONS; action++) {
		struct seccomp *seccomp = profile_for(&profile, "mkdir", action);
		SUCCEEDS(seccomp_check(seccomp, &err));
		if (action == SECCOMP_NOTIFY)
			continue;
		seccomp->default_action = action;
		SUCCEEDS(seccomp_check(seccomp, &err));
	}
}

static void an_errno_goes_with_errno_and_trace(void **state)
{
	struct profile profile;
	char expected[128];

	(void)state;
	for (int action = 0; action < SECCOMP_ACTIONS; action++) {
		struct seccomp *seccomp = profile_for(&profile, "mkdir", action);
		profile.rule.errno_ret = (struct opt_uint32){ true, 1 };
		if (action == SECCOMP_ERRNO || action == SECCOMP_TRACE) {
			SUCCEEDS(seccomp_check(seccomp, &err));
			continue;
		}
		snprintf(expected, sizeof expected,
			 "linux.seccomp.syscalls[0].errnoRet: %s takes no errno",
			 seccomp_action_names[action]);
		FAILS(seccomp_check(seccomp, &err), EINVAL, expected);
	}
}

static void the_default_takes_an_errno_by_the_same_rule(void **state)
{
	struct profile profile;
	struct seccomp *seccomp = profile_for(&profile, "mkdir", SECCOMP_ALLOW);

	(void)state;
	seccomp->default_errno_ret = (struct opt_uint32){ true, 38 };
	FAILS(seccomp_check(seccomp, &err), EINVAL,
	      "linux.seccomp.defaultErrnoRet: SCMP_ACT_ALLOW takes no errno");
	seccomp->default_action = SECCOMP_ERRNO;
	SUCCEEDS(seccomp_check(seccomp, &err));
	seccomp->default_errno_ret.value = 4096;
	FAILS(seccomp_check(seccomp, &err), EINVAL,
	      "linux.seccomp.defaultErrnoRet: 4096 is larger than 4095");
}

static void an_errno_has_a_largest_value(void **state)
{
	struct profile profile;
	struct seccomp *seccomp = profile_for(&profile, "mkdir", SECCOMP_ERRNO);

	(void)state;
	profile.rule.errno_ret = (struct opt_uint32){ true, 4095 };
	SUCCEEDS(seccomp_check(seccomp, &err));
	profile.rule.errno_ret.value = 4096;
	FAILS(seccomp_check(seccomp, &err), EINVAL, "4096 is larger than 4095");
	/* A tracer gets 16 bits of any meaning. */
	profile.rule.action = SECCOMP_TRACE;
	profile.rule.errno_ret.value = 65535;
	SUCCEEDS(seccomp_check(seccomp, &err));
	profile.rule.errno_ret.value = 65536;
	FAILS(seccomp_check(seccomp, &err), EINVAL, "65536 is larger than 65535");
}

static void nothing_stops_the_write_that_passes_the_listener_on(void **state)
{
	struct profile profile;
	struct seccomp *seccomp = profile_for(&profile, "write", SECCOMP_NOTIFY);

	(void)state;
	FAILS(seccomp_check(seccomp, &err), EINVAL,
	      "linux.seccomp.syscalls[0]: SCMP_ACT_NOTIFY cannot be used for write");
	profile.rule.action = SECCOMP_ERRNO;
	SUCCEEDS(seccomp_check(seccomp, &err));
	seccomp->default_action = SECCOMP_NOTIFY;
	FAILS(seccomp_check(seccomp, &err), EINVAL,
	      "linux.seccomp.defaultAction: SCMP_ACT_NOTIFY cannot be the default");
}

static void a_system_call_has_six_arguments(void **state)
{
	struct profile profile;
	struct seccomp *seccomp = profile_for(&profile, "mkdir", SECCOMP_ERRNO);

	(void)state;
	profile.rule.args.v = profile.arguments;
	profile.rule.args.n = 1;
	profile.argument.index = 5;
	SUCCEEDS(seccomp_check(seccomp, &err));
	profile.argument.index = 6;
	FAILS(seccomp_check(seccomp, &err), EINVAL,
	      "linux.seccomp.syscalls[0].args[0].index: 6 is not in 0..5");
}

static void the_rule_is_named_by_its_number(void **state)
{
	struct profile profile;
	struct seccomp *seccomp = profile_for(&profile, "mkdir", SECCOMP_ALLOW);
	struct seccomp_rule bad = profile.rule;

	(void)state;
	bad.errno_ret = (struct opt_uint32){ true, 1 };
	profile.rules[1] = &bad;
	seccomp->syscalls.n = 2;
	FAILS(seccomp_check(seccomp, &err), EINVAL, "linux.seccomp.syscalls[1].errnoRet: ");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_action_without_an_errno_is_allowed),
		cmocka_unit_test(an_errno_goes_with_errno_and_trace),
		cmocka_unit_test(the_default_takes_an_errno_by_the_same_rule),
		cmocka_unit_test(an_errno_has_a_largest_value),
		cmocka_unit_test(nothing_stops_the_write_that_passes_the_listener_on),
		cmocka_unit_test(a_system_call_has_six_arguments),
		cmocka_unit_test(the_rule_is_named_by_its_number),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
