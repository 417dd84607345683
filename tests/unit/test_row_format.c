/* --format of listing commands: tables as docker and Go's tabwriter align them, templates, JSON. */
#include "shim/row_format.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "spec/base/owned.h"

#define DEFAULT "{{.ID}}\t{{.Status}}\t{{.Names}}"
#define TITLES "{\"ID\":\"CONTAINER ID\",\"Status\":\"STATUS\",\"Names\":\"NAMES\"}"
#define ROWS                                                                        \
	"[{\"ID\":\"0123456789ab\",\"Status\":\"Up 3 minutes\",\"Names\":\"web\"}," \
	"{\"ID\":\"c2\",\"Status\":\"\",\"Names\":\"\\u00e4\\u00f6\"}]"

static void check(const char *format_text, const char *rows_text, bool titled, const char *expected)
{
	struct json_object *titles = titled ? json_tokener_parse(TITLES) : NULL;
	struct json_object *rows = json_tokener_parse(rows_text);
	OWNED(row_format_finish) struct row_format format = { 0 };
	OWNED(buffer_finish) struct buffer text = { 0 };
	struct error err = { 0 };

	if (row_format_parse(format_text, DEFAULT, &format, &err) ||
	    row_format_print(&format, titles, rows, &text, &err))
		fail_msg("%s", err.msg);
	assert_string_equal(text.text ? text.text : "", expected);
	json_object_put(titles);
	json_object_put(rows);
}

static void tables_are_aligned(void **state)
{
	static const char table[] = "CONTAINER ID   STATUS         NAMES\n"
				    "0123456789ab   Up 3 minutes   web\n"
				    "c2                            \xc3\xa4\xc3\xb6\n";

	(void)state;
	check(NULL, ROWS, true, table);
	check("", ROWS, true, table);
	check("table", ROWS, true, table);
	check("table {{.ID}}\\t{{.Status}}\\t{{.Names}}", ROWS, true, table);
	check("table {{.ID}}\t{{.Status}}\t{{.Names}} ", ROWS, true, table);
	/* Ten columns at least, and no more for the last cell. */
	check("table {{.Names}}\t{{.ID}}", ROWS, true,
	      "NAMES     CONTAINER ID\nweb       0123456789ab\n\xc3\xa4\xc3\xb6        c2\n");
	check("table {{upper .Names}}", ROWS, true, "NAMES\nWEB\n\xc3\xa4\xc3\xb6\n");
	check("table", "[]", true, "CONTAINER ID   STATUS    NAMES\n");
	check("table", "[]", false, "");
}

static void templates_are_a_line_each_without_a_title(void **state)
{
	(void)state;
	check("{{.ID}}", ROWS, true, "0123456789ab\nc2\n");
	check("{{.ID}}\\t{{.Names}}", ROWS, true, "0123456789ab\tweb\nc2\t\xc3\xa4\xc3\xb6\n");
	check("{{.ID}}\\n", ROWS, true, "0123456789ab\n\nc2\n\n");
	check("json", ROWS, true,
	      "{\"ID\":\"0123456789ab\",\"Status\":\"Up 3 minutes\",\"Names\":\"web\"}\n"
	      "{\"ID\":\"c2\",\"Status\":\"\",\"Names\":\"\xc3\xa4\xc3\xb6\"}\n");
	check("tables", "[{}]", true, "tables\n"); /* no table */
}

static void mistakes_are_told(void **state)
{
	struct row_format format = { 0 };
	struct json_object *rows = json_tokener_parse(ROWS);
	OWNED(buffer_finish) struct buffer text = { 0 };
	struct error err = { 0 };

	(void)state;
	assert_int_equal(row_format_parse("{{.ID", DEFAULT, &format, &err), -1);
	assert_int_equal(err.code, EINVAL);
	assert_string_equal(err.msg, "format: template:1:6: unclosed action");
	assert_int_equal(row_format_parse("{{.Nope}}", DEFAULT, &format, &err), 0);
	assert_int_equal(row_format_print(&format, NULL, rows, &text, &err), -1);
	assert_string_equal(err.msg, "template:1:3: map has no entry for key \"Nope\"");
	row_format_finish(&format);
	json_object_put(rows);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(tables_are_aligned),
		cmocka_unit_test(templates_are_a_line_each_without_a_title),
		cmocka_unit_test(mistakes_are_told),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
