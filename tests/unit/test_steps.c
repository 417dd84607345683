/* The order of steps and of what takes them back. */
#include "runtime/steps.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>

/* The context: what happened, and which step is to fail. */
struct diary {
	char text[64];
	char fails;
};

static void note(struct diary *diary, char what)
{
	size_t used = strlen(diary->text);

	assert_true(used + 1 < sizeof diary->text);
	diary->text[used] = what;
}

static int run(struct diary *diary, char name, struct error *err)
{
	note(diary, name);
	return diary->fails == name ? error_set(err, EBUSY, "%c does not want to", name) : 0;
}

static int run_a(void *context, struct error *err)
{
	return run(context, 'a', err);
}

static int run_b(void *context, struct error *err)
{
	return run(context, 'b', err);
}

static int run_c(void *context, struct error *err)
{
	return run(context, 'c', err);
}

static int run_d(void *context, struct error *err)
{
	return run(context, 'd', err);
}

static void undo_a(void *context)
{
	note(context, 'A');
}

static void undo_c(void *context)
{
	note(context, 'C');
}

static void undo_d(void *context)
{
	note(context, 'D');
}

static const struct step steps[] = {
	{ "first", run_a, undo_a },
	{ "second", run_b, NULL },
	{ "third", run_c, undo_c },
	{ "fourth", run_d, undo_d },
};

static int run_all(struct diary *diary, struct error *err)
{
	return steps_run("test", steps, sizeof steps / sizeof *steps, diary, err);
}

static void steps_run_from_top_to_bottom(void **state)
{
	struct diary diary = { .fails = 0 };
	struct error err = { 0 };

	(void)state;
	assert_int_equal(run_all(&diary, &err), 0);
	assert_string_equal(diary.text, "abcd");
	assert_int_equal(err.code, 0);
}

static void a_failed_step_is_undone_before_those_above_it(void **state)
{
	struct diary diary = { .fails = 'c' };
	struct error err = { 0 };

	(void)state;
	assert_int_equal(run_all(&diary, &err), -1);
	assert_string_equal(diary.text, "abcCA");
}

static void the_last_step_may_fail(void **state)
{
	struct diary diary = { .fails = 'd' };
	struct error err = { 0 };

	(void)state;
	assert_int_equal(run_all(&diary, &err), -1);
	assert_string_equal(diary.text, "abcdDCA");
}

static void the_first_step_may_fail(void **state)
{
	struct diary diary = { .fails = 'a' };
	struct error err = { 0 };

	(void)state;
	assert_int_equal(run_all(&diary, &err), -1);
	assert_string_equal(diary.text, "aA");
}

static void a_step_without_an_undo_may_fail(void **state)
{
	struct diary diary = { .fails = 'b' };
	struct error err = { 0 };

	(void)state;
	assert_int_equal(run_all(&diary, &err), -1);
	assert_string_equal(diary.text, "abA");
}

static void the_error_names_sequence_and_step(void **state)
{
	struct diary diary = { .fails = 'b' };
	struct error err = { 0 };

	(void)state;
	assert_int_equal(run_all(&diary, &err), -1);
	assert_int_equal(err.code, EBUSY);
	assert_string_equal(err.msg, "test: second: b does not want to");
}

static void a_step_may_only_have_an_undo(void **state)
{
	static const struct step two[] = { { "nothing", NULL, undo_a }, { "fails", run_b, NULL } };
	struct diary diary = { .fails = 0 };
	struct error err = { 0 };

	(void)state;
	assert_int_equal(steps_run("test", two, 2, &diary, &err), 0);
	assert_string_equal(diary.text, "b");
	diary = (struct diary){ .fails = 'b' };
	assert_int_equal(steps_run("test", two, 2, &diary, &err), -1);
	assert_string_equal(diary.text, "bA");
}

static void no_steps_are_a_success(void **state)
{
	struct diary diary = { .fails = 0 };
	struct error err = { 0 };

	(void)state;
	assert_int_equal(steps_run("test", steps, 0, &diary, &err), 0);
	assert_string_equal(diary.text, "");
}

static void nobody_need_want_the_error(void **state)
{
	struct diary diary = { .fails = 'c' };

	(void)state;
	assert_int_equal(run_all(&diary, NULL), -1);
	assert_string_equal(diary.text, "abcCA");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(steps_run_from_top_to_bottom),
		cmocka_unit_test(a_failed_step_is_undone_before_those_above_it),
		cmocka_unit_test(the_last_step_may_fail),
		cmocka_unit_test(the_first_step_may_fail),
		cmocka_unit_test(a_step_without_an_undo_may_fail),
		cmocka_unit_test(the_error_names_sequence_and_step),
		cmocka_unit_test(a_step_may_only_have_an_undo),
		cmocka_unit_test(no_steps_are_a_success),
		cmocka_unit_test(nobody_need_want_the_error),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
