/* Environments: later words win, names alone are taken from the caller, and files have docker's form. */
#include "imgtool/convert/environment.h"

#include "tests/unit/sandbox.h"

static struct string_list environment;
static struct error err;

static int begin(void **state)
{
	(void)state;
	err = (struct error){ 0 };
	return 0;
}

static int end(void **state)
{
	(void)state;
	string_list_finish(&environment);
	return 0;
}

static void assert_variables(size_t n, const char *const *expected)
{
	assert_int_equal(environment.n, n);
	for (size_t i = 0; i < n; i++)
		assert_string_equal(environment.v[i], expected[i]);
}
#define ASSERT_VARIABLES(...)                                                           \
	assert_variables(sizeof((const char *const[]){ __VA_ARGS__ }) / sizeof(char *), \
			 (const char *const[]){ __VA_ARGS__ })

static struct string_list one(const char *text)
{
	static char *v[2];

	v[0] = (char *)text;
	return (struct string_list){ v, 1 };
}

static int add_image(const char *text)
{
	struct string_list list = one(text);

	return environment_add_image(&environment, &list, &err);
}

static int add_option(const char *text)
{
	struct string_list list = one(text);

	return environment_add_options(&environment, &list, &err);
}

static int add_file(const char *text)
{
	make_text(in_sandbox("variables"), text);
	return environment_add_file(&environment, in_sandbox("variables"), &err);
}

static void later_values_win_and_places_stay(void **state)
{
	(void)state;
	SUCCEEDS(environment_set(&environment, "PATH", "/bin", &err));
	SUCCEEDS(add_image("A=1"));
	SUCCEEDS(add_image("AB=2"));
	SUCCEEDS(add_image("A=3"));
	SUCCEEDS(add_image("PATH=/x:/y"));
	SUCCEEDS(add_option("AB="));
	SUCCEEDS(add_option("EQ=a=b=c"));
	ASSERT_VARIABLES("PATH=/x:/y", "A=3", "AB=", "EQ=a=b=c");
	assert_true(environment_has(&environment, "AB"));
	assert_false(environment_has(&environment, "A="));
	assert_false(environment_has(&environment, "B"));
}

static void a_name_alone_is_the_callers(void **state)
{
	(void)state;
	setenv("IMGTOOL_TEST_SET", "a value", 1);
	unsetenv("IMGTOOL_TEST_UNSET");
	SUCCEEDS(add_image("IMGTOOL_TEST_UNSET=stays"));
	SUCCEEDS(add_option("IMGTOOL_TEST_SET"));
	SUCCEEDS(add_option("IMGTOOL_TEST_UNSET"));
	ASSERT_VARIABLES("IMGTOOL_TEST_UNSET=stays", "IMGTOOL_TEST_SET=a value");
}

static void an_image_gives_values(void **state)
{
	(void)state;
	FAILS(add_image("NAME"), EINVAL, "'NAME': the image gives it no value");
	FAILS(add_image("=value"), EINVAL, "has no name");
	FAILS(add_image(""), EINVAL, "no value");
	assert_int_equal(environment.n, 0);
}

static void names_have_no_control_characters(void **state)
{
	(void)state;
	FAILS(add_image("A\nB=1"), EINVAL, "control character in the name");
	FAILS(add_image("A\033=1"), EINVAL, "control character in the name");
	FAILS(add_option("A\x7f=1"), EINVAL, "control character in the name");
	FAILS(add_option("A\nB"), EINVAL, "control character in the name");
	FAILS(add_option("=1"), EINVAL, "has no name");
	assert_null(strchr(err.msg, '\n'));
}

static void values_of_one_line_have_none_either(void **state)
{
	(void)state;
	FAILS(add_image("HOME=/a\nroot::0:0::/:/bin/sh"), EINVAL, "control character in the value");
	FAILS(add_image("HOME=/a\r"), EINVAL, "control character in the value");
	FAILS(add_option("USER=a\nb"), EINVAL, "control character in the value");
	FAILS(add_option("PATH=/a\nb"), EINVAL, "control character in the value");
	SUCCEEDS(add_image("KEY=-----BEGIN-----\nabc\n-----END-----\n"));
	SUCCEEDS(add_image("PS1=\033[1m$ "));
	assert_int_equal(environment.n, 2);
}

static void files_have_a_variable_a_line(void **state)
{
	(void)state;
	setenv("IMGTOOL_TEST_SET", "mine", 1);
	unsetenv("IMGTOOL_TEST_UNSET");
	SUCCEEDS(add_file(
		"\xef\xbb\xbf# a comment\n\n   \t\nA=1\n  B= two \n#C=3\n D='q' \"r\" # s\r\n"
		"IMGTOOL_TEST_SET\nIMGTOOL_TEST_UNSET\nE=\nA=4"));
	ASSERT_VARIABLES("A=4", "B= two ", "D='q' \"r\" # s", "IMGTOOL_TEST_SET=mine", "E=");
}

static void bad_lines_are_named(void **state)
{
	(void)state;
	FAILS(add_file("A=1\n\nB C=2\n"), EINVAL,
	      "variables: line 3: environment variable 'B C=2'");
	FAILS(add_file("=1\n"), EINVAL, "line 1: environment variable '': has no name");
	FAILS(add_file("A\x01=1\n"), EINVAL, "control character");
	FAILS(environment_add_file(&environment, in_sandbox("none"), &err), ENOENT, "--env-file");
}

static void a_file_with_nul_is_refused(void **state)
{
	int fd = open(in_sandbox("nul"), O_WRONLY | O_CREAT | O_CLOEXEC, 0644);

	(void)state;
	assert_int_equal(write(fd, "A=1\0B=2\n", 8), 8);
	close(fd);
	FAILS(environment_add_file(&environment, in_sandbox("nul"), &err), EINVAL, "NUL character");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(later_values_win_and_places_stay, begin, end),
		cmocka_unit_test_setup_teardown(a_name_alone_is_the_callers, begin, end),
		cmocka_unit_test_setup_teardown(an_image_gives_values, begin, end),
		cmocka_unit_test_setup_teardown(names_have_no_control_characters, begin, end),
		cmocka_unit_test_setup_teardown(values_of_one_line_have_none_either, begin, end),
		cmocka_unit_test_setup_teardown(files_have_a_variable_a_line, begin, end),
		cmocka_unit_test_setup_teardown(bad_lines_are_named, begin, end),
		cmocka_unit_test_setup_teardown(a_file_with_nul_is_refused, begin, end),
	};

	return cmocka_run_group_tests(tests, sandbox_setup, sandbox_teardown);
}
