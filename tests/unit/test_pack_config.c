/* The configuration of a packed image, new and on top of another. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "imgtool/pack/config.h"
#include "spec/base/owned.h"
#include "spec/image.h"

#define DIFF_ID "sha256:0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"

static struct pack_settings on_linux(void)
{
	return (struct pack_settings){ .platform = { "linux", "arm64", "v8" } };
}

static void add(struct string_list *list, const char *text)
{
	assert_int_equal(string_list_add(list, text), 0);
}

static void finish(struct pack_settings *settings)
{
	string_list_finish(&settings->entrypoint);
	string_list_finish(&settings->cmd);
	string_list_finish(&settings->env);
	string_list_finish(&settings->labels);
	string_list_finish(&settings->expose);
	string_list_finish(&settings->volumes);
}

static void expect_config(const char *below, struct pack_settings *settings, const char *diff_id,
			  const char *expected)
{
	struct error err = { 0 };
	owned_string text = NULL;
	int result = pack_config(below, settings, diff_id, &text, &err);

	finish(settings);
	assert_string_equal(err.msg, "");
	assert_int_equal(result, 0);
	assert_string_equal(text, expected);

	/* And it is one for our reader. */
	struct problems problems = { 0 };
	void *config = table_parse(&image_config_type, text, strlen(text), &problems);
	assert_non_null(config);
	table_free(&image_config_type, config);
}

static void expect_refused(struct pack_settings *settings, const char *message)
{
	struct error err = { 0 };
	char *text = NULL;
	int result = pack_config(NULL, settings, DIFF_ID, &text, &err);

	finish(settings);
	assert_int_equal(result, -1);
	assert_null(text);
	assert_string_equal(err.msg, message);
}

static void a_new_image_says_the_least(void **unused)
{
	struct pack_settings settings = on_linux();

	(void)unused;
	expect_config(
		NULL, &settings, DIFF_ID,
		"{\"created\":\"1970-01-01T00:00:00Z\",\"architecture\":\"arm64\",\"os\":\"linux\","
		"\"variant\":\"v8\",\"config\":{},\"rootfs\":{\"type\":\"layers\",\"diff_ids\":"
		"[\"" DIFF_ID "\"]},\"history\":[{\"created\":\"1970-01-01T00:00:00Z\","
		"\"created_by\":\"imgtool pack\"}]}");
}

static void everything_can_be_said(void **unused)
{
	struct pack_settings settings = on_linux();

	(void)unused;
	settings.platform.variant = NULL;
	settings.workdir = "/w";
	settings.user = "1:2";
	settings.stop_signal = "SIGINT";
	settings.author = "A <a@b>";
	settings.message = "because \"so\"";
	settings.created = 1700000000;
	add(&settings.entrypoint, "[\"/bin/sh\", \"-c\"]");
	add(&settings.cmd, "one");
	add(&settings.cmd, "two words");
	add(&settings.env, "A=1");
	add(&settings.env, "B=");
	add(&settings.env, "A=2");
	add(&settings.labels, "k=v=w");
	add(&settings.expose, "80");
	add(&settings.expose, "53/udp");
	add(&settings.expose, "1000-2000/sctp");
	add(&settings.volumes, "/data");
	expect_config(
		NULL, &settings, DIFF_ID,
		"{\"created\":\"2023-11-14T22:13:20Z\",\"author\":\"A "
		"<a@b>\",\"architecture\":\"arm64\","
		"\"os\":\"linux\",\"config\":{\"WorkingDir\":\"/w\",\"User\":\"1:2\","
		"\"StopSignal\":\"SIGINT\",\"Entrypoint\":[\"/bin/sh\",\"-c\"],"
		"\"Cmd\":[\"one\",\"two "
		"words\"],\"Env\":[\"A=2\",\"B=\"],\"Labels\":{\"k\":\"v=w\"},"
		"\"ExposedPorts\":{\"80/tcp\":{},\"53/udp\":{},\"1000-2000/sctp\":{}},"
		"\"Volumes\":{\"/"
		"data\":{}}},\"rootfs\":{\"type\":\"layers\",\"diff_ids\":[\"" DIFF_ID
		"\"]},\"history\":[{\"created\":\"2023-11-14T22:13:20Z\",\"created_by\":\"imgtool "
		"pack\",\"author\":\"A <a@b>\",\"comment\":\"because \\\"so\\\"\"}]}");
}

static const char below[] =
	"{\"created\":\"2020-01-01T00:00:00Z\",\"architecture\":\"amd64\",\"os\":\"linux\","
	"\"variant\":\"v2\","
	"\"config\":{\"Env\":[\"A=1\",\"PATH=/bin\"],\"Cmd\":[\"x\"],\"Healthcheck\":{\"Interval\":"
	"30000000000},\"Labels\":null},\"rootfs\":{\"type\":\"layers\",\"diff_ids\":[\"sha256:a\"]}"
	","
	"\"history\":[{\"created_by\":\"first\"}],\"docker_version\":\"1\"}";

static void what_is_below_stays_unless_it_is_said(void **unused)
{
	struct pack_settings settings = { 0 };

	(void)unused;
	add(&settings.env, "A=3");
	add(&settings.labels, "a=b");
	expect_config(below, &settings, DIFF_ID,
		      "{\"created\":\"1970-01-01T00:00:00Z\",\"architecture\":\"amd64\",\"os\":"
		      "\"linux\",\"variant\":"
		      "\"v2\",\"config\":{\"Env\":[\"A=3\",\"PATH=/"
		      "bin\"],\"Cmd\":[\"x\"],\"Healthcheck\":"
		      "{\"Interval\":30000000000},\"Labels\":{\"a\":\"b\"}},\"rootfs\":{\"type\":"
		      "\"layers\","
		      "\"diff_ids\":[\"sha256:a\",\"" DIFF_ID
		      "\"]},\"history\":[{\"created_by\":\"first\"},"
		      "{\"created\":\"1970-01-01T00:00:00Z\",\"created_by\":\"imgtool pack\"}],"
		      "\"docker_version\":\"1\"}");
}

static void without_a_layer_the_history_says_so(void **unused)
{
	struct pack_settings settings = { 0 };
	struct error err = { 0 };
	owned_string text = NULL;

	(void)unused;
	assert_int_equal(pack_config(below, &settings, NULL, &text, &err), 0);
	assert_non_null(strstr(text, "\"diff_ids\":[\"sha256:a\"]}"));
	assert_non_null(strstr(text, "\"created_by\":\"imgtool pack\",\"empty_layer\":true}]"));
}

static void a_new_entrypoint_drops_the_command_below(void **unused)
{
	struct pack_settings settings = { 0 };
	struct error err = { 0 };
	owned_string text = NULL;

	(void)unused;
	add(&settings.entrypoint, "/bin/e");
	assert_int_equal(pack_config(below, &settings, DIFF_ID, &text, &err), 0);
	assert_non_null(strstr(text, "\"Entrypoint\":[\"/bin/e\"]"));
	assert_null(strstr(text, "\"Cmd\""));
	finish(&settings);
}

static void an_empty_word_takes_away(void **unused)
{
	struct pack_settings settings = { 0 };
	struct error err = { 0 };
	owned_string text = NULL;

	(void)unused;
	add(&settings.cmd, "");
	assert_int_equal(pack_config(below, &settings, DIFF_ID, &text, &err), 0);
	assert_null(strstr(text, "\"Cmd\""));
	finish(&settings);
}

static void another_platform_has_no_variant_of_this(void **unused)
{
	struct pack_settings settings = { .platform = { "linux", "riscv64", NULL } };
	struct error err = { 0 };
	owned_string text = NULL;

	(void)unused;
	assert_int_equal(pack_config(below, &settings, DIFF_ID, &text, &err), 0);
	assert_non_null(strstr(text, "\"architecture\":\"riscv64\""));
	assert_null(strstr(text, "variant"));
}

static void what_makes_no_sense_is_refused(void **unused)
{
	struct pack_settings settings = on_linux();

	(void)unused;
	settings.workdir = "relative";
	expect_refused(&settings, "option --workdir: 'relative' is no absolute path");
	settings = on_linux();
	settings.user = "a\nb";
	expect_refused(&settings, "option --user: control character");
	settings = on_linux();
	settings.author = "\377";
	expect_refused(&settings, "option --author: is no UTF-8");
	settings = on_linux();
	settings.message = "\377";
	expect_refused(&settings, "option --message: is no UTF-8");
	settings = on_linux();
	add(&settings.cmd, "[\"a\", 1]");
	expect_refused(&settings, "option --cmd: '[\"a\", 1]' is no JSON array of strings");
	add(&settings.entrypoint, "[");
	expect_refused(&settings, "option --entrypoint: '[' is no JSON array of strings");
	add(&settings.labels, "=v");
	expect_refused(&settings, "option --label: '=v' is no KEY=VALUE");
	add(&settings.labels, "k");
	expect_refused(&settings, "option --label: 'k' is no KEY=VALUE");
	add(&settings.volumes, "data");
	expect_refused(&settings, "option --volume: 'data' is no absolute path");
	settings = on_linux();
	settings.created = INT64_MAX;
	expect_refused(&settings,
		       "created: 9223372036854775807 seconds are no year from 0 to 9999");
}

static void only_ports_are_exposed(void **unused)
{
	static const char *const wrong[] = { "",	 "0",	"65536", "99999999999", "80/",
					     "80/icmp",	 "80-", "90-80", "80-90-100",	"x",
					     "80/tcp/",	 " 80", "80-0",	 "-80",		"80 ",
					     "80/tcp80", "+80", "80/TCP" };

	(void)unused;
	for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
		struct pack_settings settings = on_linux();
		char message[100];

		add(&settings.expose, wrong[i]);
		snprintf(message, sizeof message,
			 "option --expose: '%s' is no PORT[-PORT][/tcp|udp|sctp]", wrong[i]);
		expect_refused(&settings, message);
	}
}

static void times_are_rfc_3339_or_seconds(void **unused)
{
	int64_t seconds;

	(void)unused;
	assert_int_equal(pack_time_parse("2023-11-14T22:13:20Z", &seconds), 0);
	assert_int_equal(seconds, 1700000000);
	assert_int_equal(pack_time_parse("-5", &seconds), 0);
	assert_int_equal(seconds, -5);
	assert_int_equal(pack_time_parse("2023-11-14", &seconds), -1);
	assert_int_equal(errno, EINVAL);
	assert_int_equal(pack_time_parse("2023-11-14T22:13:20Zx", &seconds), -1);
	assert_int_equal(pack_time_parse("", &seconds), -1);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_new_image_says_the_least),
		cmocka_unit_test(everything_can_be_said),
		cmocka_unit_test(what_is_below_stays_unless_it_is_said),
		cmocka_unit_test(without_a_layer_the_history_says_so),
		cmocka_unit_test(a_new_entrypoint_drops_the_command_below),
		cmocka_unit_test(an_empty_word_takes_away),
		cmocka_unit_test(another_platform_has_no_variant_of_this),
		cmocka_unit_test(what_makes_no_sense_is_refused),
		cmocka_unit_test(only_ports_are_exposed),
		cmocka_unit_test(times_are_rfc_3339_or_seconds),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
