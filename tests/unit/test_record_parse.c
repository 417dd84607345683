/* The text of a record: what comes back, and what is refused in which words. */
#include "shim/record.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#include "spec/base/owned.h"

static struct error err;

#define HEAD                                                                             \
	"{\"version\":1,\"id\":\"c\",\"name\":\"n\",\"bundle\":\"/b\",\"runtime\":\"r\"" \
	",\"created\":7,\"state\":\"exited\""
#define RESTART                                                                               \
	",\"restart\":{\"policy\":\"on-failure\",\"maximumCount\":3,\"delay\":1,\"maxDelay\"" \
	":2,\"reset\":3}"
#define LOG ",\"log\":{\"driver\":\"json-file\",\"path\":\"/l\"}"

static void everything_comes_back(void **state)
{
	static const char text[] =
		"{\"version\":1,\"id\":\"c\",\"name\":\"n\",\"bundle\":\"/b\",\"runtime\":\"crun\","
		"\"runtimeArguments\":[\"--root\",\"/"
		"r\"],\"created\":7,\"started\":8,\"finished\":9,"
		"\"state\":\"running\",\"init\":{\"pid\":42,\"startTime\":18446744073709551615,"
		"\"bootId\":\"b\"},\"exitCode\":0,\"oomKilled\":true,\"error\":\"e\","
		"\"restart\":{\"policy\":\"on-failure\",\"maximumCount\":3,\"delay\":1,"
		"\"maxDelay\":2,"
		"\"reset\":3},\"restartCount\":4,\"restartDelayNow\":5,\"manualStop\":true,"
		"\"policyCancelled\":true,\"startedBefore\":true,\"stopSignal\":\"SIGINT\","
		"\"stopTimeout\":-1,\"log\":{\"driver\":\"json-file\",\"path\":\"/l\",\"options\":"
		"{\"max-size\":\"1m\"}},\"terminal\":true,\"openStdin\":true,\"autoRemove\":false,"
		"\"pidFile\":\"/"
		"p\",\"health\":{\"command\":[\"true\"],\"interval\":1,\"timeout\":2,"
		"\"startPeriod\":3,\"retries\":4,\"status\":\"unhealthy\",\"failingStreak\":5,"
		"\"log\":[{\"start\":1,\"end\":2,\"exitCode\":-1,\"output\":\"o\"}]},"
		"\"labels\":{\"a\":\"b\",\"c\":\"\"}}\n";
	OWNED(buffer_finish) struct buffer again = { 0 };

	(void)state;
	struct record *record = record_parse("c", text, sizeof text - 1, &err);
	assert_string_equal(err.msg, "");
	assert_non_null(record);
	assert_int_equal(record->state, STATE_RUNNING);
	assert_int_equal(record->restart->policy, RESTART_ON_FAILURE);
	assert_true(record->init->start_time == UINT64_MAX);
	assert_int_equal(record_exit_code(record), 0);
	record_print(record, &again);
	record_destroy(record);
	/* What is false says nothing. */
	OWNED(buffer_finish) struct buffer expected = { 0 };
	const char *gone = strstr(text, "\"autoRemove\":false,");
	buffer_add(&expected, text, (size_t)(gone - text));
	buffer_print(&expected, "%s", gone + strlen("\"autoRemove\":false,"));
	assert_string_equal(again.text, expected.text);
}

static void a_new_record_has_dockers_defaults_and_is_valid(void **state)
{
	OWNED(buffer_finish) struct buffer text = { 0 };
	struct record *record = record_new("c", "c", "/bundle", "orun");

	(void)state;
	assert_int_equal(record->state, STATE_CREATED);
	assert_true(record->restart->delay == 100000000);
	assert_true(record->restart->max_delay == 60000000000);
	assert_true(record->restart->reset == 10000000000);
	assert_int_equal(record_exit_code(record), 255);
	record_print(record, &text);
	record_destroy(record);
	record = record_parse("c", text.text, text.length, &err);
	assert_non_null(record);
	record_destroy(record);
}

static void damage_is_told_in_one_message(void **state)
{
	static const struct {
		const char *text, *message;
	} cases[] = {
		{ "", "the file is empty" },
		{ "{", "not a record" },
		{ HEAD RESTART, "not a record" },
		{ "[]", "expected object, found array" },
		{ "{}", "version: required, but missing" },
		{ "{\"version\":2,\"id\":5}",
		  "its version is 2, and this program knows version 1" },
		{ HEAD RESTART "}", "log: required, but missing" },
		{ HEAD LOG "}", "restart: required, but missing" },
		{ HEAD RESTART LOG ",\"exitCode\":256}", "exitCode: expected an integer from 0" },
		{ HEAD RESTART LOG ",\"restartCount\":-1}", "restartCount: expected" },
		{ HEAD RESTART LOG ",\"init\":{\"pid\":0,\"startTime\":1,\"bootId\":\"b\"}}",
		  "init.pid" },
		{ HEAD RESTART LOG ",\"autoRemove\":true}", "autoRemove: excluded" },
		{ HEAD RESTART LOG ",\"pidFile\":\"x\"}", "pidFile: 'x' is no absolute path" },
		{ HEAD ",\"restart\":{\"policy\":\"always\",\"maximumCount\":3,\"delay\":1,"
		       "\"maxDelay\":2,\"reset\":3}" LOG "}",
		  "restart.maximumCount: of no meaning" },
		{ HEAD ",\"restart\":{\"policy\":\"always\",\"delay\":31536000000000001,"
		       "\"maxDelay\":2,\"reset\":3}" LOG "}",
		  "restart.delay: expected" },
		{ "{\"version\":1,\"id\":\"d\",\"name\":\"n\",\"bundle\":\"/b\",\"runtime\":\"r\","
		  "\"created\":1,\"state\":\"exited\"" RESTART LOG "}",
		  "it is the record of another container, d" },
		{ "{\"version\":1,\"id\":\"c\",\"name\":\"../n\",\"bundle\":\"/b\",\"runtime\":"
		  "\"r\",\"created\":1,\"state\":\"exited\"" RESTART LOG "}",
		  "name: Invalid container name (../n)" },
		{ "{\"version\":1,\"id\":\"c\",\"name\":\"n\",\"bundle\":\"b\",\"runtime\":\"r\","
		  "\"created\":1,\"state\":\"exited\"" RESTART LOG "}",
		  "bundle: 'b' is no absolute path" },
		{ "{\"version\":1,\"id\":\"c\",\"name\":\"n\",\"bundle\":\"/b\",\"runtime\":\"r\","
		  "\"created\":1,\"state\":\"flying\"" RESTART LOG "}",
		  "state: unknown value" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		err = (struct error){ 0 };
		struct record *record =
			record_parse("c", cases[i].text, strlen(cases[i].text), &err);
		if (record || err.code != EINVAL || !strstr(err.msg, cases[i].message) ||
		    !text_starts_with(err.msg, "record of container c: "))
			fail_msg("%s: \"%s\" and not \"%s\"", cases[i].text, err.msg,
				 cases[i].message);
	}
	assert_null(record_parse("c", "\0\0\0\0", 4, &err));
	assert_non_null(strstr(err.msg, "the file begins with NUL bytes"));
}

static void unknown_members_are_passed_over(void **state)
{
	static const char text[] = HEAD RESTART LOG ",\"later\":{\"x\":[1]}}";
	OWNED(buffer_finish) struct buffer again = { 0 };
	struct record *record = record_parse("c", text, sizeof text - 1, &err);

	(void)state;
	assert_non_null(record);
	record_print(record, &again);
	assert_null(strstr(again.text, "later"));
	record_destroy(record);
}

/* Of a record cut off anywhere, or with any byte turned over, either nothing is taken or what is valid. */
static void no_damage_crashes(void **state)
{
	static const char text[] = HEAD RESTART LOG
		",\"labels\":{\"a\":\"b\"},\"health\":{\"command\":[\"x\"],\"interval\":1,"
		"\"timeout\":2,\"retries\":3,\"status\":\"healthy\"}}";
	char damaged[sizeof text];

	(void)state;
	for (size_t length = 0; length < sizeof text - 1; length++)
		assert_null(record_parse("c", text, length, &err));
	for (size_t i = 0; i < (sizeof text - 1) * 8; i++) {
		memcpy(damaged, text, sizeof text);
		damaged[i / 8] = (char)((unsigned char)damaged[i / 8] ^ 1u << (i % 8));
		record_destroy(record_parse("c", damaged, sizeof text - 1, &err));
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(everything_comes_back),
		cmocka_unit_test(a_new_record_has_dockers_defaults_and_is_valid),
		cmocka_unit_test(damage_is_told_in_one_message),
		cmocka_unit_test(unknown_members_are_passed_over),
		cmocka_unit_test(no_damage_crashes),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
