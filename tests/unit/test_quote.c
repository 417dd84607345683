/* Lines of others, made fit for an error message. */
#include "runtime/quote.h"

#include <sys/mman.h>

#include "tests/unit/sandbox.h"

static char quoted[64];

static const char *last(const char *text, const char *word, size_t n)
{
	int fd = memfd_create("log", MFD_CLOEXEC);

	assert_true(fd >= 0);
	assert_int_equal(write(fd, text, strlen(text)), strlen(text));
	quote_last_lines(fd, word, n, quoted, sizeof quoted);
	close(fd);
	return quoted;
}

static void a_line_ends_at_its_newline_and_has_no_control_characters(void **state)
{
	(void)state;
	quote_line("a\033[1m\tb\x7f\nnext", quoted, sizeof quoted);
	assert_string_equal(quoted, "a?[1m?b?");
	quote_line("0123456789", quoted, 5);
	assert_string_equal(quoted, "0123");
}

static void the_last_lines_with_the_word_are_quoted_in_order(void **state)
{
	(void)state;
	assert_string_equal(last("Error 1\nx\nError 2\nError 3\ny\n", "Error", 2),
			    "Error 2 | Error 3");
	assert_string_equal(last("Error 1\n", "Error", 3), "Error 1");
	assert_string_equal(last("one\n\ntwo\n\n", "", 1), "two");
	assert_string_equal(last("nothing\n", "Error", 3), "");
	assert_string_equal(last("", "Error", 3), "");
}

static void what_does_not_fit_is_cut(void **state)
{
	(void)state;
	assert_string_equal(last("Error aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa\n"
				 "Error b\n",
				 "Error", 2),
			    "Error aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa");
}

static void only_the_end_of_a_long_file_is_read(void **state)
{
	static const char early[] = "Error early", late[] = "Error late";
	static char text[100000];

	(void)state;
	memset(text, '\n', sizeof text - 1);
	memcpy(text, early, sizeof early - 1);
	assert_string_equal(last(text, "Error", 3), "");
	memcpy(text + sizeof text - 20, late, sizeof late - 1);
	assert_string_equal(last(text, "Error", 3), "Error late");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_line_ends_at_its_newline_and_has_no_control_characters),
		cmocka_unit_test(the_last_lines_with_the_word_are_quoted_in_order),
		cmocka_unit_test(what_does_not_fit_is_cut),
		cmocka_unit_test(only_the_end_of_a_long_file_is_read),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
