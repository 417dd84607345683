/* Resources as words of the command line and as JSON. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "runtime/resources_text.h"
#include "spec/base/owned.h"

static void check(const struct resources_words *words, const char *expected)
{
	struct error err = { 0 };
	struct buffer text = { 0 };
	struct resources *resources = resources_of_words(words, &err);

	if (!resources)
		fail_msg("%s", err.msg);
	table_print(&resources_type, resources, 0, &text);
	assert_string_equal(text.text, expected);
	buffer_finish(&text);
	resources_free(resources);
}

static void check_refused(const struct resources_words *words, const char *message)
{
	struct error err = { 0 };

	assert_null(resources_of_words(words, &err));
	assert_string_equal(err.msg, message);
}

static void each_word_has_its_field(void **state)
{
	(void)state;
	check(&(struct resources_words){ .blkio_weight = "500",
					 .cpu_period = "100000",
					 .cpu_quota = "-1",
					 .cpu_burst = "0",
					 .cpu_share = "512",
					 .cpu_rt_period = "1000000",
					 .cpu_rt_runtime = "950000",
					 .cpuset_cpus = "0-3",
					 .cpuset_mems = "0",
					 .cpu_idle = "1",
					 .memory = "512m",
					 .memory_reservation = "1.5k",
					 .memory_swap = "-1",
					 .kernel_memory = "1g",
					 .kernel_memory_tcp = "10",
					 .pids_limit = "0" },
	      "{\"memory\":{\"limit\":536870912,\"reservation\":1536,\"swap\":-1,"
	      "\"kernel\":1073741824,\"kernelTCP\":10},\"cpu\":{\"shares\":512,\"quota\":-1,"
	      "\"burst\":0,\"period\":100000,\"realtimeRuntime\":950000,"
	      "\"realtimePeriod\":1000000,\"cpus\":\"0-3\",\"mems\":\"0\",\"idle\":1},"
	      "\"pids\":{\"limit\":0},\"blockIO\":{\"weight\":500}}");
}

static void absent_and_empty_words_ask_for_nothing(void **state)
{
	static const char nothing[] = "{\"memory\":{},\"cpu\":{},\"pids\":{},\"blockIO\":{}}";

	(void)state;
	check(&(struct resources_words){ 0 }, nothing);
	check(&(struct resources_words){ .blkio_weight = "0", .cpu_share = "", .memory = "" },
	      nothing);
}

static void wrong_words_are_named(void **state)
{
	(void)state;
	check_refused(&(struct resources_words){ .cpu_period = "-1" },
		      "invalid value for cpu-period: '-1' is no number");
	check_refused(&(struct resources_words){ .cpu_quota = "9223372036854775808" },
		      "invalid value for cpu-quota: '9223372036854775808' is no number");
	check_refused(&(struct resources_words){ .blkio_weight = "4294967296" },
		      "invalid value for blkio-weight: '4294967296' is no number");
	check_refused(
		&(struct resources_words){ .memory = "-2" },
		"invalid value for memory: invalid size '-2': wants a number of bytes, or one "
		"with a unit such as 512m or 1.5g");
}

static struct resources *parse(const char *text, struct error *err)
{
	return resources_of_json(text, strlen(text), "resources", err);
}

static void json_is_checked_as_in_a_configuration(void **state)
{
	struct error err = { 0 };
	struct resources *resources = parse("{\"pids\":{\"limit\":5},\"new\":1}", &err);

	(void)state;
	assert_non_null(resources);
	assert_int_equal(resources->pids->limit.value, 5);
	resources_free(resources);
	assert_null(parse("{\"pids\":{\"limit\":\"5\"}}", &err));
	assert_string_equal(err.msg, "resources: pids.limit: expected integer, found string");
	assert_null(parse("{\"memory\":{\"swappiness\":101}}", &err));
	assert_string_equal(err.msg, "resources: memory.swappiness: expected 0 to 100, found 101");
	assert_null(parse("", &err));
	assert_null(parse("[]", &err));
}

static void files_are_read_as_a_whole(void **state)
{
	char path[] = "/tmp/orun-resources-XXXXXX";
	struct error err = { 0 };
	owned_fd fd = mkstemp(path);

	(void)state;
	assert_int_equal(write(fd, "{\"pids\":{\"limit\":5}}", 20), 20);
	struct resources *resources = resources_of_file(path, &err);
	assert_non_null(resources);
	assert_int_equal(resources->pids->limit.value, 5);
	resources_free(resources);
	/* Beyond what is read there may be anything. */
	assert_int_equal(ftruncate(fd, (off_t)CONFIG_MAX + 1), 0);
	assert_null(resources_of_file(path, &err));
	assert_int_equal(err.code, EFBIG);
	assert_int_equal(unlink(path), 0);
	assert_null(resources_of_file(path, &err));
	assert_int_equal(err.code, ENOENT);
	assert_null(resources_of_file("/tmp", &err));
	assert_int_equal(err.code, EISDIR);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_word_has_its_field),
		cmocka_unit_test(absent_and_empty_words_ask_for_nothing),
		cmocka_unit_test(wrong_words_are_named),
		cmocka_unit_test(json_is_checked_as_in_a_configuration),
		cmocka_unit_test(files_are_read_as_a_whole),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
