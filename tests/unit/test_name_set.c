/* Sets of names keep every name apart, and find them again however many there are. */
#include "imgtool/layer/name_set.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

static struct error err;

static void every_part_counts(void **state)
{
	struct name_key key = { 1, 2 };
	uint64_t hash = name_hash(&key, 3, "0123456789", 10);
	char changed[11] = "0123456789";

	(void)state;
	assert_true(hash == name_hash(&key, 3, changed, 10));
	for (size_t i = 0; i < 10; i++) {
		changed[i] ^= 1;
		assert_true(hash != name_hash(&key, 3, changed, 10));
		changed[i] ^= 1;
	}
	assert_true(hash != name_hash(&key, 4, changed, 10));
	assert_true(hash != name_hash(&key, 3, changed, 9));
	assert_true(name_hash(&key, 0, "\0\0", 1) != name_hash(&key, 0, "\0\0", 2));
}

static void keys_differ_from_run_to_run(void **state)
{
	struct name_key one, other;

	(void)state;
	assert_int_equal(name_key_make(&one, &err), 0);
	assert_int_equal(name_key_make(&other, &err), 0);
	assert_true(name_hash(&one, 0, "a", 1) != name_hash(&other, 0, "a", 1));
}

static void an_empty_set_has_nothing(void **state)
{
	struct name_set set = { 0 };

	(void)state;
	assert_false(name_set_has(&set, 1));
	name_set_finish(&set);
}

static void many_names_are_found_and_no_others(void **state)
{
	struct name_key key;
	struct name_set set = { 0 };
	char name[16];

	(void)state;
	assert_int_equal(name_key_make(&key, &err), 0);
	for (unsigned i = 0; i < 100000; i++) {
		int length = snprintf(name, sizeof name, "%u", i);

		assert_int_equal(
			name_set_add(&set, name_hash(&key, i % 7, name, (size_t)length), &err), 0);
		assert_int_equal(
			name_set_add(&set, name_hash(&key, i % 7, name, (size_t)length), &err), 0);
	}
	assert_int_equal(set.n, 100000);
	for (unsigned i = 0; i < 200000; i++) {
		int length = snprintf(name, sizeof name, "%u", i);

		assert_int_equal(name_set_has(&set, name_hash(&key, i % 7, name, (size_t)length)),
				 i < 100000);
	}
	name_set_finish(&set);
	assert_null(set.slots);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_part_counts),
		cmocka_unit_test(keys_differ_from_run_to_run),
		cmocka_unit_test(an_empty_set_has_nothing),
		cmocka_unit_test(many_names_are_found_and_no_others),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
