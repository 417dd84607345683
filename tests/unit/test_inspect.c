/* The document of inspect and the rows of ps, from records and bundles. */
#include "shim/inspect.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "shim/listing.h"
#include "shim/row_format.h"
#include "spec/base/duration.h"
#include "spec/base/owned.h"

#define SECOND NANOSECONDS_PER_SECOND
/* 2026-01-02T03:04:05Z */
#define CREATED (INT64_C(1767323045) * SECOND)

static const char record_text[] =
	"{\"version\":1,\"id\":\"0123456789abcdef\",\"name\":\"web\",\"bundle\":\"/b\",\"runtime\":"
	"\"crun\",\"created\":1767323045000000000,\"started\":1767323046500000000,\"state\":"
	"\"running\",\"init\":{\"pid\":42,\"startTime\":5,\"bootId\":\"x\"},\"restart\":{"
	"\"policy\":"
	"\"on-failure\",\"maximumCount\":3,\"delay\":1,\"maxDelay\":2,\"reset\":3},"
	"\"restartCount\":"
	"2,\"startedBefore\":true,\"stopSignal\":\"SIGINT\",\"stopTimeout\":5,\"log\":{\"driver\":"
	"\"json-file\",\"path\":\"/l\",\"options\":{\"max-size\":\"1m\"}},\"terminal\":true,"
	"\"health\":{\"command\":[\"x\"],\"interval\":1,\"timeout\":1,\"retries\":3,\"status\":"
	"\"unhealthy\",\"failingStreak\":3,\"log\":[{\"start\":1767323047000000000,\"end\":"
	"1767323048000000000,\"exitCode\":1,\"output\":\"no \\\"<\\n\"}]},\"labels\":{\"a\":\"1\","
	"\"evil\":\"\\u001b[31m\"}}";

static const char config_text[] =
	"{\"ociVersion\":\"1.0.2\",\"hostname\":\"h\",\"root\":{\"path\":\"rootfs\",\"readonly\":"
	"true},"
	"\"process\":{\"terminal\":true,\"cwd\":\"/w\",\"args\":[\"/bin/sh\",\"-c\",\"echo "
	"\\\"hello world\\\"\"],\"env\":[\"A=1\"],\"user\":{\"uid\":5,\"gid\":6},"
	"\"apparmorProfile\":\"p\",\"selinuxLabel\":\"s\"},\"mounts\":[{\"destination\":\"/proc\","
	"\"type\":\"proc\",\"source\":\"proc\"},{\"destination\":\"/"
	"data\",\"type\":\"none\",\"source\":"
	"\"/srv/a/long/path/of/data\",\"options\":[\"rbind\",\"ro\",\"rslave\"]}],\"annotations\":{"
	"\"org.opencontainers.image.ref.name\":\"alpine:3.18\"},\"linux\":{\"mountLabel\":\"m\","
	"\"namespaces\":[{\"type\":\"uts\"},{\"type\":\"mount\"}]}}";

static struct record *record;
static struct config *config;

static int begin(void **state)
{
	OWNED(problems_finish) struct problems problems = { 0 };

	(void)state;
	record = record_parse("0123456789abcdef", record_text, sizeof record_text - 1, NULL);
	config = config_parse(config_text, sizeof config_text - 1, &problems);
	if (problems.list.n)
		print_error("%s\n", problems.list.v[0]);
	return record && config ? 0 : -1;
}

static int end(void **state)
{
	(void)state;
	record_destroy(record);
	config_free(config);
	return 0;
}

static void the_document_has_dockers_names(void **state)
{
	OWNED(buffer_finish) struct buffer text = { 0 };

	(void)state;
	assert_int_equal(inspect_print(record, config, 0, &text, NULL), 0);
	assert_string_equal(
		text.text,
		"{\"Id\":\"0123456789abcdef\",\"Created\":\"2026-01-02T03:04:05Z\",\"Path\":"
		"\"/bin/sh\",\"Args\":[\"-c\",\"echo \\\"hello world\\\"\"],\"State\":{\"Status\":"
		"\"running\",\"Running\":true,\"Paused\":false,\"Restarting\":false,\"OOMKilled\":"
		"false,\"Dead\":false,\"Pid\":42,\"ExitCode\":0,\"Error\":\"\",\"StartedAt\":"
		"\"2026-01-02T03:04:06.5Z\",\"FinishedAt\":\"0001-01-01T00:00:00Z\",\"Health\":{"
		"\"Status\":\"unhealthy\",\"FailingStreak\":3,\"Log\":[{\"Start\":"
		"\"2026-01-02T03:04:07Z\",\"End\":\"2026-01-02T03:04:08Z\",\"ExitCode\":1,"
		"\"Output\":\"no \\\"<\\n\"}]}},\"Image\":\"alpine:3.18\",\"LogPath\":\"/l\","
		"\"Name\":\"/web\",\"RestartCount\":2,\"Platform\":\"linux\",\"MountLabel\":\"m\","
		"\"ProcessLabel\":\"s\",\"AppArmorProfile\":\"p\",\"Bundle\":\"/"
		"b\",\"HostConfig\":{"
		"\"LogConfig\":{\"Type\":\"json-file\",\"Config\":{\"max-size\":\"1m\"}},"
		"\"RestartPolicy\":{\"Name\":\"on-failure\",\"MaximumRetryCount\":3},"
		"\"AutoRemove\":false,\"ReadonlyRootfs\":true,\"Runtime\":\"crun\"},\"Mounts\":[{"
		"\"Type\":\"proc\",\"Source\":\"proc\",\"Destination\":\"/"
		"proc\",\"Mode\":\"\",\"RW\":"
		"true,\"Propagation\":\"\"},{\"Type\":\"bind\",\"Source\":"
		"\"/srv/a/long/path/of/data\",\"Destination\":\"/data\",\"Mode\":"
		"\"rbind,ro,rslave\",\"RW\":false,\"Propagation\":\"rslave\"}],\"Config\":{"
		"\"Hostname\":\"h\",\"Domainname\":\"\",\"User\":\"5:6\",\"Tty\":true,"
		"\"OpenStdin\":"
		"false,\"Env\":[\"A=1\"],\"Cmd\":[\"/bin/sh\",\"-c\",\"echo \\\"hello world\\\"\"],"
		"\"Image\":\"alpine:3.18\",\"WorkingDir\":\"/w\",\"Labels\":{\"a\":\"1\",\"evil\":"
		"\"\\u001b[31m\"},\"StopSignal\":\"SIGINT\",\"StopTimeout\":5}}");
}

static void check_template(const char *text, const char *expected)
{
	struct error err = { 0 };
	struct json_object *value = inspect_value(record, config, &err);
	struct template *template = template_parse(text, &err);
	OWNED(buffer_finish) struct buffer printed = { 0 };

	if (!value || !template || template_run(template, value, false, &printed, &err))
		fail_msg("%s: %s", text, err.msg);
	assert_string_equal(printed.text, expected);
	template_destroy(template);
	json_object_put(value);
}

static void what_people_ask_is_answered(void **state)
{
	(void)state;
	check_template("{{.State.Status}} {{.State.Pid}}", "running 42");
	check_template("{{json .State.Running}}", "true");
	check_template("{{.HostConfig.RestartPolicy.Name}}:"
		       "{{.HostConfig.RestartPolicy.MaximumRetryCount}} {{.RestartCount}}",
		       "on-failure:3 2");
	check_template("{{index .Config.Labels \"a\"}}", "1");
	check_template("{{range .Mounts}}{{.Source}}:{{.Destination}} {{end}}",
		       "proc:/proc /srv/a/long/path/of/data:/data ");
	check_template("{{if .State.Health}}{{.State.Health.Status}}{{else}}none{{end}}",
		       "unhealthy");
	check_template("{{join .Config.Cmd \" \"}}", "/bin/sh -c echo \"hello world\"");
}

static void states_become_dockers_flags(void **state)
{
	static const char flags[] = "{{.State.Status}} {{.State.Running}} {{.State.Paused}} "
				    "{{.State.Restarting}} {{.State.Dead}} {{.State.Pid}} "
				    "{{.State.ExitCode}} {{.State.Error}}";

	(void)state;
	record->state = STATE_PAUSED;
	check_template(flags, "paused true true false false 42 0 ");
	record->state = STATE_STOPPING;
	check_template(flags, "running true false false false 42 0 ");
	record->finished = CREATED;
	record->exit_code = (struct opt_int64){ true, 137 };
	record->state = STATE_RESTARTING;
	check_template(flags, "restarting true false true false 0 137 ");
	record->state = STATE_EXITED;
	check_template(flags, "exited false false false false 0 137 ");
	record->exit_code.set = false;
	check_template(flags, "exited false false false false 0 255 the exit status is not known");
	record->started = record->finished = 0; /* its start failed */
	record->exit_code = (struct opt_int64){ true, 127 };
	check_template(flags, "created false false false false 0 127 ");
	record->finished = CREATED;
	record->exit_code.set = false;
	record->state = STATE_DEAD;
	record->error = strdup("why");
	check_template(flags, "dead false false false true 0 255 why");
}

/* Without a bundle, without a check, never started. */
static void what_is_not_known_is_empty(void **state)
{
	OWNED(buffer_finish) struct buffer text = { 0 };
	struct record *bare = record_new("c", "c", "/b", "orun");

	(void)state;
	assert_int_equal(inspect_print(bare, NULL, 4, &text, NULL), 0);
	assert_non_null(strstr(text.text, "        \"Health\": null\n"));
	assert_non_null(strstr(text.text, "    \"Mounts\": [],\n"));
	assert_non_null(strstr(text.text, "    \"Path\": \"\",\n    \"Args\": [],\n"));
	assert_non_null(strstr(text.text, "\"StartedAt\": \"0001-01-01T00:00:00Z\""));
	record_destroy(bare);
}

/* ---- ps ---- */

static void check_rows(const char *format_text, bool whole, const char *expected)
{
	struct json_object *titles = listing_titles(), *rows = json_object_new_array();
	OWNED(row_format_finish) struct row_format format = { 0 };
	OWNED(buffer_finish) struct buffer text = { 0 };
	struct error err = { 0 };

	json_object_array_add(rows, listing_row(record, config, CREATED + 200 * SECOND, whole));
	if (row_format_parse(format_text, LISTING_TEMPLATE, &format, &err) ||
	    row_format_print(&format, titles, rows, &text, &err))
		fail_msg("%s", err.msg);
	assert_string_equal(text.text, expected);
	json_object_put(titles);
	json_object_put(rows);
}

static void ps_looks_like_dockers(void **state)
{
	(void)state;
	check_rows(
		NULL, false,
		"CONTAINER ID   IMAGE         COMMAND                   CREATED         STATUS "
		"                    PORTS     NAMES\n"
		"0123456789ab   alpine:3.18   \"/bin/sh -c 'echo \\\"h…\"   3 minutes ago   Up 3 "
		"minutes (unhealthy)             web\n");
}

static void rows_have_what_templates_ask(void **state)
{
	(void)state;
	check_rows("{{.ID}} {{.State}} {{.HealthStatus}} {{.CreatedAt}}", false,
		   "0123456789ab running unhealthy 2026-01-02 03:04:05 +0000 UTC\n");
	check_rows("{{.ID}} {{.Command}} {{.Mounts}}", true,
		   "0123456789abcdef \"/bin/sh -c 'echo \\\"hello world\\\"'\" "
		   "/srv/a/long/path/of/data\n");
	check_rows("{{.Mounts}}", false, "/srv/a/long/pa…\n");
	check_rows("{{.Labels}}|{{.Label \"a\"}}|{{.Label \"nope\"}}", false,
		   "a=1,evil=?[31m|1|\n");
}

#define CASE(name) cmocka_unit_test_setup_teardown(name, begin, end)

int main(void)
{
	const struct CMUnitTest tests[] = {
		CASE(the_document_has_dockers_names), CASE(what_people_ask_is_answered),
		CASE(states_become_dockers_flags),    CASE(what_is_not_known_is_empty),
		CASE(ps_looks_like_dockers),	      CASE(rows_have_what_templates_ask),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
