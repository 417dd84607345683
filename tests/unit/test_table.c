/* The engine, with a table of its own that has one field of every kind. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "spec/base/owned.h"
#include "spec/table_fields.h"
#include "spec/table_path.h"
#include "spec/table_scan.h"

struct part {
	char *key, *name;
	int64_t number;
};
LIST_OF(part);

struct sample {
	char *text, *needed;
	bool flag;
	struct opt_bool opt_flag;
	int64_t i64;
	struct opt_int64 opt_i64;
	uint64_t u64;
	struct opt_uint64 opt_u64;
	uint32_t u32;
	struct opt_uint32 opt_u32;
	int64_t small;
	int word;
	uint64_t flags;
	struct string_list strings;
	struct uint32_list numbers;
	struct uint64_list large;
	struct string_map map;
	struct part *part;
	struct part_list parts, named;
	char *any;
};

static const struct word words[] = { { "one", 1 }, { "two", 2 }, { "eight", 8 }, { NULL, 0 } };

static const struct field part_fields[] = {
	FIELD_STRING(part, name, "name"),
	FIELD_INT64(part, number, "number", ALWAYS),
};
static TYPE(part);

static const struct field sample_fields[] = {
	FIELD_STRING(sample, text, "text"),
	FIELD_STRING(sample, needed, "needed", REQUIRED),
	FIELD_BOOL(sample, flag, "flag"),
	FIELD_OPT_BOOL(sample, opt_flag, "optFlag"),
	FIELD_INT64(sample, i64, "i64"),
	FIELD_OPT_INT64(sample, opt_i64, "optI64"),
	FIELD_UINT64(sample, u64, "u64"),
	FIELD_OPT_UINT64(sample, opt_u64, "optU64"),
	FIELD_UINT32(sample, u32, "u32"),
	FIELD_OPT_UINT32(sample, opt_u32, "optU32"),
	FIELD_INT64(sample, small, "small", RANGE(3, 5)),
	FIELD_WORD(sample, word, "word", words),
	FIELD_FLAGS(sample, flags, "flags", words),
	FIELD_STRING_LIST(sample, strings, "strings"),
	FIELD_UINT32_LIST(sample, numbers, "numbers"),
	FIELD_UINT64_LIST(sample, large, "large"),
	FIELD_STRING_MAP(sample, map, "map"),
	FIELD_OBJECT(sample, part, "part", part),
	FIELD_OBJECT_LIST(sample, parts, "parts", part),
	FIELD_OBJECT_MAP(sample, named, "named", part),
	FIELD_JSON(sample, any, "any"),
};
static TYPE(sample);

static struct sample *parse(const char *text)
{
	struct problems problems = { 0 };
	struct sample *sample = table_parse(&sample_type, text, strlen(text), &problems);

	if (!sample)
		fail_msg("%s", problems.list.n ? problems.list.v[0] : "no problem reported");
	assert_int_equal(problems_count(&problems), 0);
	return sample;
}

static void expect_problem(const char *text, const char *expected)
{
	struct problems problems = { 0 };

	assert_null(table_parse(&sample_type, text, strlen(text), &problems));
	assert_int_equal(problems.list.n, 1);
	assert_string_equal(problems.list.v[0], expected);
	problems_finish(&problems);
}

static const char full[] =
	"{\"text\":\"t\",\"needed\":\"n\",\"flag\":true,\"optFlag\":false,"
	"\"i64\":-9223372036854775808,\"optI64\":0,\"u64\":18446744073709551615,\"optU64\":0,"
	"\"u32\":4294967295,\"optU32\":0,\"small\":4,\"word\":\"two\",\"flags\":[\"one\",\"eight\"]"
	","
	"\"strings\":[\"a\",\"\"],\"numbers\":[0,4294967295],\"large\":[0,18446744073709551615],"
	"\"map\":{\"k\":\"\",\"l\":\"v\"},"
	"\"part\":{\"number\":0},\"parts\":[{\"name\":\"p\",\"number\":-1},{\"number\":0}],"
	"\"named\":{\"x\":{\"number\":1},\"y z\":{\"name\":\"n\",\"number\":2}},"
	"\"any\":{\"x\":[1.50,null,\"\\\"\"]}}";

static void every_kind_is_read(void **unused)
{
	struct sample *sample = parse(full);

	(void)unused;
	assert_string_equal(sample->text, "t");
	assert_true(sample->flag);
	assert_true(sample->opt_flag.set);
	assert_false(sample->opt_flag.value);
	assert_true(sample->i64 == INT64_MIN);
	assert_true(sample->opt_i64.set);
	assert_true(sample->u64 == UINT64_MAX);
	assert_true(sample->opt_u64.set);
	assert_true(sample->u32 == UINT32_MAX);
	assert_true(sample->opt_u32.set);
	assert_int_equal(sample->small, 4);
	assert_int_equal(sample->word, 2);
	assert_int_equal(sample->flags, 9);
	assert_int_equal(sample->strings.n, 2);
	assert_null(sample->strings.v[2]);
	assert_int_equal(sample->numbers.v[1], UINT32_MAX);
	assert_true(sample->large.v[1] == UINT64_MAX);
	assert_string_equal(sample->any, "{\"x\":[1.50,null,\"\\\"\"]}");
	assert_string_equal(string_map_get(&sample->map, "l"), "v");
	assert_int_equal(sample->parts.v[0]->number, -1);
	assert_null(sample->parts.v[0]->key);
	assert_string_equal(sample->named.v[1]->key, "y z");
	assert_string_equal(sample->named.v[1]->name, "n");
	table_free(&sample_type, sample);
}

static void every_kind_is_printed(void **unused)
{
	struct sample *sample = parse(full);
	struct buffer text = { 0 };

	(void)unused;
	table_print(&sample_type, sample, 0, &text);
	assert_string_equal(text.text, full);
	buffer_finish(&text);
	table_free(&sample_type, sample);
}

static void print_indents(void **unused)
{
	struct sample *sample =
		parse("{\"needed\":\"n\",\"strings\":[\"a\",\"b\"],\"named\":{\"x\":{}}}");
	struct buffer text = { 0 };

	(void)unused;
	table_print(&sample_type, sample, 2, &text);
	assert_string_equal(text.text, "{\n  \"needed\": \"n\",\n  \"strings\": [\n    \"a\",\n"
				       "    \"b\"\n  ],\n  \"named\": {\n    \"x\": {\n"
				       "      \"number\": 0\n    }\n  }\n}");
	buffer_finish(&text);
	table_free(&sample_type, sample);
}

static void print_leaves_out_what_is_absent(void **unused)
{
	struct sample empty = { 0 };
	struct buffer text = { 0 };

	(void)unused;
	table_print(&sample_type, &empty, 0, &text);
	assert_string_equal(text.text, "{\"needed\":\"\"}");
	buffer_finish(&text);
}

static void print_of_nothing(void **unused)
{
	struct buffer text = { 0 };

	(void)unused;
	table_print(&sample_type, NULL, 4, &text);
	assert_string_equal(text.text, "{}");
	buffer_finish(&text);
}

static void null_and_empty_strings_are_absent(void **unused)
{
	struct sample *sample =
		parse("{\"needed\":\"\",\"text\":\"\",\"flag\":null,\"optI64\":null,\"word\":\"\","
		      "\"flags\":null,\"strings\":null,\"map\":null,\"part\":null,\"parts\":null,"
		      "\"named\":null,\"numbers\":[],\"small\":null}");

	(void)unused;
	assert_string_equal(sample->needed, "");
	assert_null(sample->text);
	assert_false(sample->opt_i64.set);
	assert_int_equal(sample->word, 0);
	assert_null(sample->strings.v);
	assert_null(sample->part);
	assert_int_equal(sample->numbers.n, 0);
	table_free(&sample_type, sample);
}

static void required_is_missing_or_null(void **unused)
{
	(void)unused;
	expect_problem("{}", "needed: required, but missing");
	expect_problem("{\"needed\":null}", "needed: required, but null");
}

static void range_of_its_own(void **unused)
{
	(void)unused;
	expect_problem("{\"needed\":\"\",\"small\":2}",
		       "small: expected an integer from 3 to 5, found 2");
	expect_problem("{\"needed\":\"\",\"small\":6}",
		       "small: expected an integer from 3 to 5, found 6");
	expect_problem("{\"needed\":\"\",\"small\":-1}",
		       "small: expected an integer from 3 to 5, found -1");
	expect_problem("{\"needed\":\"\",\"small\":18446744073709551615}",
		       "small: expected an integer from 3 to 5, found 18446744073709551615");
}

static void range_of_the_type(void **unused)
{
	(void)unused;
	expect_problem("{\"needed\":\"\",\"u32\":4294967296}",
		       "u32: expected an integer from 0 to 4294967295, found 4294967296");
	expect_problem("{\"needed\":\"\",\"u64\":-1}",
		       "u64: expected an integer from 0 to 18446744073709551615, found -1");
	expect_problem("{\"needed\":\"\",\"u64\":18446744073709551616}",
		       "u64: expected an integer from 0 to 18446744073709551615, found "
		       "18446744073709551616");
	expect_problem("{\"needed\":\"\",\"i64\":9223372036854775808}",
		       "i64: expected an integer from -9223372036854775808 to "
		       "9223372036854775807, found 9223372036854775808");
	expect_problem("{\"needed\":\"\",\"i64\":-9223372036854775809}",
		       "i64: expected an integer from -9223372036854775808 to "
		       "9223372036854775807, found -9223372036854775809");
	expect_problem("{\"needed\":\"\",\"numbers\":[1,99999999999999999999]}",
		       "numbers[1]: expected an integer from 0 to 4294967295, found "
		       "99999999999999999999");
}

static void keys_of_a_path_are_quoted_where_needed(void **unused)
{
	(void)unused;
	expect_problem("{\"needed\":\"\",\"map\":{\"a.b\":1}}",
		       "map[\"a.b\"]: expected string, found integer");
	expect_problem("{\"needed\":\"\",\"map\":{\"\":1}}",
		       "map[\"\"]: expected string, found integer");
	expect_problem("{\"needed\":\"\",\"named\":{\"a\\n\":{\"number\":true}}}",
		       "named[\"a\\n\"].number: expected integer, found boolean");
}

static void long_keys_and_values_are_cut(void **unused)
{
	struct problems problems = { 0 };
	struct buffer text = { 0 };

	(void)unused;
	buffer_print(&text,
		     "{\"needed\":\"\",\"map\":{\"%0500d\":1},\"word\":\"%0500d\","
		     "\"small\":1.%0500d}",
		     0, 0, 0);
	assert_null(table_parse(&sample_type, text.text, text.length, &problems));
	assert_int_equal(problems.list.n, 3);
	for (size_t i = 0; i < problems.list.n; i++) {
		assert_true(strlen(problems.list.v[i]) < 250);
		assert_non_null(strstr(problems.list.v[i], "..."));
	}
	problems_finish(&problems);
	buffer_finish(&text);
}

static void problems_are_bounded(void **unused)
{
	struct problems problems = { 0 };
	struct error err = { 0 };
	struct buffer text = { 0 };

	(void)unused;
	buffer_print(&text, "{\"needed\":\"\",\"strings\":[0");
	for (int i = 1; i < 150; i++)
		buffer_print(&text, ",%d", i);
	buffer_print(&text, "]}");
	assert_null(table_parse(&sample_type, text.text, text.length, &problems));
	assert_int_equal(problems.list.n, PROBLEMS_MAX);
	assert_int_equal(problems.dropped, 50);
	problems_to_error(&problems, "doc", &err);
	assert_string_equal(
		err.msg, "doc: strings[0]: expected string, found integer (and 149 more problems)");
	problems_finish(&problems);
	assert_int_equal(problems_count(&problems), 0);
	buffer_finish(&text);
}

static void problems_of_an_earlier_document_do_not_count(void **unused)
{
	struct problems problems = { 0 };

	(void)unused;
	problems_add(&problems, "earlier");
	struct sample *sample = table_parse(&sample_type, "{\"needed\":\"\"}",
					    strlen("{\"needed\":\"\"}"), &problems);
	assert_non_null(sample);
	assert_int_equal(problems_count(&problems), 1);
	table_free(&sample_type, sample);
	problems_finish(&problems);
}

static void one_problem_and_two_as_an_error(void **unused)
{
	struct problems problems = { 0 };
	struct error err = { 0 };

	(void)unused;
	problems_add(&problems, "a: %d", 1);
	assert_int_equal(problems_to_error(&problems, "x.json", &err), -1);
	assert_string_equal(err.msg, "x.json: a: 1");
	problems_add(&problems, "b");
	problems_to_error(&problems, "x.json", &err);
	assert_string_equal(err.msg, "x.json: a: 1 (and 1 more problem)");
	problems_finish(&problems);
}

static void too_many_large_integers_are_refused(void **unused)
{
	struct problems problems = { 0 };
	struct buffer text = { 0 };

	(void)unused;
	buffer_print(&text, "{\"needed\":\"\",\"other\":[1");
	for (int i = 0; i < PROBLEMS_MAX + 1; i++)
		buffer_print(&text, ",99999999999999999999");
	buffer_print(&text, "]}");
	assert_null(table_parse(&sample_type, text.text, text.length, &problems));
	assert_string_equal(problems.list.v[0],
			    "other[101]: one of too many integers beyond 64 bits");
	problems_finish(&problems);
	buffer_finish(&text);
}

/* More keys than are compared one by one. */
static void duplicates_among_many_keys(void **unused)
{
	struct problems problems = { 0 };
	struct buffer text = { 0 };

	(void)unused;
	buffer_print(&text, "{\"needed\":\"\",\"map\":{");
	for (int i = 0; i < 5000; i++)
		buffer_print(&text, "\"key-%d\":\"\",", i);
	buffer_print(&text, "\"key-17\":\"\",\"key\\u002d4999\":\"\"}}");
	assert_null(table_parse(&sample_type, text.text, text.length, &problems));
	assert_int_equal(problems.list.n, 2);
	assert_string_equal(problems.list.v[0], "map.key-17: given more than once");
	assert_string_equal(problems.list.v[1], "map.key-4999: given more than once");
	problems_finish(&problems);
	buffer_finish(&text);
}

static void same_keys_in_different_objects_are_no_duplicates(void **unused)
{
	struct sample *sample = parse("{\"needed\":\"\",\"x\":{\"a\":{\"a\":1},\"b\":{\"a\":1}},"
				      "\"a\":1,\"y\":[{\"a\":1},{\"a\":1}]}");

	(void)unused;
	table_free(&sample_type, sample);
}

static void depth_of_64_is_the_last(void **unused)
{
	struct problems problems = { 0 };
	struct buffer text = { 0 };

	(void)unused;
	for (int depth = TABLE_DEPTH_MAX; depth <= TABLE_DEPTH_MAX + 1; depth++) {
		struct scan_result result = { 0 };

		text.length = 0;
		for (int i = 0; i < depth; i++)
			buffer_add(&text, i % 2 ? "{\"a\":" : "[", i % 2 ? 5 : 1);
		buffer_add(&text, "1", 1);
		for (int i = depth - 1; i >= 0; i--)
			buffer_add(&text, i % 2 ? "}" : "]", 1);
		int ret = table_scan(text.text, text.length, &result, &problems);
		assert_int_equal(ret, depth > TABLE_DEPTH_MAX ? -1 : 0);
		scan_result_finish(&result);
	}
	assert_int_equal(problems.list.n, 1);
	problems_finish(&problems);
	buffer_finish(&text);
}

static void lone_values_are_json(void **unused)
{
	static const char *const texts[] = { "0",    "-0",   "1.5e-7", "\"x\"", "true",
					     "null", " [] ", "{}",     "-12E+2" };

	(void)unused;
	for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
		struct problems problems = { 0 };
		struct scan_result result = { 0 };

		if (table_scan(texts[i], strlen(texts[i]), &result, &problems))
			fail_msg("%s", texts[i]);
		scan_result_finish(&result);
		assert_int_equal(problems_count(&problems), 0);
	}
}

static void an_array_is_a_document_too(void **unused)
{
	static const char good[] = "[{\"name\":\"a\"},{\"number\":2}]";
	static const char wrong[] = "[{},{\"number\":\"x\"}]";
	static const char *const bad[] = { "{}", "null", "[1]", "[null]", "[", "[]]", "" };
	struct problems problems = { 0 };
	struct part_list parts;

	(void)unused;
	assert_int_equal(table_parse_list(&part_type, good, strlen(good), &parts, &problems), 0);
	assert_int_equal(parts.n, 2);
	assert_string_equal(parts.v[0]->name, "a");
	assert_int_equal(parts.v[1]->number, 2);
	table_free_list(&part_type, &parts);
	assert_null(parts.v);
	assert_int_equal(table_parse_list(&part_type, "[]", 2, &parts, &problems), 0);
	assert_int_equal(parts.n, 0);
	for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
		if (table_parse_list(&part_type, bad[i], strlen(bad[i]), &parts, &problems) != -1)
			fail_msg("'%s' was taken", bad[i]);
		assert_int_equal(parts.n, 0);
		assert_true(problems_count(&problems) > 0);
		problems_finish(&problems);
	}
	assert_int_equal(table_parse_list(&part_type, wrong, strlen(wrong), &parts, &problems), -1);
	assert_string_equal(problems.list.v[0], "[1].number: expected integer, found string");
	problems_finish(&problems);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_kind_is_read),
		cmocka_unit_test(an_array_is_a_document_too),
		cmocka_unit_test(every_kind_is_printed),
		cmocka_unit_test(print_indents),
		cmocka_unit_test(print_leaves_out_what_is_absent),
		cmocka_unit_test(print_of_nothing),
		cmocka_unit_test(null_and_empty_strings_are_absent),
		cmocka_unit_test(required_is_missing_or_null),
		cmocka_unit_test(range_of_its_own),
		cmocka_unit_test(range_of_the_type),
		cmocka_unit_test(keys_of_a_path_are_quoted_where_needed),
		cmocka_unit_test(long_keys_and_values_are_cut),
		cmocka_unit_test(problems_are_bounded),
		cmocka_unit_test(problems_of_an_earlier_document_do_not_count),
		cmocka_unit_test(one_problem_and_two_as_an_error),
		cmocka_unit_test(too_many_large_integers_are_refused),
		cmocka_unit_test(duplicates_among_many_keys),
		cmocka_unit_test(same_keys_in_different_objects_are_no_duplicates),
		cmocka_unit_test(depth_of_64_is_the_last),
		cmocka_unit_test(lone_values_are_json),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
