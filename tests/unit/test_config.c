/* config.json as a whole: every file below tests/config, and what cannot be kept as a file. */
#include <dirent.h>
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "spec/base/io.h"
#include "spec/base/owned.h"
#include "spec/config.h"

#define CONFIGS TEST_SOURCE_DIR "/config"

static char *read_text(const char *path, size_t *length)
{
	struct error err = { 0 };
	char *text = NULL;

	if (read_file_at(AT_FDCWD, path, CONFIG_MAX, &text, length, &err))
		fail_msg("%s", err.msg);
	return text;
}

static void print_problems(const struct problems *problems)
{
	for (size_t i = 0; i < problems->list.n; i++)
		print_error("    %s\n", problems->list.v[i]);
}

static bool is_reported(const struct problems *problems, const char *words)
{
	for (size_t i = 0; i < problems->list.n; i++)
		if (strstr(problems->list.v[i], words))
			return true;
	return false;
}

/* Returns the number of failed expectations. */
static int check_good(const char *directory, const char *name)
{
	owned_string path = text_format("%s/%s", directory, name);
	struct problems problems = { 0 };
	struct buffer first = { 0 }, second = { 0 };
	size_t length;
	owned_string text = read_text(path, &length);
	struct config *config = config_parse(text, length, &problems);
	int failed = 0;

	if (!config) {
		print_error("good/%s was refused:\n", name);
		print_problems(&problems);
		problems_finish(&problems);
		return 1;
	}
	table_print(&config_type, config, 4, &first);
	config_free(config);
	config = config_parse(first.text, first.length, &problems);
	if (config)
		table_print(&config_type, config, 4, &second);
	config_free(config);
	if (!text_equal(first.text, second.text)) {
		print_error("good/%s changed on its way through:\n%s\n%s\n", name, first.text,
			    second.text ? second.text : "(refused)");
		failed = 1;
	}
	problems_finish(&problems);
	buffer_finish(&first);
	buffer_finish(&second);
	return failed;
}

static int check_bad(const char *directory, const char *name)
{
	owned_string path = text_format("%s/%s", directory, name);
	owned_string expected_path =
		text_format("%s/%.*s.expected", directory, (int)(strlen(name) - 5), name);
	struct problems problems = { 0 };
	size_t length, expected_length;
	owned_string text = read_text(path, &length);
	owned_string expected = read_text(expected_path, &expected_length);
	struct config *config = config_parse(text, length, &problems);
	int failed = 0, lines = 0;

	if (config) {
		print_error("bad/%s was accepted\n", name);
		config_free(config);
		failed++;
	}
	for (char *rest = expected, *line; (line = strsep(&rest, "\n"));) {
		if (!*line)
			continue;
		lines++;
		if (!is_reported(&problems, line)) {
			print_error("bad/%s: missing: %s\n  reported:\n", name, line);
			print_problems(&problems);
			failed++;
		}
	}
	if (lines == 0) {
		print_error("bad/%s: nothing is expected of it\n", name);
		failed++;
	}
	problems_finish(&problems);
	return failed;
}

static void check_directory(const char *path, int (*check)(const char *, const char *), int least)
{
	owned_dir dir = opendir(path);
	int failed = 0, count = 0;

	assert_non_null(dir);
	for (struct dirent *entry; (entry = readdir(dir));) {
		const char *dot = strrchr(entry->d_name, '.');

		if (!text_equal(dot, ".json"))
			continue;
		count++;
		failed += check(path, entry->d_name);
	}
	if (count < least)
		fail_msg("%s: only %d files", path, count);
	assert_int_equal(failed, 0);
}

static void good_files_are_accepted_and_come_back_the_same(void **unused)
{
	(void)unused;
	check_directory(CONFIGS "/good", check_good, 90);
}

static void bad_files_are_refused_with_the_expected_words(void **unused)
{
	(void)unused;
	check_directory(CONFIGS "/bad", check_bad, 200);
}

static void load_names_the_file_and_counts_the_problems(void **unused)
{
	struct problems problems = { 0 };
	struct error err = { 0 };

	(void)unused;
	assert_null(config_load(AT_FDCWD, CONFIGS "/bad/several-problems-of-shape.json", &problems,
				&err));
	assert_non_null(strstr(err.msg, "several-problems-of-shape.json: "));
	assert_non_null(strstr(err.msg, "(and 4 more problems)"));
	assert_int_equal(problems_count(&problems), 5);
	problems_finish(&problems);
}

static void load_of_a_missing_file(void **unused)
{
	struct problems problems = { 0 };
	struct error err = { 0 };

	(void)unused;
	assert_null(config_load(AT_FDCWD, "/nonexistent/config.json", &problems, &err));
	assert_string_equal(err.msg, "open /nonexistent/config.json: no such file or directory");
	problems_finish(&problems);
}

static void load_of_a_directory(void **unused)
{
	struct problems problems = { 0 };
	struct error err = { 0 };

	(void)unused;
	assert_null(config_load(AT_FDCWD, "/tmp", &problems, &err));
	assert_string_equal(err.msg, "read /tmp: is a directory");
	problems_finish(&problems);
}

static void load_of_100_megabytes_reads_none_of_them(void **unused)
{
	char path[] = "/tmp/test_config.XXXXXX";
	struct problems problems = { 0 };
	struct error err = { 0 };
	struct rusage before, after;
	owned_fd fd = mkstemp(path);

	(void)unused;
	assert_true(fd >= 0);
	assert_int_equal(ftruncate(fd, 100 << 20), 0);
	getrusage(RUSAGE_SELF, &before);
	struct config *config = config_load(AT_FDCWD, path, &problems, &err);
	getrusage(RUSAGE_SELF, &after);
	unlink(path);
	assert_null(config);
	assert_non_null(strstr(err.msg, "104857600 bytes are more than the 33554432 allowed"));
	assert_true(after.ru_maxrss - before.ru_maxrss < 8 << 10);
	problems_finish(&problems);
}

/* json-c would spend some gigabytes on this. */
static void millions_of_values_are_refused_with_little_memory(void **unused)
{
	struct problems problems = { 0 };
	struct buffer text = { 0 };
	struct rusage before, after;

	(void)unused;
	buffer_print(&text, "{\"x\":[{}");
	for (int i = 0; i < 3000000; i++)
		buffer_add(&text, ",{}", 3);
	buffer_print(&text, "]}");
	getrusage(RUSAGE_SELF, &before);
	assert_null(config_parse(text.text, text.length, &problems));
	getrusage(RUSAGE_SELF, &after);
	assert_string_equal(problems.list.v[0], "x[262142]: one of more than 262144 values");
	assert_true(after.ru_maxrss - before.ru_maxrss < 64 << 10);
	buffer_finish(&text);
	problems_finish(&problems);
}

static void nesting_of_10000_levels(void **unused)
{
	struct problems problems = { 0 };
	struct buffer text = { 0 };

	(void)unused;
	for (int i = 0; i < 10000; i++)
		buffer_add(&text, "{\"a\":[", 6);
	assert_null(config_parse(text.text, text.length, &problems));
	assert_int_equal(problems.list.n, 1);
	assert_non_null(strstr(problems.list.v[0], "nested more than 64 levels deep"));
	buffer_finish(&text);
	problems_finish(&problems);
}

static void every_prefix_of_a_configuration_is_refused(void **unused)
{
	size_t length;
	owned_string text = read_text(CONFIGS "/good/runc-spec.json", &length);
	size_t end = (size_t)(strrchr(text, '}') - text);

	(void)unused;
	for (size_t cut = 0; cut <= end; cut++) {
		/* A copy of its own, so that a read beyond it is seen. */
		owned_string part = malloc(cut ? cut : 1);
		struct problems problems = { 0 };

		memcpy(part, text, cut);
		struct config *config = config_parse(part, cut, &problems);
		if (config || problems.list.n == 0)
			fail_msg("the first %zu bytes were accepted", cut);
		problems_finish(&problems);
	}
}

static void namespace_is_found_by_type(void **unused)
{
	static const char text[] =
		"{\"ociVersion\":\"1.0.0\",\"root\":{\"path\":\"/r\"},\"linux\":{\"namespaces\":"
		"[{\"type\":\"pid\"},{\"type\":\"network\",\"path\":\"/run/netns/a\"}]}}";
	struct problems problems = { 0 };
	struct config *config = config_parse(text, strlen(text), &problems);

	(void)unused;
	assert_non_null(config);
	assert_null(config_namespace(config, NAMESPACE_PID)->path);
	assert_string_equal(config_namespace(config, NAMESPACE_NETWORK)->path, "/run/netns/a");
	assert_null(config_namespace(config, NAMESPACE_USER));
	config_free(config);
	problems_finish(&problems);
}

static void namespace_without_a_linux_object(void **unused)
{
	static const char text[] = "{\"ociVersion\":\"1.0.0\",\"root\":{\"path\":\"/r\"}}";
	struct problems problems = { 0 };
	struct config *config = config_parse(text, strlen(text), &problems);

	(void)unused;
	assert_non_null(config);
	assert_null(config_namespace(config, NAMESPACE_PID));
	config_free(config);
	problems_finish(&problems);
}

/* Numbers the kernel takes: a slip in a table would go unseen by a round trip. */
static void words_become_the_kernels_numbers(void **unused)
{
	static const char text[] =
		"{\"ociVersion\":\"1.0.0\",\"root\":{\"path\":\"/r\",\"readonly\":true},"
		"\"process\":{\"args\":[\"sh\"],\"cwd\":\"/"
		"\",\"rlimits\":[{\"type\":\"RLIMIT_NOFILE\","
		"\"soft\":5,\"hard\":18446744073709551615}],\"oomScoreAdj\":-7,"
		"\"scheduler\":{\"policy\":\"SCHED_BATCH\",\"nice\":-3,"
		"\"flags\":[\"SCHED_FLAG_RESET_ON_FORK\",\"SCHED_FLAG_UTIL_CLAMP_MAX\"]},"
		"\"ioPriority\":{\"class\":\"IOPRIO_CLASS_IDLE\",\"priority\":7}},"
		"\"linux\":{\"devices\":[{\"path\":\"/d\",\"type\":\"b\",\"major\":8,\"minor\":1,"
		"\"fileMode\":438}],"
		"\"seccomp\":{\"defaultAction\":\"SCMP_ACT_ERRNO\",\"defaultErrnoRet\":38,"
		"\"flags\":[\"SECCOMP_FILTER_FLAG_SPEC_ALLOW\",\"SECCOMP_FILTER_FLAG_LOG\"],"
		"\"syscalls\":[{\"names\":[\"read\",\"write\"],\"action\":\"SCMP_ACT_ALLOW\","
		"\"args\":[{\"index\":1,\"value\":2,\"valueTwo\":3,\"op\":\"SCMP_CMP_MASKED_EQ\"}]}"
		"]},"
		"\"memoryPolicy\":{\"mode\":\"MPOL_PREFERRED_MANY\",\"nodes\":\"0\","
		"\"flags\":[\"MPOL_F_STATIC_NODES\"]},"
		"\"personality\":{\"domain\":\"LINUX32\"}}}";
	struct problems problems = { 0 };
	struct config *config = config_parse(text, strlen(text), &problems);

	(void)unused;
	print_problems(&problems);
	assert_non_null(config);
	assert_true(config->root->readonly);
	assert_int_equal(config->process->rlimits.v[0]->type, 7);
	assert_int_equal(config->process->rlimits.v[0]->soft, 5);
	assert_true(config->process->rlimits.v[0]->hard == UINT64_MAX);
	assert_true(config->process->oom_score_adj.set);
	assert_int_equal(config->process->oom_score_adj.value, -7);
	assert_int_equal(config->process->scheduler->policy, 3);
	assert_int_equal(config->process->scheduler->nice, -3);
	assert_int_equal(config->process->scheduler->flags, 0x41);
	assert_int_equal(config->process->io_priority->class, 3);
	assert_null(config->process->user);
	assert_null(config->process->args.v[1]);
	assert_int_equal(config->linux_->devices.v[0]->type, 'b');
	assert_int_equal(config->linux_->devices.v[0]->file_mode.value, 0666);
	assert_false(config->linux_->devices.v[0]->uid.set);
	const struct seccomp *seccomp = config->linux_->seccomp;
	assert_int_equal(seccomp->default_action, SECCOMP_ERRNO);
	assert_int_equal(seccomp->default_errno_ret.value, 38);
	assert_int_equal(seccomp->flags, 6);
	assert_string_equal(seccomp->syscalls.v[0]->names.v[1], "write");
	assert_int_equal(seccomp->syscalls.v[0]->args.v[0]->op, SECCOMP_MASKED_EQ);
	assert_int_equal(seccomp->syscalls.v[0]->args.v[0]->value_two, 3);
	assert_int_equal(config->linux_->memory_policy->mode, 5);
	assert_int_equal(config->linux_->memory_policy->flags, 0x8000);
	assert_int_equal(config->linux_->personality->domain, 8);
	config_free(config);
	problems_finish(&problems);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(good_files_are_accepted_and_come_back_the_same),
		cmocka_unit_test(bad_files_are_refused_with_the_expected_words),
		cmocka_unit_test(load_names_the_file_and_counts_the_problems),
		cmocka_unit_test(load_of_a_missing_file),
		cmocka_unit_test(load_of_a_directory),
		cmocka_unit_test(load_of_100_megabytes_reads_none_of_them),
		cmocka_unit_test(millions_of_values_are_refused_with_little_memory),
		cmocka_unit_test(nesting_of_10000_levels),
		cmocka_unit_test(every_prefix_of_a_configuration_is_refused),
		cmocka_unit_test(namespace_is_found_by_type),
		cmocka_unit_test(namespace_without_a_linux_object),
		cmocka_unit_test(words_become_the_kernels_numbers),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
