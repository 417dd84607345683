/* state.json and what `state` prints. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "spec/base/owned.h"
#include "spec/state.h"

static void view_is_printed_field_for_field_like_runc(void **unused)
{
	struct string_pair pair = { (char[]){ "com.example" }, (char[]){ "x" } };
	struct state_view view = {
		.oci_version = (char[]){ "1.3.0" },
		.id = (char[]){ "c1" },
		.pid = 42,
		.status = STATUS_RUNNING,
		.bundle = (char[]){ "/b" },
		.rootfs = (char[]){ "/b/rootfs" },
		.created = (char[]){ "2026-01-02T03:04:05.123456789Z" },
		.annotations = { &pair, 1 },
	};
	struct buffer text = { 0 };

	(void)unused;
	table_print(&state_view_type, &view, 2, &text);
	assert_string_equal(text.text, "{\n"
				       "  \"ociVersion\": \"1.3.0\",\n"
				       "  \"id\": \"c1\",\n"
				       "  \"pid\": 42,\n"
				       "  \"status\": \"running\",\n"
				       "  \"bundle\": \"/b\",\n"
				       "  \"rootfs\": \"/b/rootfs\",\n"
				       "  \"created\": \"2026-01-02T03:04:05.123456789Z\",\n"
				       "  \"annotations\": {\n"
				       "    \"com.example\": \"x\"\n"
				       "  },\n"
				       "  \"owner\": \"\"\n"
				       "}");
	buffer_finish(&text);
}

static void stopped_view_has_pid_zero_and_no_annotations(void **unused)
{
	struct state_view view = {
		.oci_version = (char[]){ "1.3.0" },
		.id = (char[]){ "c1" },
		.status = STATUS_STOPPED,
		.bundle = (char[]){ "/b" },
		.rootfs = (char[]){ "/r" },
		.created = (char[]){ "t" },
		.owner = (char[]){ "root" },
	};
	struct buffer text = { 0 };

	(void)unused;
	table_print(&state_view_type, &view, 0, &text);
	assert_string_equal(text.text, "{\"ociVersion\":\"1.3.0\",\"id\":\"c1\",\"pid\":0,"
				       "\"status\":\"stopped\",\"bundle\":\"/b\",\"rootfs\":\"/r\","
				       "\"created\":\"t\",\"owner\":\"root\"}");
	buffer_finish(&text);
}

static void every_status_has_its_name(void **unused)
{
	static const char *const names[] = { "creating", "created", "running", "stopped",
					     "paused" };

	(void)unused;
	for (int status = STATUS_CREATING; status <= STATUS_PAUSED; status++)
		assert_string_equal(container_status_names[status], names[status]);
	assert_null(container_status_names[STATUS_PAUSED + 1]);
}

/* What other runtimes print must be understood: crun's has no owner of ours and fields of its own. */
static void view_of_another_runtime_is_read(void **unused)
{
	static const char text[] =
		"{\"ociVersion\":\"1.0.0\",\"id\":\"x\",\"pid\":7,\"status\":\"creating\","
		"\"bundle\":\"/b\",\"rootfs\":\"/r\",\"created\":\"t\",\"systemd-scope\":\"s\","
		"\"owner\":\"root\"}";
	struct problems problems = { 0 };
	struct state_view *view = table_parse(&state_view_type, text, strlen(text), &problems);

	(void)unused;
	assert_non_null(view);
	assert_int_equal(view->status, STATUS_CREATING);
	assert_int_equal(view->pid, 7);
	table_free(&state_view_type, view);
}

static const char record[] =
	"{\"ociVersion\":\"1.3.0\",\"id\":\"c1\",\"pid\":42,\"startTime\":18446744073709551615,"
	"\"bundle\":\"/b\",\"rootfs\":\"/r\",\"created\":\"t\",\"owner\":0,"
	"\"cgroupDirs\":[\"/sys/fs/cgroup/a\"],\"cgroupMade\":[\"/sys/fs/cgroup\"],"
	"\"ownPidNamespace\":true,\"hooks\":{\"poststart\":[{\"path\":\"/p\",\"args\":[\"p\"],"
	"\"env\":[\"A=\"],\"timeout\":3}],\"poststop\":[{\"path\":\"/q\"}]},"
	"\"annotations\":{\"a\":\"\"}}";

static void record_comes_back_the_same(void **unused)
{
	struct problems problems = { 0 };
	struct state *state = table_parse(&state_type, record, strlen(record), &problems);
	struct buffer text = { 0 };

	(void)unused;
	assert_non_null(state);
	assert_true(state->start_time == UINT64_MAX);
	assert_int_equal(state->hooks->poststart.v[0]->timeout.value, 3);
	table_print(&state_type, state, 0, &text);
	assert_string_equal(text.text, record);
	table_free(&state_type, state);
	buffer_finish(&text);
}

static void cut_record_is_refused(void **unused)
{
	(void)unused;
	for (size_t length = 0; length < strlen(record); length++) {
		struct problems problems = { 0 };

		assert_null(table_parse(&state_type, record, length, &problems));
		assert_true(problems_count(&problems) > 0);
		problems_finish(&problems);
	}
}

static void record_with_an_impossible_pid_is_refused(void **unused)
{
	static const char text[] =
		"{\"ociVersion\":\"1.3.0\",\"id\":\"c1\",\"pid\":-1,\"bundle\":\"/b\","
		"\"rootfs\":\"/r\",\"created\":\"t\"}";
	struct problems problems = { 0 };

	(void)unused;
	assert_null(table_parse(&state_type, text, strlen(text), &problems));
	assert_string_equal(problems.list.v[0],
			    "pid: expected an integer from 0 to 2147483647, found -1");
	problems_finish(&problems);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(view_is_printed_field_for_field_like_runc),
		cmocka_unit_test(stopped_view_has_pid_zero_and_no_annotations),
		cmocka_unit_test(every_status_has_its_name),
		cmocka_unit_test(view_of_another_runtime_is_read),
		cmocka_unit_test(record_comes_back_the_same),
		cmocka_unit_test(cut_record_is_refused),
		cmocka_unit_test(record_with_an_impossible_pid_is_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
