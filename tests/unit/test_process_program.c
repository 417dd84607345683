/* Finding the container's program. */
#include "runtime/process.h"

#include "tests/unit/sandbox.h"

static struct error err;

static struct string_list environment(const char *path)
{
	static char variable[2048];
	static char *v[] = { "TERM=xterm", variable, NULL };

	snprintf(variable, sizeof variable, "PATH=%s", path);
	return (struct string_list){ .v = v, .n = 2 };
}

static void check_found(const char *name, const struct string_list *env, const char *expected)
{
	err = (struct error){ 0 };
	char *found = process_find_program(name, env, &err);

	if (!found)
		fail_msg("%s: %s", name, err.msg);
	assert_string_equal(found, expected);
	free(found);
}

static void check_not_found(const char *name, const struct string_list *env, int code,
			    const char *text)
{
	err = (struct error){ 0 };
	assert_null(process_find_program(name, env, &err));
	assert_int_equal(err.code, code);
	/* A hint may follow. */
	if (!text_starts_with(err.msg, text))
		fail_msg("\"%s\" and not \"%s\"", err.msg, text);
}

/* @folder/NAME with @mode. */
static void make_program(const char *name, mode_t mode)
{
	make_text(in_sandbox(name), "#!/bin/sh\n");
	assert_int_equal(chmod(in_sandbox(name), mode), 0);
}

static void a_name_is_searched_in_path(void **state)
{
	char path[1500];

	(void)state;
	make_folder(in_sandbox("first"));
	make_folder(in_sandbox("second"));
	make_program("second/program", 0755);
	snprintf(path, sizeof path, "/no/such/folder:%s:%s", in_sandbox("first"),
		 in_sandbox("second"));
	struct string_list env = environment(path);
	check_found("program", &env, in_sandbox("second/program"));
	make_program("first/program", 0755);
	check_found("program", &env, in_sandbox("first/program"));
}

static void what_is_no_program_is_passed_over(void **state)
{
	char path[1500];

	(void)state;
	make_folder(in_sandbox("bad"));
	make_folder(in_sandbox("bad/program"));
	make_folder(in_sandbox("good"));
	make_program("good/program", 0755);
	make_program("good/text", 0644);
	snprintf(path, sizeof path, "%s:%s", in_sandbox("bad"), in_sandbox("good"));
	struct string_list env = environment(path);
	check_found("program", &env, in_sandbox("good/program"));
	check_not_found("text", &env, EACCES, "exec: \"text\": permission denied");
}

/* Callers match these words. */
static void a_missing_name_is_told_in_the_words_of_callers(void **state)
{
	struct string_list env = environment(sandbox), none = environment("");

	(void)state;
	check_not_found("no-such-program", &env, ENOENT,
			"exec: \"no-such-program\": executable file not found in $PATH");
	check_not_found("no-such-program", &none, ENOENT,
			"exec: \"no-such-program\": executable file not found in $PATH");
}

static void a_path_is_taken_as_it_is(void **state)
{
	struct string_list env = environment("/no/such/folder");
	char path[600], text[1500];

	(void)state;
	make_program("plain", 0755);
	make_program("text", 0644);
	snprintf(path, sizeof path, "%s", in_sandbox("plain"));
	check_found(path, &env, path);
	check_not_found("/no/such/program", &env, ENOENT,
			"exec: \"/no/such/program\": stat /no/such/program: no such file or "
			"directory");
	snprintf(path, sizeof path, "%s", in_sandbox("text"));
	snprintf(text, sizeof text, "exec: \"%s\": stat %s: permission denied", path, path);
	check_not_found(path, &env, EACCES, text);
	snprintf(text, sizeof text, "exec: \"%s/\": stat %s/: is a directory", sandbox, sandbox);
	snprintf(path, sizeof path, "%s/", sandbox);
	check_not_found(path, &env, EISDIR, text);
	snprintf(path, sizeof path, "%s/sub", in_sandbox("plain"));
	snprintf(text, sizeof text, "exec: \"%s\": stat %s: not a directory", path, path);
	check_not_found(path, &env, ENOTDIR, text);
}

static void find_here(void *context)
{
	struct string_list empty = environment(""), between = environment("/no:/where:");
	(void)context;
	EXPECT(chdir(sandbox) == 0);
	char *found = process_find_program("here", &empty, &err);
	EXPECT(found && strcmp(found, "./here") == 0);
	free(found);
	found = process_find_program("here", &between, &err);
	EXPECT(found && strcmp(found, "./here") == 0);
	free(found);
	found = process_find_program("./here", &between, &err);
	EXPECT(found && strcmp(found, "./here") == 0);
	free(found);
}

static void an_empty_entry_is_the_working_directory(void **state)
{
	(void)state;
	make_program("here", 0755);
	in_child(find_here, NULL);
}

static void without_path_the_usual_folders_are_searched(void **state)
{
	char *v[] = { "PATHS=/no", "XPATH=/no", NULL };
	struct string_list env = { .v = v, .n = 2 }, none = { 0 };

	(void)state;
	check_found("sh", &env, "/bin/sh");
	check_found("sh", &none, "/bin/sh");
}

#define CASE(name) cmocka_unit_test_setup_teardown(name, sandbox_setup, sandbox_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		CASE(a_name_is_searched_in_path),
		CASE(what_is_no_program_is_passed_over),
		CASE(a_missing_name_is_told_in_the_words_of_callers),
		CASE(a_path_is_taken_as_it_is),
		CASE(an_empty_entry_is_the_working_directory),
		CASE(without_path_the_usual_folders_are_searched),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
