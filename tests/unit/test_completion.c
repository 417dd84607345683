/* What words of the tables stand for, and how arguments are taken apart. */
#include "spec/cli/completion.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

static enum completion of(const char *name)
{
	return completion_of(name, name ? strlen(name) : 0);
}

static void names_say_what_a_word_can_be(void **state)
{
	(void)state;
	assert_int_equal(of("FILE"), COMPLETE_FILE);
	assert_int_equal(of("SOCKET"), COMPLETE_FILE);
	assert_int_equal(of("DIR"), COMPLETE_DIRECTORY);
	assert_int_equal(of("BUNDLE"), COMPLETE_DIRECTORY);
	assert_int_equal(of("DIR|BUNDLE"), COMPLETE_DIRECTORY);
	assert_int_equal(of("IMAGE"), COMPLETE_IMAGE);
	assert_int_equal(of("ID"), COMPLETE_ID);
	assert_int_equal(of("COMMAND"), COMPLETE_COMMAND);
	assert_int_equal(of("text|json"), COMPLETE_CHOICE);
	assert_int_equal(of("N"), COMPLETE_NOTHING);
	assert_int_equal(of("IDS"), COMPLETE_NOTHING);
	assert_int_equal(of(""), COMPLETE_NOTHING);
	assert_int_equal(of(NULL), COMPLETE_NOTHING);
	assert_int_equal(completion_of("ID|x", 2), COMPLETE_ID);
}

/* @expected: the names apart by spaces, with a plus behind one that repeats. */
static void check_arguments(const char *arguments, const char *expected)
{
	struct completion_argument argument;
	char got[128] = "";

	while (completion_next_argument(&arguments, &argument)) {
		size_t used = strlen(got);
		snprintf(got + used, sizeof got - used, "%s%.*s%s", used ? " " : "",
			 (int)argument.length, argument.name, argument.repeats ? "+" : "");
	}
	assert_string_equal(got, expected);
}

static void arguments_are_taken_apart(void **state)
{
	(void)state;
	check_arguments("", "");
	check_arguments("ID", "ID");
	check_arguments("ID [SIGNAL]", "ID SIGNAL");
	check_arguments("ID...", "ID+");
	check_arguments("ID [PROGRAM [ARGUMENT…]]", "ID PROGRAM ARGUMENT+");
	check_arguments("bash|zsh|fish", "bash|zsh|fish");
	check_arguments("[COMMAND]", "COMMAND");
	check_arguments("[", "");
	check_arguments(" ] ", "");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(names_say_what_a_word_can_be),
		cmocka_unit_test(arguments_are_taken_apart),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
