/* --filter of ps, by docker's rules. */
#include "shim/filter.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#include "spec/base/owned.h"

static struct string_pair labels[] = { { (char[]){ "env" }, (char[]){ "prod" } },
				       { (char[]){ "empty" }, (char[]){ "" } } };
static char id[] = "0123abcd", name[] = "web-1";
static struct health health = { .status = HEALTH_HEALTHY };
static struct record record;

static int begin(void **state)
{
	(void)state;
	record = (struct record){
		.id = id,
		.name = name,
		.labels = { labels, 2 },
		.state = STATE_EXITED,
		.started = 1,
		.finished = 2,
		.exit_code = { true, 137 },
	};
	return 0;
}

/* Filters with blanks between. */
static bool passes(const char *filters)
{
	OWNED(filter_finish) struct filter filter = { 0 };
	owned_string copy = strdup(filters);
	char *rest = copy, *text;

	while ((text = strsep(&rest, " "))) {
		struct error err = { 0 };

		if (*text && filter_add(&filter, text, &err))
			fail_msg("%s: %s", text, err.msg);
	}
	return filter_passes(&filter, &record, "alpine:3.18");
}

static void names_and_ids_match_anywhere(void **state)
{
	(void)state;
	assert_true(passes(""));
	assert_true(passes("name=web"));
	assert_true(passes("name=eb-"));
	assert_true(passes("name=^web-1$"));
	assert_true(passes("name=^/web-1$"));
	assert_false(passes("name=^web$"));
	assert_false(passes("name=db"));
	assert_true(passes("name=db name=web"));
	assert_true(passes("id=0123"));
	assert_true(passes("id=abcd$"));
	assert_false(passes("id=^abcd"));
}

static void states_exits_and_health_are_words(void **state)
{
	(void)state;
	assert_true(passes("status=exited"));
	assert_false(passes("status=running"));
	assert_true(passes("status=running status=exited"));
	assert_true(passes("exited=137"));
	assert_true(passes("exited=0 exited=137"));
	assert_false(passes("exited=0"));
	assert_true(passes("health=none"));
	assert_false(passes("health=healthy"));
	record.state = STATE_STOPPING;
	record.health = &health;
	assert_true(passes("status=running"));
	assert_false(passes("exited=137"));
	assert_true(passes("health=healthy"));
	assert_false(passes("health=none"));
	record.state = STATE_RESTARTING;
	assert_true(passes("status=restarting"));
	assert_false(passes("exited=137"));
}

static void every_label_must_be_there(void **state)
{
	(void)state;
	assert_true(passes("label=env"));
	assert_true(passes("label=env=prod"));
	assert_false(passes("label=env=test"));
	assert_false(passes("label=envi"));
	assert_true(passes("label=empty="));
	assert_false(passes("label=env="));
	assert_true(passes("label=env label=empty"));
	assert_false(passes("label=env label=other"));
}

static void an_ancestor_goes_with_and_without_tag(void **state)
{
	(void)state;
	assert_true(passes("ancestor=alpine"));
	assert_true(passes("ancestor=alpine:3.18"));
	assert_false(passes("ancestor=alpine:3"));
	assert_false(passes("ancestor=alp"));
}

static void different_keys_must_all_fit(void **state)
{
	(void)state;
	assert_true(passes("name=web status=exited label=env"));
	assert_false(passes("name=web status=running"));
}

static void what_is_no_filter_is_refused(void **state)
{
	static const struct {
		const char *text, *message;
	} cases[] = {
		{ "name", "bad format of filter (expected name=value)" },
		{ "", "bad format of filter (expected name=value)" },
		{ "nam=x", "invalid filter 'nam=x'" },
		{ "names=x", "invalid filter 'names=x'" },
		{ "status=stopping", "invalid filter 'status=stopping'" },
		{ "exited=x", "invalid filter 'exited=x'" },
		{ "health=good", "invalid filter 'health=good'" },
		{ "name=(", "invalid filter 'name=('" },
		{ "label=", "invalid filter 'label='" },
		{ "x\x1b=", "invalid filter 'x?='" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		OWNED(filter_finish) struct filter filter = { 0 };
		struct error err = { 0 };

		assert_int_equal(filter_add(&filter, cases[i].text, &err), -1);
		assert_int_equal(err.code, EINVAL);
		if (!text_starts_with(err.msg, cases[i].message))
			fail_msg("%s", err.msg);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(names_and_ids_match_anywhere, begin),
		cmocka_unit_test_setup(states_exits_and_health_are_words, begin),
		cmocka_unit_test_setup(every_label_must_be_there, begin),
		cmocka_unit_test_setup(an_ancestor_goes_with_and_without_tag, begin),
		cmocka_unit_test_setup(different_keys_must_all_fit, begin),
		cmocka_unit_test_setup(what_is_no_filter_is_refused, begin),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
