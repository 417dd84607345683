/* struct error: wording, cutting, and what is formatted into itself. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "spec/base/error.h"

static void set_fills_code_and_words(void **unused)
{
	struct error err = { 0 };

	(void)unused;
	assert_int_equal(error_set(&err, EINVAL, "process.%s: %d", "cwd", 7), -1);
	assert_int_equal(err.code, EINVAL);
	assert_string_equal(err.msg, "process.cwd: 7");
}

static void set_replaces_what_was_there(void **unused)
{
	struct error err = { 0 };

	(void)unused;
	error_set(&err, EINVAL, "a long message of before");
	error_set(&err, EPERM, "short");
	assert_int_equal(err.code, EPERM);
	assert_string_equal(err.msg, "short");
}

static void set_may_use_its_own_message(void **unused)
{
	struct error err = { 0 };

	(void)unused;
	error_set(&err, EINVAL, "inner");
	error_set(&err, EPERM, "outer (%s)", err.msg);
	assert_string_equal(err.msg, "outer (inner)");
	error_prefix(&err, "again %s", err.msg);
	assert_string_equal(err.msg, "again outer (inner): outer (inner)");
	error_hint(&err, "%.5s", err.msg);
	assert_string_equal(err.msg, "again outer (inner): outer (inner); again");
}

static void errno_adds_the_text_in_lower_case(void **unused)
{
	struct error err = { 0 };

	(void)unused;
	assert_int_equal(error_errno(&err, ENOENT, "open %s", "/x"), -1);
	assert_int_equal(err.code, ENOENT);
	assert_string_equal(err.msg, "open /x: no such file or directory");
}

static void errno_texts_that_callers_match(void **unused)
{
	(void)unused;
	assert_string_equal(errno_text(ENOENT), "no such file or directory");
	assert_string_equal(errno_text(EACCES), "permission denied");
	assert_string_equal(errno_text(EPERM), "operation not permitted");
	assert_string_equal(errno_text(ESRCH), "no such process");
	assert_string_equal(errno_text(EISDIR), "is a directory");
	assert_string_equal(errno_text(ENOTDIR), "not a directory");
}

static void errno_text_of_capitals_stays(void **unused)
{
	(void)unused;
	assert_string_equal(errno_text(ENOTBLK), "block device required");
	assert_string_equal(errno_text(EMULTIHOP), "multihop attempted");
	assert_string_equal(errno_text(EL2HLT), "level 2 halted");
	assert_string_equal(errno_text(EDOTDOT), "RFS specific error");
}

static void errno_text_of_an_unknown_value(void **unused)
{
	(void)unused;
	assert_string_equal(errno_text(54321), "error 54321");
}

static void prefix_keeps_code_and_old_words(void **unused)
{
	struct error err = { 0 };

	(void)unused;
	error_errno(&err, EACCES, "open x");
	assert_int_equal(error_prefix(&err, "step %d", 3), -1);
	assert_int_equal(err.code, EACCES);
	assert_string_equal(err.msg, "step 3: open x: permission denied");
}

static void hint_goes_behind(void **unused)
{
	struct error err = { 0 };

	(void)unused;
	error_set(&err, EPERM, "refused");
	assert_int_equal(error_hint(&err, "run as %s", "root"), -1);
	assert_string_equal(err.msg, "refused; run as root");
}

static void long_words_are_cut_and_stay_a_string(void **unused)
{
	char words[3000];
	struct error err;

	(void)unused;
	memset(words, 'x', sizeof words - 1);
	words[sizeof words - 1] = '\0';
	memset(&err, 'y', sizeof err);
	error_set(&err, 1, "%s", words);
	assert_int_equal(strlen(err.msg), sizeof err.msg - 1);
	error_errno(&err, 1, "%s", words);
	assert_int_equal(strlen(err.msg), sizeof err.msg - 1);
	error_prefix(&err, "%s", words);
	assert_int_equal(strlen(err.msg), sizeof err.msg - 1);
	error_hint(&err, "%s", words);
	assert_int_equal(strlen(err.msg), sizeof err.msg - 1);
}

static void nobody_to_tell(void **unused)
{
	(void)unused;
	assert_int_equal(error_set(NULL, 1, "x"), -1);
	assert_int_equal(error_errno(NULL, 1, "x"), -1);
	assert_int_equal(error_prefix(NULL, "x"), -1);
	assert_int_equal(error_hint(NULL, "x"), -1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(set_fills_code_and_words),
		cmocka_unit_test(set_replaces_what_was_there),
		cmocka_unit_test(set_may_use_its_own_message),
		cmocka_unit_test(errno_adds_the_text_in_lower_case),
		cmocka_unit_test(errno_texts_that_callers_match),
		cmocka_unit_test(errno_text_of_capitals_stays),
		cmocka_unit_test(errno_text_of_an_unknown_value),
		cmocka_unit_test(prefix_keeps_code_and_old_words),
		cmocka_unit_test(hint_goes_behind),
		cmocka_unit_test(long_words_are_cut_and_stay_a_string),
		cmocka_unit_test(nobody_to_tell),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
