/* Asking the tables of config.json by the path of a field. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <string.h>

#include "spec/config.h"

static void the_words_of_a_field_are_those_it_can_hold(void **state)
{
	const struct word *words = table_words(&config_type, "linux.namespaces.type");
	size_t n = 0;

	(void)state;
	assert_non_null(words);
	for (; words[n].name; n++)
		if (strcmp(words[n].name, "time") == 0)
			assert_int_equal(words[n].number, NAMESPACE_TIME);
	assert_int_equal(n, NAMESPACE_TYPES);
	assert_non_null(table_words(&config_type, "linux.seccomp.syscalls.args.op"));
	assert_non_null(table_words(&config_type, "linux.seccomp.flags"));
	assert_non_null(table_words(&process_type, "rlimits.type"));
}

static void what_is_no_field_has_no_words(void **state)
{
	static const char *const paths[] = { "",
					     "linux",
					     "linux.namespaces",
					     "nosuch",
					     "linux.nosuch",
					     "ociVersion.x",
					     "linux.namespaces.type.x",
					     "linu.x",
					     ".",
					     "linux..type" };

	(void)state;
	for (size_t i = 0; i < sizeof paths / sizeof *paths; i++)
		if (table_words(&config_type, paths[i]))
			fail_msg("'%s' has words", paths[i]);
}

static void the_fields_of_an_object_have_names(void **state)
{
	static const char *const expected[] = { "prestart",	   "createRuntime",
						"createContainer", "startContainer",
						"poststart",	   "poststop" };

	(void)state;
	for (size_t i = 0; i < sizeof expected / sizeof *expected; i++)
		assert_string_equal(table_field_name(&config_type, "hooks", i), expected[i]);
	assert_null(table_field_name(&config_type, "hooks", sizeof expected / sizeof *expected));
	assert_string_equal(table_field_name(&config_type, "", 0), "ociVersion");
	assert_null(table_field_name(&config_type, "nosuch", 0));
	assert_null(table_field_name(&config_type, "hostname", 0));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_words_of_a_field_are_those_it_can_hold),
		cmocka_unit_test(what_is_no_field_has_no_words),
		cmocka_unit_test(the_fields_of_an_object_have_names),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
