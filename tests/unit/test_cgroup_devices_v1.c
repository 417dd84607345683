/* Device rules as cgroup v1 takes them: what the kernel then decides is what the rules say. */
#include "tests/unit/cgroup_devices.h"

#include <errno.h>
#include <string.h>

/* What devices.allow and devices.deny do with one access (Documentation/admin-guide/cgroup-v1/devices.rst):
 * it is the default unless one exception covers it. */
static bool kernel_allows(const struct cgroup_device_rules *exceptions, char type, uint32_t major,
			  uint32_t minor, int access)
{
	for (size_t i = 0; i < exceptions->n; i++)
		if (rule_matches(&exceptions->v[i], type, major, minor, access))
			return !exceptions->default_allow;
	return exceptions->default_allow;
}

static void check_same(const struct cgroup_device_rules *rules,
		       const struct cgroup_device_rules *exceptions)
{
	static const uint32_t numbers[] = { 0, 1, 3, 0xffffffff };

	for (unsigned n = 0; n < 4 * 4 * 2 * 3; n++) {
		char type = n & 1 ? 'c' : 'b';
		uint32_t major = numbers[n / 2 % 4], minor = numbers[n / 8 % 4];
		int access = 1 << (n / 32);
		if (kernel_allows(exceptions, type, major, minor, access) !=
		    rules_allow(rules, type, major, minor, access))
			fail_msg("%c %u:%u access %d", type, major, minor, access);
	}
}

static void what_the_kernel_decides_is_what_the_rules_say(void **state)
{
	uint32_t seed = 7;
	unsigned told = 0, refused = 0;

	(void)state;
	for (unsigned round = 0; round < 20000; round++) {
		struct cgroup_device_rule v[4];
		struct cgroup_device_rules rules = { round & 1, v, 1 + round / 2 % 4 }, exceptions;
		struct error err = { 0 };
		for (size_t i = 0; i < rules.n; i++)
			v[i] = some_rule(next_random(&seed) % SOME_RULES);
		if (cgroup_device_exceptions(&rules, &exceptions, &err)) {
			assert_int_equal(err.code, EINVAL);
			assert_null(exceptions.v);
			refused++;
			continue;
		}
		check_same(&rules, &exceptions);
		cgroup_device_rules_finish(&exceptions);
		told++;
	}
	assert_true(told > 1000 && refused > 100);
}

static void exceptions_are_united_and_taken_back(void **state)
{
	struct cgroup_device_rule v[] = {
		{ true, 'c', 1, 3, DEVICE_READ },  { true, 'c', 1, 3, DEVICE_WRITE },
		{ false, 'c', 1, 3, DEVICE_READ }, { true, 'b', 8, DEVICE_ANY, DEVICE_ALL },
		{ true, 'c', 9, 9, DEVICE_ALL },   { false, 'c', 9, DEVICE_ANY, DEVICE_ALL },
	};
	const struct cgroup_device_rules rules = { false, v, 6 };
	struct cgroup_device_rules exceptions;
	char line[CGROUP_DEVICE_LINE];
	struct error err = { 0 };

	(void)state;
	assert_int_equal(cgroup_device_exceptions(&rules, &exceptions, &err), 0);
	assert_int_equal(exceptions.n, 2);
	cgroup_device_line(&exceptions.v[0], line);
	assert_string_equal(line, "c 1:3 w");
	cgroup_device_line(&exceptions.v[1], line);
	assert_string_equal(line, "b 8:* rwm");
	cgroup_device_rules_finish(&exceptions);
}

/* The kernel would ignore such a line without a word. */
static void a_hole_in_a_wider_rule_is_refused(void **state)
{
	struct cgroup_device_rule v[] = {
		{ true, 'c', 1, DEVICE_ANY, DEVICE_ALL },
		{ false, 'c', 1, 3, DEVICE_WRITE },
	};
	const struct cgroup_device_rules rules = { false, v, 2 };
	struct cgroup_device_rules exceptions;
	struct error err = { 0 };

	(void)state;
	assert_int_equal(cgroup_device_exceptions(&rules, &exceptions, &err), -1);
	assert_string_equal(err.msg, "linux.resources.devices: cgroup v1 cannot deny 'c 1:3 w' out "
				     "of 'c 1:* rwm', which an earlier rule allows");
}

static void the_longest_line_fits(void **state)
{
	const struct cgroup_device_rule rule = { true, 'c', 0xffffffff, 0xffffffff, DEVICE_ALL };
	char line[CGROUP_DEVICE_LINE];

	(void)state;
	cgroup_device_line(&rule, line);
	assert_string_equal(line, "c 4294967295:4294967295 rwm");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_the_kernel_decides_is_what_the_rules_say),
		cmocka_unit_test(exceptions_are_united_and_taken_back),
		cmocka_unit_test(a_hole_in_a_wider_rule_is_refused),
		cmocka_unit_test(the_longest_line_fits),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
