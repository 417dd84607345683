/* The ids below a state root, all and those that match. The root is a directory of the test's own. */
#include "runtime/container_ids.h"

#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <sys/stat.h>

#include <cmocka.h>

#include "spec/base/owned.h"

static const char *const names[] = { "web10", "web9", "a.b", "db", "not an id", "seccomp:cache" };
static char path[32];

static int begin(void **state)
{
	(void)state;
	strcpy(path, "/tmp/test_ids.XXXXXX");
	if (!mkdtemp(path))
		return -1;
	owned_fd root = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	for (size_t i = 0; i < sizeof names / sizeof *names; i++)
		if (mkdirat(root, names[i], 0700))
			return -1;
	return 0;
}

static int end(void **state)
{
	owned_fd root = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	(void)state;
	for (size_t i = 0; i < sizeof names / sizeof *names; i++)
		unlinkat(root, names[i], AT_REMOVEDIR);
	return rmdir(path);
}

static void check(const char *expression, const char *expected)
{
	owned_fd root = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	OWNED(string_list_finish) struct string_list ids = { 0 };
	OWNED(buffer_finish) struct buffer text = { 0 };
	struct error err = { 0 };
	int failed = expression ? container_ids_matching(root, expression, &ids, &err)
				: container_ids(root, &ids, &err);

	assert_string_equal(err.msg, "");
	assert_int_equal(failed, 0);
	buffer_add(&text, "", 0);
	for (size_t i = 0; i < ids.n; i++)
		buffer_print(&text, "%s%s", i ? " " : "", ids.v[i]);
	assert_string_equal(text.text ? text.text : "", expected);
}

static void all_ids_are_listed_in_order_and_nothing_else(void **state)
{
	(void)state;
	check(NULL, "a.b db web10 web9");
}

static void an_expression_matches_anywhere(void **state)
{
	(void)state;
	check("b", "a.b db web10 web9");
	check("^d|9$", "db web9");
	check("^web[0-9]{2}$", "web10");
	check("x", "");
	check("", "a.b db web10 web9");
}

static void check_refused(const char *expression)
{
	owned_fd root = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	OWNED(string_list_finish) struct string_list ids = { 0 };
	struct error err = { 0 };

	assert_int_equal(container_ids_matching(root, expression, &ids, &err), -1);
	assert_int_equal(err.code, EINVAL);
	assert_non_null(strstr(err.msg, "regular expression '"));
	assert_int_equal(ids.n, 0);
}

static void what_is_no_expression_is_refused(void **state)
{
	(void)state;
	check_refused("(");
	check_refused("[a");
	check_refused("a{2,1}");
}

static void a_root_that_cannot_be_read_is_an_error(void **state)
{
	OWNED(string_list_finish) struct string_list ids = { 0 };
	struct error err = { 0 };

	(void)state;
	assert_int_equal(container_ids(-1, &ids, &err), -1);
	assert_int_equal(err.code, EBADF);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(all_ids_are_listed_in_order_and_nothing_else),
		cmocka_unit_test(an_expression_matches_anywhere),
		cmocka_unit_test(what_is_no_expression_is_refused),
		cmocka_unit_test(a_root_that_cannot_be_read_is_an_error),
	};

	return cmocka_run_group_tests(tests, begin, end);
}
