/* Numbers of cgroup v1 in the ranges of v2. Has its own logarithm and power, because loading libm
 * for one number would cost every start of the dynamically linked runtime. */
#include "runtime/cgroup/weight.h"

#define LN2 0.69314718055994530942
#define LN10 2.30258509299404568402

/* 2 * atanh((m - 1) / (m + 1)) = ln(m); for m in [1, 2) each term is at most a ninth of the last. */
static double natural_logarithm_of_mantissa(double m)
{
	double z = (m - 1) / (m + 1), power = z, sum = 0;

	for (int n = 1; n < 40; n += 2) {
		sum += power / n;
		power *= z * z;
	}
	return 2 * sum;
}

static double logarithm_base_2(uint64_t value)
{
	int exponent = 63 - __builtin_clzll(value);

	return exponent +
	       natural_logarithm_of_mantissa((double)value / (double)(1ull << exponent)) / LN2;
}

static double power_of_10(double exponent)
{
	double x = exponent * LN10, term = 1, sum = 1;

	/* Arguments are at most 4 * ln(10) = 9.3: 60 terms leave less than a double can show. */
	for (int n = 1; n < 60; n++) {
		term *= x / n;
		sum += term;
	}
	return sum;
}

unsigned cgroup_weight_of_shares(uint64_t shares)
{
	if (shares <= 2)
		return 1;
	if (shares >= 262144)
		return 10000;
	double l = logarithm_base_2(shares);
	double weight = power_of_10((l * l + 125 * l) / 612 - 7.0 / 34);
	/* Rounding up must not turn the rounding errors of an exact 100 into 101. */
	unsigned whole = (unsigned)(weight + 1e-9);
	return weight - whole > 1e-9 ? whole + 1 : whole;
}

unsigned cgroup_io_weight(uint32_t weight)
{
	if (weight <= 10)
		return 1;
	if (weight >= 1000)
		return 10000;
	return 1 + (weight - 10) * 9999 / 990;
}
