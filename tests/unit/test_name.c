/* What containers may be called. */
#include "shim/name.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

static void names_that_docker_takes_are_taken(void **state)
{
	static const char *const names[] = { "web", "0", "Web_1.a-b", "a.", "a--" };

	(void)state;
	for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
		assert_int_equal(name_check(names[i], NULL), 0);
		assert_int_equal(id_check(names[i], NULL), 0);
	}
}

static void others_are_refused_in_dockers_words(void **state)
{
	static const char *const names[] = { ".",   "..",  "-a",       "_a", "a/b", "a b",
					     "a\n", "a:b", "\xc3\xa9", "a+", "/a" };
	char longest[NAME_LENGTH_MAX + 2];
	struct error err = { 0 };

	(void)state;
	for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
		assert_int_equal(name_check(names[i], &err), -1);
		assert_int_equal(err.code, EINVAL);
		assert_non_null(strstr(err.msg, "only [a-zA-Z0-9][a-zA-Z0-9_.-] are allowed"));
		assert_null(strchr(err.msg, '\n'));
	}
	assert_int_equal(name_check("", &err), -1);
	assert_string_equal(err.msg, "container name cannot be empty");
	assert_int_equal(id_check("a b", &err), -1);
	assert_non_null(strstr(err.msg, "Invalid container id (a b)"));
	memset(longest, 'a', sizeof longest);
	longest[NAME_LENGTH_MAX + 1] = '\0';
	assert_int_equal(name_check(longest, &err), -1);
	assert_non_null(strstr(err.msg, "longer than 200 bytes"));
	longest[NAME_LENGTH_MAX] = '\0';
	assert_int_equal(name_check(longest, &err), 0);
}

static void ids_are_made_of_64_digits_and_differ(void **state)
{
	char one[ID_LENGTH + 1], two[ID_LENGTH + 1];

	(void)state;
	for (int i = 0; i < 200; i++) {
		assert_int_equal(id_make(one, NULL), 0);
		assert_int_equal(id_make(two, NULL), 0);
		assert_int_equal(strspn(one, "0123456789abcdef"), ID_LENGTH);
		assert_string_not_equal(one, two);
		assert_true(strspn(one, "0123456789") < 12);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(names_that_docker_takes_are_taken),
		cmocka_unit_test(others_are_refused_in_dockers_words),
		cmocka_unit_test(ids_are_made_of_64_digits_and_differ),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
