/* Times and states in docker's words. */
#include "shim/human.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#include "spec/base/duration.h"
#include "spec/base/owned.h"

#define SECOND NANOSECONDS_PER_SECOND
#define MINUTE (60 * SECOND)
#define HOUR (60 * MINUTE)
#define DAY (24 * HOUR)

static void durations_have_go_units_words(void **state)
{
	static const struct {
		int64_t duration;
		const char *text;
	} cases[] = {
		{ INT64_MIN, "Less than a second" },
		{ -5 * SECOND, "Less than a second" },
		{ 0, "Less than a second" },
		{ SECOND - 1, "Less than a second" },
		{ SECOND, "1 second" },
		{ 2 * SECOND, "2 seconds" },
		{ 59 * SECOND, "59 seconds" },
		{ MINUTE, "About a minute" },
		{ 119 * SECOND, "About a minute" },
		{ 2 * MINUTE, "2 minutes" },
		{ 3 * MINUTE + 59 * SECOND, "3 minutes" },
		{ 59 * MINUTE, "59 minutes" },
		{ HOUR, "About an hour" },
		{ HOUR + 29 * MINUTE, "About an hour" },
		{ HOUR + 30 * MINUTE, "2 hours" },
		{ 47 * HOUR, "47 hours" },
		{ 2 * DAY, "2 days" },
		{ 13 * DAY, "13 days" },
		{ 14 * DAY, "2 weeks" },
		{ 59 * DAY, "8 weeks" },
		{ 60 * DAY, "2 months" },
		{ 365 * DAY, "12 months" },
		{ 729 * DAY, "24 months" },
		{ 730 * DAY, "2 years" },
		{ INT64_MAX, "292 years" },
	};
	char text[HUMAN_DURATION_TEXT];

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
		assert_string_equal(human_duration(cases[i].duration, text), cases[i].text);
}

static void check_status(struct record *record, enum container_state state, const char *expected)
{
	char text[HUMAN_STATUS_TEXT];

	record->state = (int)state;
	assert_string_equal(human_status(record, 1000 * SECOND, text), expected);
}

static void statuses_have_dockers_words(void **state)
{
	struct health health = { .status = HEALTH_STARTING };
	struct record record = { .created = 1 };

	(void)state;
	check_status(&record, STATE_CREATED, "Created");
	check_status(&record, STATE_STARTING, "Created");
	check_status(&record, STATE_EXITED, "Created"); /* its start failed */
	record.started = 820 * SECOND;
	check_status(&record, STATE_RUNNING, "Up 3 minutes");
	check_status(&record, STATE_STOPPING, "Up 3 minutes");
	check_status(&record, STATE_PAUSING, "Up 3 minutes");
	check_status(&record, STATE_PAUSED, "Up 3 minutes (Paused)");
	check_status(&record, STATE_EXITED, "");
	record.health = &health;
	check_status(&record, STATE_RUNNING, "Up 3 minutes (health: starting)");
	health.status = HEALTH_HEALTHY;
	check_status(&record, STATE_RUNNING, "Up 3 minutes (healthy)");
	health.status = HEALTH_UNHEALTHY;
	check_status(&record, STATE_RUNNING, "Up 3 minutes (unhealthy)");
	check_status(&record, STATE_PAUSED, "Up 3 minutes (Paused)");
	record.health = NULL;
	record.finished = 995 * SECOND;
	record.exit_code = (struct opt_int64){ true, 137 };
	check_status(&record, STATE_EXITED, "Exited (137) 5 seconds ago");
	record.exit_code.value = 1;
	record.finished = 998 * SECOND;
	check_status(&record, STATE_RESTARTING, "Restarting (1) 2 seconds ago");
	check_status(&record, STATE_CREATING, "Restarting (1) 2 seconds ago");
	check_status(&record, STATE_DEAD, "Dead");
	check_status(&record, STATE_REMOVING, "Removal In Progress");
	record.finished = 5000 * SECOND; /* the clock was set back */
	check_status(&record, STATE_EXITED, "Exited (1) Less than a second ago");
	record.exit_code.set = false;
	record.finished = 998 * SECOND;
	check_status(&record, STATE_EXITED, "Exited (255) 2 seconds ago");
}

static void quotes_keep_orders_from_a_terminal(void **state)
{
	OWNED(buffer_finish) struct buffer text = { 0 };

	(void)state;
	human_quote("a \"b\" \\ \x1b[31m\n\xc3\xa9\xc2\x9b\xff\x7f", &text);
	assert_string_equal(text.text,
			    "\"a \\\"b\\\" \\\\ \\x1b[31m\\n\xc3\xa9\\u009b\\xff\\x7f\"");
}

static void check_ellipsis(const char *text, size_t width, const char *expected)
{
	OWNED(buffer_finish) struct buffer cut = { 0 };

	human_ellipsis(text, width, &cut);
	assert_string_equal(cut.text ? cut.text : "", expected);
}

static void long_texts_end_in_dots(void **state)
{
	(void)state;
	check_ellipsis("abcd", 4, "abcd");
	check_ellipsis("abcde", 4, "abc…");
	check_ellipsis("äöüß", 4, "äöüß");
	check_ellipsis("äöüßx", 4, "äöü…");
	check_ellipsis("ab", 1, "…");
	check_ellipsis("ab", 0, "");
	check_ellipsis("", 0, "");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(durations_have_go_units_words),
		cmocka_unit_test(statuses_have_dockers_words),
		cmocka_unit_test(quotes_keep_orders_from_a_terminal),
		cmocka_unit_test(long_texts_end_in_dots),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
