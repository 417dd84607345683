/* Columns, and what no terminal may see. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "imgtool/base/columns.h"
#include "spec/base/owned.h"

static void cells_stand_below_one_another(void **unused)
{
	OWNED(columns_finish) struct columns columns = { .per_row = 3 };
	OWNED(buffer_finish) struct buffer text = { 0 };

	(void)unused;
	columns_add(&columns, "A");
	columns_add(&columns, "LONGER");
	columns_add(&columns, "C");
	columns_add(&columns, "\xc3\xa4\xc3\xb6\xc3\xbc"); /* three characters in six bytes */
	columns_add(&columns, NULL);
	columns_add(&columns, "");
	columns_print(&columns, &text);
	assert_string_equal(text.text, "A    LONGER  C\n"
				       "\xc3\xa4\xc3\xb6\xc3\xbc  -       -\n");
}

static void sizes_are_for_people(void **unused)
{
	OWNED(columns_finish) struct columns columns = { .per_row = 1 };
	OWNED(buffer_finish) struct buffer text = { 0 };

	(void)unused;
	columns_add_size(&columns, 0);
	columns_add_size(&columns, 1500);
	columns_add_size(&columns, -1);
	columns_print(&columns, &text);
	assert_string_equal(text.text, "0 B\n1.5 kB\n-\n");
}

static void control_characters_are_replaced(void **unused)
{
	OWNED(columns_finish) struct columns columns = { .per_row = 1 };
	OWNED(buffer_finish) struct buffer text = { 0 };

	(void)unused;
	columns_add(&columns, "a\033[2J\nb\x7f\xc2\x9bz\xff");
	columns_print(&columns, &text);
	buffer_add_line(&text, "Name", "x\r\033y");
	buffer_add_line(&text, "Nothing", NULL);
	buffer_add_line(&text, "Nothing", "");
	buffer_add_line(&text, "A name that is long", "z");
	assert_string_equal(text.text,
			    "a?[2J?b???z?\nName:           x??y\nA name that is long: z\n");
}

static void json_keeps_its_meaning(void **unused)
{
	OWNED(buffer_finish) struct buffer json = { 0 };
	OWNED(buffer_finish) struct buffer text = { 0 };

	(void)unused;
	buffer_print(&json, "{\"a\x7f\": \"\xc2\x9b\xc2\xa0\xc3\xa4\"}\n");
	json_make_printable(&json, &text);
	assert_string_equal(text.text, "{\"a\\u007f\": \"\\u009b\xc2\xa0\xc3\xa4\"}\n");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(cells_stand_below_one_another),
		cmocka_unit_test(sizes_are_for_people),
		cmocka_unit_test(control_characters_are_replaced),
		cmocka_unit_test(json_keeps_its_meaning),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
