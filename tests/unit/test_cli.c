/* Every form in which an option may be written, and the help made from the tables. */
#include "spec/cli/cli.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

static struct {
	bool force, all;
	const char *root;
	unsigned fds;
	struct string_list env;
} given;

static const struct option options[] = {
	{ "force", 'f', OPTION_FLAG, &given.force, NULL, "even when it runs" },
	{ "all", 'a', OPTION_FLAG, &given.all, NULL, "all of them" },
	{ "root", 0, OPTION_TEXT, &given.root, "DIR", "where to look" },
	{ "preserve-fds", 'n', OPTION_COUNT, &given.fds, "N", "how many" },
	{ "env", 'e', OPTION_LIST, &given.env, "NAME=VALUE", "once more each" },
	{ 0 },
};

#define WORDS_MAX 8
static char *words[WORDS_MAX + 1];
static struct error err;

/* Parses @line, whose words are apart by single spaces; returns what options_parse does. */
static int parse(const char *line, bool stop_at_first)
{
	static char copy[256];
	char *rest = copy;
	int n = 0;

	string_list_finish(&given.env);
	memset(&given, 0, sizeof given);
	err = (struct error){ 0 };
	snprintf(copy, sizeof copy, "%s", line);
	while (n < WORDS_MAX && rest && *rest)
		words[n++] = strsep(&rest, " ");
	words[n] = NULL;
	return options_parse(options, n, words, stop_at_first, &err);
}

static void check_left(const char *line, bool stop_at_first, const char *expected)
{
	char left[256] = "";
	int n = parse(line, stop_at_first);

	if (n < 0)
		fail_msg("\"%s\": %s", line, err.msg);
	for (int i = 0; i < n; i++)
		snprintf(left + strlen(left), sizeof left - strlen(left), "%s%s", i ? " " : "",
			 words[i]);
	assert_string_equal(left, expected);
	assert_null(words[n]);
}

static void check_refused(const char *line, const char *text)
{
	if (parse(line, false) != -1)
		fail_msg("\"%s\" was taken", line);
	assert_int_equal(err.code, EINVAL);
	if (!strstr(err.msg, text))
		fail_msg("\"%s\": \"%s\" and not \"%s\"", line, err.msg, text);
}

static void a_value_stands_behind_its_option(void **state)
{
	(void)state;
	check_left("--root /r ID", false, "ID");
	assert_string_equal(given.root, "/r");
	check_left("--preserve-fds 3", false, "");
	assert_int_equal(given.fds, 3);
}

static void a_value_stands_behind_an_equals_sign(void **state)
{
	(void)state;
	check_left("--root=/r=s ID", false, "ID");
	assert_string_equal(given.root, "/r=s");
	check_left("--preserve-fds=65535", false, "");
	assert_int_equal(given.fds, 65535);
	check_left("--root= ID", false, "ID");
	assert_string_equal(given.root, "");
}

static void one_dash_is_as_good_as_two(void **state)
{
	(void)state;
	check_left("-root /r -force ID", false, "ID");
	assert_string_equal(given.root, "/r");
	assert_true(given.force);
	check_left("-root=/r", false, "");
	assert_string_equal(given.root, "/r");
}

static void letters_stand_for_options(void **state)
{
	(void)state;
	check_left("-f -n 4 ID", false, "ID");
	assert_true(given.force);
	assert_int_equal(given.fds, 4);
	check_left("-n=5", false, "");
	assert_int_equal(given.fds, 5);
}

static void an_option_without_a_letter_has_none(void **state)
{
	(void)state;
	check_refused("-r /r", "flag provided but not defined: -r");
}

static void flags_may_say_true_and_false(void **state)
{
	(void)state;
	check_left("--force=true -a=1", false, "");
	assert_true(given.force && given.all);
	check_left("--force --force=false -a -a=0", false, "");
	assert_false(given.force || given.all);
	check_refused("--force=maybe", "option --force: 'maybe' is neither true nor false");
	check_refused("--force=", "neither true nor false");
}

static void a_flag_takes_no_word_of_its_own(void **state)
{
	(void)state;
	check_left("--force true", false, "true");
	assert_true(given.force);
}

static void options_may_follow_arguments(void **state)
{
	(void)state;
	check_left("ID --force KILL", false, "ID KILL");
	assert_true(given.force);
}

static void global_options_end_at_the_first_argument(void **state)
{
	(void)state;
	check_left("--root /r delete --force ID", true, "delete --force ID");
	assert_string_equal(given.root, "/r");
	assert_false(given.force);
}

static void a_list_takes_every_value(void **state)
{
	(void)state;
	check_left("--env A=1 -e B=2 ID --env=C=", false, "ID");
	assert_int_equal(given.env.n, 3);
	assert_string_equal(given.env.v[0], "A=1");
	assert_string_equal(given.env.v[1], "B=2");
	assert_string_equal(given.env.v[2], "C=");
}

static void help_is_understood_where_options_are(void **state)
{
	(void)state;
	assert_int_equal(parse("ID --help", false), OPTIONS_HELP);
	assert_int_equal(parse("-f -h", false), OPTIONS_HELP);
	assert_int_equal(parse("-help ID", true), OPTIONS_HELP);
	/* Another program's words, and a value. */
	check_left("-f ID --help", true, "ID --help");
	check_left("-- --help", false, "--help");
	check_left("--root --help", false, "");
}

static void two_dashes_end_the_options(void **state)
{
	(void)state;
	check_left("--all -- --force -x --", false, "--force -x --");
	assert_true(given.all);
	assert_false(given.force);
	check_left("-- --root", true, "--root");
	check_left("--", false, "");
}

static void two_dashes_can_be_a_value(void **state)
{
	(void)state;
	check_left("--root -- ID", false, "ID");
	assert_string_equal(given.root, "--");
}

static void a_single_dash_is_an_argument(void **state)
{
	(void)state;
	check_left("- --force", false, "-");
	assert_true(given.force);
}

static void an_empty_word_is_an_argument(void **state)
{
	char empty[] = "", flag[] = "--all";
	char *two[] = { empty, flag, NULL };

	(void)state;
	given.all = false;
	assert_int_equal(options_parse(options, 2, two, false, &err), 1);
	assert_ptr_equal(two[0], empty);
	assert_null(two[1]);
	assert_true(given.all);
}

static void unknown_options_are_refused(void **state)
{
	(void)state;
	check_refused("--unknown", "flag provided but not defined: -unknown; --help lists");
	check_refused("--unknown=value", "flag provided but not defined: -unknown;");
	check_refused("--forc", "not defined: -forc");
	check_refused("--forced", "not defined: -forced");
	check_refused("-x", "not defined: -x");
	check_refused("--=x", "not defined: -;");
	check_refused("---force", "not defined: --force");
}

static void a_missing_value_is_refused(void **state)
{
	(void)state;
	check_refused("ID --root", "flag needs an argument: --root");
	check_refused("-n", "flag needs an argument: --preserve-fds");
}

static void numbers_must_be_numbers(void **state)
{
	(void)state;
	check_refused("-n x", "option --preserve-fds: 'x' is no number from 0 to 65535");
	check_refused("-n -1", "'-1' is no number");
	check_refused("-n 3x", "'3x' is no number");
	check_refused("-n=", "'' is no number");
	check_refused("-n 65536", "'65536' is no number");
	check_refused("-n 18446744073709551617", "is no number");
}

static void the_last_value_wins(void **state)
{
	(void)state;
	check_left("--root /a --root=/b -n 1 -n 2", false, "");
	assert_string_equal(given.root, "/b");
	assert_int_equal(given.fds, 2);
}

/* What @print writes to stdout. */
static const char *printed(void (*print)(void))
{
	static char text[4096];
	FILE *file = tmpfile();
	int saved = dup(1);

	assert_non_null(file);
	fflush(stdout);
	dup2(fileno(file), 1);
	print();
	fflush(stdout);
	dup2(saved, 1);
	close(saved);
	rewind(file);
	text[fread(text, 1, sizeof text - 1, file)] = '\0';
	fclose(file);
	return text;
}

static const struct option no_options[] = { { 0 } };
static const struct verb with_options = { .name = "delete",
					  .arguments = "ID",
					  .summary = "Removes it.",
					  .options = options,
					  .min_arguments = 1,
					  .max_arguments = 1 };
static const struct verb without_options = { .name = "state",
					     .arguments = "ID",
					     .summary = "Prints it.",
					     .options = no_options,
					     .min_arguments = 1,
					     .max_arguments = 1 };

static const struct verb *const verbs[] = { &with_options, &without_options, NULL };
static const struct program program = { .name = "orun",
					.purpose =
						"Runs containers by the OCI runtime specification.",
					.verbs = verbs,
					.options = options };

static void print_verb(void)
{
	help_print_verb(&program, &with_options);
}

static void print_bare_verb(void)
{
	help_print_verb(&program, &without_options);
}

static void print_program(void)
{
	help_print_program(&program);
}

static void a_verbs_help_lists_its_options(void **state)
{
	(void)state;
	assert_string_equal(printed(print_verb),
			    "Usage: orun delete [OPTIONS] ID\n\nRemoves it.\n\nOptions:\n"
			    "  -f, --force                    even when it runs\n"
			    "  -a, --all                      all of them\n"
			    "      --root DIR                 where to look\n"
			    "  -n, --preserve-fds N           how many\n"
			    "  -e, --env NAME=VALUE           once more each\n");
	assert_string_equal(printed(print_bare_verb),
			    "Usage: orun state [OPTIONS] ID\n\nPrints it.\n");
}

static void the_programs_help_lists_every_verb(void **state)
{
	const char *text = printed(print_program);

	(void)state;
	assert_non_null(strstr(text, "\nCommands:\n  delete     Removes it.\n"
				     "  state      Prints it.\n\nOptions:\n  -f, --force "));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_value_stands_behind_its_option),
		cmocka_unit_test(a_value_stands_behind_an_equals_sign),
		cmocka_unit_test(one_dash_is_as_good_as_two),
		cmocka_unit_test(letters_stand_for_options),
		cmocka_unit_test(an_option_without_a_letter_has_none),
		cmocka_unit_test(flags_may_say_true_and_false),
		cmocka_unit_test(a_flag_takes_no_word_of_its_own),
		cmocka_unit_test(options_may_follow_arguments),
		cmocka_unit_test(global_options_end_at_the_first_argument),
		cmocka_unit_test(a_list_takes_every_value),
		cmocka_unit_test(help_is_understood_where_options_are),
		cmocka_unit_test(two_dashes_end_the_options),
		cmocka_unit_test(two_dashes_can_be_a_value),
		cmocka_unit_test(a_single_dash_is_an_argument),
		cmocka_unit_test(an_empty_word_is_an_argument),
		cmocka_unit_test(unknown_options_are_refused),
		cmocka_unit_test(a_missing_value_is_refused),
		cmocka_unit_test(numbers_must_be_numbers),
		cmocka_unit_test(the_last_value_wins),
		cmocka_unit_test(a_verbs_help_lists_its_options),
		cmocka_unit_test(the_programs_help_lists_every_verb),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
