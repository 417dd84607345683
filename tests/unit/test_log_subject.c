/* Tags and attributes. */
#include "shim/log/subject.h"

#include "tests/unit/logs.h"

static struct string_pair label_pairs[] = { { "a.b", "x<y>\"q\"\tt" }, { "same", "label" } };
static const struct string_map labels = { label_pairs, 2 };
static char *variables[] = { "E=é&", "same=variable", "EMPTY=", "EE=no", NULL };
static const struct string_list env = { variables, 4 };

static const struct log_subject subject = { "62dd79670f93df545c0e6840b1d2c87d", "one", "test",
					    &labels, &env };

static void a_tag_names_the_container(void **state)
{
	static const struct {
		const char *template, *tag;
	} good[] = {
		{ "{{.ID}}", "62dd79670f93" },
		{ "{{ .FullID }}", "62dd79670f93df545c0e6840b1d2c87d" },
		{ "a {{.Name}}/{{.ImageName}} b", "a one/test b" },
		{ "plain } {", "plain } {" },
		{ "", "" },
	};
	struct error err = { 0 };

	(void)state;
	for (size_t i = 0; i < sizeof good / sizeof *good; i++) {
		owned_string tag = log_tag(good[i].template, &subject, &err);
		assert_non_null(tag);
		assert_string_equal(tag, good[i].tag);
	}
}

static void a_short_id_is_taken_whole(void **state)
{
	const struct log_subject web = { "web", "web", "", NULL, NULL };
	owned_string tag = log_tag("{{.ID}}", &web, NULL);

	(void)state;
	assert_string_equal(tag, "web");
}

static void other_words_in_braces_are_refused(void **state)
{
	static const char *const bad[] = { "{{.Foo}}", "{{", "x{{.ID}", "{{}}", "{{ID}}" };
	struct error err;

	(void)state;
	for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
		err = (struct error){ 0 };
		assert_null(log_tag(bad[i], &subject, &err));
		assert_int_equal(err.code, EINVAL);
		assert_non_null(strstr(err.msg, "knows {{.ID}}, {{.FullID}}"));
	}
}

static void expect(const char *pairs, const char *expected)
{
	OWNED(log_options_finish) struct log_options options = log_test_options("json-file", pairs);
	owned_string json = NULL;
	struct error err = { 0 };

	SUCCEEDS(log_attributes_json(&options, &subject, &json, &err));
	if (expected)
		assert_string_equal(json, expected);
	else
		assert_null(json);
}

static void attributes_are_what_was_asked_for_in_order(void **state)
{
	(void)state;
	/* As dockerd 20.10 wrote it. */
	expect("labels=a.b,zz env=E tag=T{{.ID}}",
	       "{\"E\":\"é\\u0026\",\"a.b\":\"x\\u003cy\\u003e\\\"q\\\"\\tt\",\"tag\":"
	       "\"T62dd79670f93\"}");
	expect("labels=same env=same", "{\"same\":\"variable\"}");
	expect("env=EMPTY,E", "{\"E\":\"é\\u0026\",\"EMPTY\":\"\"}");
	expect("labels=none env=none", NULL);
	expect("", NULL);
}

static void a_wrong_tag_is_refused(void **state)
{
	OWNED(log_options_finish)
	struct log_options options = log_test_options("json-file", "tag={{.X}}");
	owned_string json = NULL;
	struct error err;

	(void)state;
	FAILS(log_attributes_json(&options, &subject, &json, &err), EINVAL,
	      "log option tag={{.X}}");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_tag_names_the_container),
		cmocka_unit_test(a_short_id_is_taken_whole),
		cmocka_unit_test(other_words_in_braces_are_refused),
		cmocka_unit_test(attributes_are_what_was_asked_for_in_order),
		cmocka_unit_test(a_wrong_tag_is_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
