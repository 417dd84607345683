/* Device rules for the tests: lists built from a few kinds, and what they mean, said in the plainest
 * way: for each access on its own, the last rule that matches decides. */
#pragma once

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "runtime/cgroup/devices.h"

static bool rule_matches(const struct cgroup_device_rule *rule, char type, uint32_t major,
			 uint32_t minor, int access)
{
	return rule->type == type && (rule->major == DEVICE_ANY || rule->major == major) &&
	       (rule->minor == DEVICE_ANY || rule->minor == minor) && (rule->access & access);
}

/* @access: any of DEVICE_READ, DEVICE_WRITE, DEVICE_MKNOD together, as open(O_RDWR) asks. */
static bool __attribute__((unused)) rules_allow(const struct cgroup_device_rules *rules, char type,
						uint32_t major, uint32_t minor, int access)
{
	for (int bit = 1; bit <= DEVICE_MKNOD; bit *= 2) {
		bool allow = rules->default_allow;
		if (!(access & bit))
			continue;
		for (size_t i = 0; i < rules->n; i++)
			if (rule_matches(&rules->v[i], type, major, minor, bit))
				allow = rules->v[i].allow;
		if (!allow)
			return false;
	}
	return true;
}

/* Every rule over a few numbers, among them those that are negative as 32 bits. */
static const int64_t some_numbers[] = { DEVICE_ANY, 1, 3, 0xffffffff };
#define SOME_NUMBERS 4u
#define SOME_RULES (2u * 2u * SOME_NUMBERS * SOME_NUMBERS * 7u)

static struct cgroup_device_rule __attribute__((unused)) some_rule(unsigned n)
{
	struct cgroup_device_rule rule = { .allow = n & 1, .type = n & 2 ? 'c' : 'b' };

	n /= 4;
	rule.major = some_numbers[n % SOME_NUMBERS];
	n /= SOME_NUMBERS;
	rule.minor = some_numbers[n % SOME_NUMBERS];
	n /= SOME_NUMBERS;
	rule.access = (int)(1 + n % 7);
	return rule;
}

/* A sequence that is the same in every run. */
static unsigned __attribute__((unused)) next_random(uint32_t *seed)
{
	*seed = *seed * 1664525u + 1013904223u;
	return *seed >> 8;
}
