/* --log-driver and --log-opt. */
#include "shim/log/options.h"

#include "shim/log/place.h"
#include "tests/unit/logs.h"

static void k8s_file_is_the_default(void **state)
{
	const struct string_map none = { 0 };
	OWNED(log_options_finish) struct log_options options;
	struct error err = { 0 };

	(void)state;
	SUCCEEDS(log_options_parse(NULL, &none, &options, &err));
	assert_int_equal(options.driver, LOG_DRIVER_K8S_FILE);
	assert_null(options.path);
	assert_int_equal(options.max_size, 0);
	assert_int_equal(options.max_file, 1);
}

static void drivers_have_names(void **state)
{
	static const char *const names[] = { "k8s-file", "json-file", "journald", "none" };

	(void)state;
	for (int i = 0; i < 4; i++) {
		OWNED(log_options_finish)
		struct log_options options = log_test_options(names[i], "");
		assert_int_equal(options.driver, i);
		assert_string_equal(log_driver_name(options.driver), names[i]);
	}
}

static void options_are_taken(void **state)
{
	OWNED(log_options_finish)
	struct log_options options =
		log_test_options("json-file", "path=/first path=/var/log/a max-size=10m max-file=3 "
					      "tag={{.Name}} labels=a,b,,c env=X");

	(void)state;
	assert_string_equal(options.path, "/var/log/a");
	assert_int_equal(options.max_size, 10000000);
	assert_int_equal(options.max_file, 3);
	assert_string_equal(options.tag, "{{.Name}}");
	assert_int_equal(options.labels.n, 3);
	assert_string_equal(options.labels.v[2], "c");
	assert_int_equal(options.env.n, 1);
}

/* units.FromHumanSize: a thousand, whatever the letters are. */
static void sizes_are_dockers(void **state)
{
	static const struct {
		const char *text;
		int64_t bytes;
	} good[] = {
		{ "1", 1 },
		{ "1024", 1024 },
		{ "10b", 10 },
		{ "1k", 1000 },
		{ "1K", 1000 },
		{ "1kb", 1000 },
		{ "1KiB", 1000 },
		{ "10m", 10000000 },
		{ "2g", 2000000000 },
		{ "1.5k", 1500 },
		{ "1 m", 1000000 },
		{ "3t", 3000000000000 },
		{ "1p", 1000000000000000 },
	};
	static const char *const bad[] = { "",	   "k",	  "-1",	    "1x",
					   "1kk",  "1mm", "0",	    "0.5",
					   "1  m", "1 ",  ".5k",    "1ib",
					   "1e3",  "m1",  "1.2.3k", "9999999999999999999999p",
					   "inf" };
	struct error err = { 0 };
	int64_t size;

	(void)state;
	for (size_t i = 0; i < sizeof good / sizeof *good; i++) {
		SUCCEEDS(log_size_parse(good[i].text, &size, &err));
		assert_int_equal(size, good[i].bytes);
	}
	for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
		if (log_size_parse(bad[i], &size, &err) == 0)
			fail_msg("'%s' is taken", bad[i]);
		assert_int_equal(err.code, EINVAL);
	}
}

static void refuse(const char *driver, const char *key, const char *value, const char *words)
{
	struct string_pair pair = { (char *)key, (char *)value };
	const struct string_map map = { &pair, 1 };
	OWNED(log_options_finish) struct log_options options;
	struct error err;

	FAILS(log_options_parse(driver, &map, &options, &err), EINVAL, words);
}

static void what_is_wrong_is_said(void **state)
{
	(void)state;
	refuse("syslog", "tag", "a", "unknown log driver 'syslog': there are k8s-file");
	refuse("json-file", "mode", "a", "unknown log opt 'mode' for json-file log driver");
	refuse("journald", "max-size", "1m", "unknown log opt 'max-size' for journald log driver");
	refuse("none", "path", "/a", "unknown log opt 'path' for none log driver");
	refuse("k8s-file", "tag", "a", "unknown log opt 'tag' for k8s-file log driver");
	refuse("json-file", "path", "log", "wants an absolute path");
	refuse("json-file", "path", "/var/log/", "wants an absolute path of a file");
	refuse("json-file", "max-size", "0", "max-size must be a positive number");
	refuse("json-file", "max-size", "many", "invalid size 'many'");
	refuse("json-file", "max-file", "0", "max-file cannot be less than 1");
	refuse("json-file", "max-file", "201", "max-file cannot be more than 200");
	refuse("json-file", "max-file", "x", "invalid log option max-file=x");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(k8s_file_is_the_default), cmocka_unit_test(drivers_have_names),
		cmocka_unit_test(options_are_taken),	   cmocka_unit_test(sizes_are_dockers),
		cmocka_unit_test(what_is_wrong_is_said),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
