/* The conversions of weights, compared with the C library's logarithm and power over the whole range. */
#include "runtime/cgroup/weight.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <math.h>

static void shares_meet_both_ends_and_the_default(void **state)
{
	(void)state;
	assert_int_equal(cgroup_weight_of_shares(0), 1);
	assert_int_equal(cgroup_weight_of_shares(2), 1);
	assert_int_equal(cgroup_weight_of_shares(1024), 100);
	assert_int_equal(cgroup_weight_of_shares(262144), 10000);
	assert_int_equal(cgroup_weight_of_shares(UINT64_MAX), 10000);
}

static void shares_agree_with_the_formula(void **state)
{
	(void)state;
	for (uint64_t shares = 3; shares < 262144; shares++) {
		double l = log2((double)shares);
		double weight = pow(10, (l * l + 125 * l) / 612.0 - 7.0 / 34.0);
		if (cgroup_weight_of_shares(shares) != (unsigned)ceil(weight))
			fail_msg("%llu shares: %u, not %.17g", (unsigned long long)shares,
				 cgroup_weight_of_shares(shares), weight);
	}
}

static void io_weights_are_in_a_straight_line(void **state)
{
	(void)state;
	assert_int_equal(cgroup_io_weight(0), 1);
	assert_int_equal(cgroup_io_weight(10), 1);
	assert_int_equal(cgroup_io_weight(11), 11);
	assert_int_equal(cgroup_io_weight(500), 4950);
	assert_int_equal(cgroup_io_weight(999), 9989);
	assert_int_equal(cgroup_io_weight(1000), 10000);
	assert_int_equal(cgroup_io_weight(UINT32_MAX), 10000);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(shares_meet_both_ends_and_the_default),
		cmocka_unit_test(shares_agree_with_the_formula),
		cmocka_unit_test(io_weights_are_in_a_straight_line),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
