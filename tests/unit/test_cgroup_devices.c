/* Which device rules a configuration stands for. */
#include "tests/unit/cgroup_devices.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define SET(number)                            \
	{                                      \
		.set = true, .value = (number) \
	}
#define N_DEFAULT 11

static int rules_of(struct device_rule **rules, size_t n, struct cgroup_device_rules *ret,
		    struct error *err)
{
	struct resources resources = { .devices = { rules, n } };
	struct linux_config linux_ = { .resources = &resources };

	return cgroup_device_rules(&(struct config){ .linux_ = &linux_ }, ret, err);
}

static void check_rule(const struct cgroup_device_rule *rule, bool allow, const char *expected)
{
	char line[CGROUP_DEVICE_LINE];

	cgroup_device_line(rule, line);
	assert_string_equal(line, expected);
	assert_int_equal(rule->allow, allow);
}

static void without_rules_only_the_default_devices_are_allowed(void **state)
{
	static const char *const expected[N_DEFAULT] = {
		"c *:* m",   "b *:* m",	  "c 1:3 rwm",	 "c 1:8 rwm", "c 1:7 rwm",    "c 5:0 rwm",
		"c 1:5 rwm", "c 1:9 rwm", "c 136:* rwm", "c 5:2 rwm", "c 10:200 rwm",
	};
	struct cgroup_device_rules rules;
	struct error err = { 0 };

	(void)state;
	assert_int_equal(cgroup_device_rules(&(struct config){ 0 }, &rules, &err), 0);
	assert_false(rules.default_allow);
	assert_int_equal(rules.n, N_DEFAULT);
	for (size_t i = 0; i < N_DEFAULT; i++)
		check_rule(&rules.v[i], true, expected[i]);
	cgroup_device_rules_finish(&rules);
}

static void a_rule_for_everything_starts_over(void **state)
{
	struct device_rule one = {
		.allow = true, .type = 'c', .major = SET(4), .access = (char[]){ "r" }
	};
	struct device_rule all = { .allow = true, .access = (char[]){ "rwm" } };
	struct device_rule none = {
		.allow = false, .type = 'a', .major = SET(-1), .minor = SET(-1)
	};
	struct device_rule *open_end[] = { &one, &none, &one, &all };
	struct device_rule *shut_end[] = { &all, &one, &none, &one };
	struct cgroup_device_rules rules;
	struct error err = { 0 };

	(void)state;
	assert_int_equal(rules_of(open_end, 4, &rules, &err), 0);
	assert_true(rules.default_allow);
	assert_int_equal(rules.n, N_DEFAULT);
	cgroup_device_rules_finish(&rules);
	assert_int_equal(rules_of(shut_end, 4, &rules, &err), 0);
	assert_false(rules.default_allow);
	assert_int_equal(rules.n, 1 + N_DEFAULT);
	check_rule(&rules.v[0], true, "c 4:* r");
	cgroup_device_rules_finish(&rules);
}

/* "a" with a number is not everything: taking it for that would open the host. */
static void all_types_with_a_number_are_two_rules(void **state)
{
	struct device_rule numbered = {
		.allow = true, .type = 'a', .major = SET(8), .access = (char[]){ "wr" }
	};
	struct device_rule limited = { .allow = false, .access = (char[]){ "m" } };
	struct device_rule *list[] = { &numbered, &limited };
	struct cgroup_device_rules rules;
	struct error err = { 0 };

	(void)state;
	assert_int_equal(rules_of(list, 2, &rules, &err), 0);
	assert_false(rules.default_allow);
	assert_int_equal(rules.n, 4 + N_DEFAULT);
	check_rule(&rules.v[0], true, "c 8:* rw");
	check_rule(&rules.v[1], true, "b 8:* rw");
	check_rule(&rules.v[2], false, "c *:* m");
	check_rule(&rules.v[3], false, "b *:* m");
	cgroup_device_rules_finish(&rules);
}

static void a_default_device_that_is_redefined_is_left_out(void **state)
{
	struct device null = { .path = (char[]){ "/dev/null" } },
		      other = { .path = (char[]){ "/dev/x" } };
	struct device *devices[] = { &other, &null };
	struct linux_config linux_ = { .devices = { devices, 2 } };
	struct cgroup_device_rules rules;
	struct error err = { 0 };

	(void)state;
	assert_int_equal(cgroup_device_rules(&(struct config){ .linux_ = &linux_ }, &rules, &err),
			 0);
	assert_int_equal(rules.n, N_DEFAULT - 1);
	assert_false(rules_allow(&rules, 'c', 1, 3, DEVICE_READ));
	assert_true(rules_allow(&rules, 'c', 1, 5, DEVICE_READ));
	cgroup_device_rules_finish(&rules);
}

static void check_bad_rule(struct device_rule rule, const char *message)
{
	struct device_rule good = { .allow = true, .type = 'c', .access = (char[]){ "r" } };
	struct device_rule *list[] = { &good, &rule };
	struct cgroup_device_rules rules;
	struct error err = { 0 };

	assert_int_equal(rules_of(list, 2, &rules, &err), -1);
	assert_int_equal(err.code, EINVAL);
	assert_string_equal(err.msg, message);
	assert_null(rules.v);
}

static void what_is_no_rule_is_refused(void **state)
{
	(void)state;
	check_bad_rule((struct device_rule){ .type = 'c', .access = (char[]){ "rx" } },
		       "linux.resources.devices[1].access: 'rx' is not made of r, w and m");
	check_bad_rule((struct device_rule){ .type = 'c', .access = (char[]){ "" } },
		       "linux.resources.devices[1].access: '' is not made of r, w and m");
	check_bad_rule((struct device_rule){ .type = 'p' },
		       "linux.resources.devices[1].type: not a, b or c");
	check_bad_rule((struct device_rule){ .type = 'c', .major = SET(1LL << 32) },
		       "linux.resources.devices[1]: device number out of range");
	check_bad_rule((struct device_rule){ .type = 'c', .minor = SET(-2) },
		       "linux.resources.devices[1]: device number out of range");
}

static void the_number_of_rules_has_a_bound(void **state)
{
	struct device_rule rule = { .allow = true, .type = 'c', .access = (char[]){ "r" } };
	size_t n = 4097;
	struct device_rule **list = calloc(n, sizeof *list);
	struct cgroup_device_rules rules;
	struct error err = { 0 };

	(void)state;
	assert_non_null(list);
	for (size_t i = 0; i < n; i++)
		list[i] = &rule;
	assert_int_equal(rules_of(list, n, &rules, &err), -1);
	assert_int_equal(err.code, E2BIG);
	assert_int_equal(rules_of(list, n - 1, &rules, &err), 0);
	cgroup_device_rules_finish(&rules);
	free(list);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(without_rules_only_the_default_devices_are_allowed),
		cmocka_unit_test(a_rule_for_everything_starts_over),
		cmocka_unit_test(all_types_with_a_number_are_two_rules),
		cmocka_unit_test(a_default_device_that_is_redefined_is_left_out),
		cmocka_unit_test(what_is_no_rule_is_refused),
		cmocka_unit_test(the_number_of_rules_has_a_bound),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
