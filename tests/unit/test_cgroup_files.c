/* The writes of a plan, on plain files: which file, which order, what is tolerated. */
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "runtime/cgroup/create.h"
#include "spec/base/io.h"
#include "tests/unit/cgroup_texts.h"

static char directory[64];

static int make_directory(void **state)
{
	(void)state;
	snprintf(directory, sizeof directory, "/tmp/orun-files-XXXXXX");
	return mkdtemp(directory) ? 0 : -1;
}

static int remove_directory(void **state)
{
	(void)state;
	return rmdir(directory);
}

static void put(const char *name, const char *text)
{
	char path[128];
	int fd;

	snprintf(path, sizeof path, "%s/%s", directory, name);
	fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
	assert_true(fd >= 0);
	assert_int_equal(write(fd, text, strlen(text)), strlen(text));
	close(fd);
}

static void check_and_remove(const char *name, const char *expected)
{
	char path[128], text[256];
	struct error err = { 0 };

	assert_int_equal(cgroup_read(directory, name, text, sizeof text, &err), 0);
	assert_string_equal(text, expected);
	snprintf(path, sizeof path, "%s/%s", directory, name);
	assert_int_equal(unlink(path), 0);
}

static int write_one(struct cgroup_write write, struct error *err)
{
	struct cgroup_hierarchy hierarchy = { .version = 1, .directory = directory };
	struct cgroup_plan plan = {
		.hierarchies = &hierarchy, .n_hierarchies = 1, .writes = &write, .n_writes = 1
	};

	write.field = (char[]){ "linux.resources.x" };
	return cgroup_write_all(&plan, err);
}

static void a_value_goes_to_its_file(void **state)
{
	struct error err = { 0 };

	(void)state;
	put("a", "");
	assert_int_equal(write_one((struct cgroup_write){ .file = (char[]){ "a" },
							  .value = (char[]){ "12" } },
				   &err),
			 0);
	check_and_remove("a", "12");
}

/* As devices.allow is written: the file stays open between the lines. */
static void lines_for_one_file_follow_each_other(void **state)
{
	struct cgroup_hierarchy hierarchy = { .version = 1, .directory = directory };
	struct cgroup_write writes[] = {
		{ .file = (char[]){ "a" }, .value = (char[]){ "1" }, .field = (char[]){ "f" } },
		{ .file = (char[]){ "a" }, .value = (char[]){ "2" }, .field = (char[]){ "f" } },
		{ .file = (char[]){ "b" }, .value = (char[]){ "3" }, .field = (char[]){ "f" } },
	};
	struct cgroup_plan plan = {
		.hierarchies = &hierarchy, .n_hierarchies = 1, .writes = writes, .n_writes = 3
	};
	struct error err = { 0 };

	(void)state;
	put("a", "");
	put("b", "");
	assert_int_equal(cgroup_write_all(&plan, &err), 0);
	check_and_remove("a", "12");
	check_and_remove("b", "3");
}

static void the_alternative_is_for_a_missing_file(void **state)
{
	struct cgroup_write write = { .file = (char[]){ "a" },
				      .value = (char[]){ "1" },
				      .alternative_file = (char[]){ "b" },
				      .alternative_value = (char[]){ "2" } };
	struct error err = { 0 };

	(void)state;
	put("b", "");
	assert_int_equal(write_one(write, &err), 0);
	check_and_remove("b", "2");
	put("b", "");
	write.alternative_value = NULL;
	assert_int_equal(write_one(write, &err), 0);
	check_and_remove("b", "1");
	put("a", "");
	assert_int_equal(write_one(write, &err), 0);
	check_and_remove("a", "1");
}

static void a_missing_file_is_named(void **state)
{
	struct cgroup_write write = { .file = (char[]){ "gone" }, .value = (char[]){ "1" } };
	char expected[256];
	struct error err = { 0 };

	(void)state;
	assert_int_equal(write_one(write, &err), -1);
	snprintf(expected, sizeof expected,
		 "linux.resources.x: write '1' to %s/gone: no such file or directory; this kernel, "
		 "or "
		 "the group, lacks the file",
		 directory);
	assert_string_equal(err.msg, expected);
	write.tolerance = CGROUP_MAY_LACK;
	assert_int_equal(write_one(write, &err), 0);
	write.tolerance = CGROUP_MAY_FAIL;
	assert_int_equal(write_one(write, &err), 0);
}

static void lacking_is_not_refusing(void **state)
{
	struct cgroup_write write = { .file = (char[]){ "d" },
				      .value = (char[]){ "1" },
				      .tolerance = CGROUP_MAY_LACK };
	char path[128];
	struct error err = { 0 };

	(void)state;
	snprintf(path, sizeof path, "%s/d", directory);
	assert_int_equal(mkdir(path, 0755), 0); /* EISDIR */
	assert_int_equal(write_one(write, &err), -1);
	write.tolerance = CGROUP_MAY_FAIL;
	assert_int_equal(write_one(write, &err), 0);
	assert_int_equal(rmdir(path), 0);
}

static void a_link_is_not_followed(void **state)
{
	struct cgroup_write write = { .file = (char[]){ "l" }, .value = (char[]){ "1" } };
	char path[128];
	struct error err = { 0 };

	(void)state;
	put("target", "");
	snprintf(path, sizeof path, "%s/l", directory);
	assert_int_equal(symlink("target", path), 0);
	assert_int_equal(write_one(write, &err), -1);
	assert_int_equal(unlink(path), 0);
	check_and_remove("target", "");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_value_goes_to_its_file),
		cmocka_unit_test(lines_for_one_file_follow_each_other),
		cmocka_unit_test(the_alternative_is_for_a_missing_file),
		cmocka_unit_test(a_missing_file_is_named),
		cmocka_unit_test(lacking_is_not_refusing),
		cmocka_unit_test(a_link_is_not_followed),
	};

	return cmocka_run_group_tests(tests, make_directory, remove_directory);
}
