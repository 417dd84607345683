/* Halves of pairs that an update leaves out, from folders that look like groups. */
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "tests/unit/cgroup_texts.h"

#define SET(number)                            \
	{                                      \
		.set = true, .value = (number) \
	}

static char top[64];

static int make_top(void **state)
{
	(void)state;
	snprintf(top, sizeof top, "/tmp/orun-complete-XXXXXX");
	return mkdtemp(top) ? 0 : -1;
}

static int remove_top(void **state)
{
	(void)state;
	return rmdir(top);
}

struct group_file {
	const char *name, *text;
};

static void write_files(const char *group, const struct group_file *files)
{
	char path[256];

	assert_int_equal(mkdir(group, 0755), 0);
	for (; files->name; files++) {
		snprintf(path, sizeof path, "%s/%s", group, files->name);
		int fd = open(path, O_WRONLY | O_CREAT | O_CLOEXEC, 0644);
		assert_int_equal(write(fd, files->text, strlen(files->text)), strlen(files->text));
		close(fd);
	}
}

static void remove_files(const char *group, const struct group_file *files)
{
	char path[256];

	for (; files->name; files++) {
		snprintf(path, sizeof path, "%s/%s", group, files->name);
		assert_int_equal(unlink(path), 0);
	}
	assert_int_equal(rmdir(group), 0);
}

/* The writes of an update with @resources to a group that has @files. NULL @expected: it must be refused. */
static void check(int version, const struct group_file *files, const struct resources *resources,
		  const char *expected)
{
	char group[128], mountinfo[256], writes[1024];
	struct cgroup_layout layout;
	struct cgroup_plan plan;
	struct error err = { 0 };

	snprintf(group, sizeof group, "%s/box", top);
	struct string_list directories = { .v = (char *[]){ group, NULL }, .n = 1 };
	write_files(group, files);
	snprintf(mountinfo, sizeof mountinfo,
		 version == 2 ? "9 1 0:1 / %s rw - cgroup2 cgroup2 rw\n"
			      : "9 1 0:1 / %s rw - cgroup cgroup rw,cpu,memory\n",
		 top);
	const struct host_texts host = { mountinfo, version == 2 ? "0::/\n" : "1:cpu,memory:/\n",
					 "cpu memory" };
	read_host(&host, &layout);
	int failed = cgroup_plan_update_in(&layout, resources, &directories, &plan, &err);
	cgroup_layout_finish(&layout);
	if (failed && expected)
		fail_msg("%s", err.msg);
	assert_int_equal(failed != 0, expected == NULL);
	print_writes(&plan, writes, sizeof writes);
	if (expected)
		assert_string_equal(writes, expected);
	cgroup_plan_finish(&plan);
	remove_files(group, files);
}

static void a_quota_keeps_the_period(void **state)
{
	struct cpu cpu = { .quota = SET(20000) };
	const struct resources resources = { .cpu = &cpu };

	(void)state;
	check(2, (struct group_file[]){ { "cpu.max", "max 50000\n" }, { NULL, NULL } }, &resources,
	      "cpu.max=20000 50000");
	check(1,
	      (struct group_file[]){ { "cpu.cfs_quota_us", "-1\n" },
				     { "cpu.cfs_period_us", "50000\n" },
				     { NULL, NULL } },
	      &resources, "cpu.cfs_period_us=50000, cpu.cfs_quota_us=20000");
}

static void a_period_keeps_the_quota(void **state)
{
	struct cpu cpu = { .period = SET(70000) };
	const struct resources resources = { .cpu = &cpu };

	(void)state;
	check(2, (struct group_file[]){ { "cpu.max", "1000 50000\n" }, { NULL, NULL } }, &resources,
	      "cpu.max=1000 70000");
	check(2, (struct group_file[]){ { "cpu.max", "max 50000\n" }, { NULL, NULL } }, &resources,
	      "cpu.max=max 70000");
	check(1,
	      (struct group_file[]){ { "cpu.cfs_quota_us", "-1\n" },
				     { "cpu.cfs_period_us", "50000\n" },
				     { NULL, NULL } },
	      &resources, "cpu.cfs_period_us=70000, cpu.cfs_quota_us=-1");
}

static void both_and_none_are_taken_as_they_are(void **state)
{
	struct cpu both = { .quota = SET(5000), .period = SET(10000) }, none = { .shares = SET(0) };

	(void)state;
	check(2, (struct group_file[]){ { "cpu.max", "1 2\n" }, { NULL, NULL } },
	      &(struct resources){ .cpu = &both }, "cpu.max=5000 10000");
	check(2, (struct group_file[]){ { "cpu.max", "1 2\n" }, { NULL, NULL } },
	      &(struct resources){ .cpu = &none }, "");
}

static void what_cannot_be_read_is_not_guessed(void **state)
{
	struct cpu cpu = { .quota = SET(20000) };
	const struct resources resources = { .cpu = &cpu };
	static const char *const wrong[] = { "max\n", "max x\n", "x 5\n", "\n", "5 0\n" };

	(void)state;
	check(2, (struct group_file[]){ { NULL, NULL } }, &resources, "cpu.max=20000 100000");
	for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++)
		check(2, (struct group_file[]){ { "cpu.max", wrong[i] }, { NULL, NULL } },
		      &resources, "cpu.max=20000 100000");
}

static const struct group_file limited[] = { { "memory.max", "1000\n" },
					     { "memory.swap.max", "500\n" },
					     { NULL, NULL } };

static void the_sum_of_memory_and_swap_stays_on_v2(void **state)
{
	struct memory more = { .limit = SET(1200) }, all = { .limit = SET(1500) },
		      too_much = { .limit = SET(1501) }, sum = { .swap = SET(4000) };

	(void)state;
	check(2, limited, &(struct resources){ .memory = &more },
	      "memory.swap.max=300, memory.max=1200");
	check(2, limited, &(struct resources){ .memory = &all },
	      "memory.swap.max=0, memory.max=1500");
	check(2, limited, &(struct resources){ .memory = &too_much }, NULL);
	check(2, limited, &(struct resources){ .memory = &sum },
	      "memory.swap.max=3000, memory.max=1000");
}

static void v1_knows_the_sum_itself(void **state)
{
	struct memory more = { .limit = SET(1200) }, sum = { .swap = SET(4000) };

	(void)state;
	check(1, limited, &(struct resources){ .memory = &more }, "memory.limit_in_bytes=1200");
	check(1, limited, &(struct resources){ .memory = &sum },
	      "memory.memsw.limit_in_bytes=4000");
}

static void what_was_unlimited_stays_so(void **state)
{
	struct memory limit = { .limit = SET(1200) }, unlimited = { .limit = SET(-1) },
		      sum = { .swap = SET(4000) };

	(void)state;
	check(2,
	      (struct group_file[]){
		      { "memory.max", "1000\n" }, { "memory.swap.max", "max\n" }, { NULL, NULL } },
	      &(struct resources){ .memory = &limit }, "memory.max=1200");
	check(2,
	      (struct group_file[]){
		      { "memory.max", "max\n" }, { "memory.swap.max", "500\n" }, { NULL, NULL } },
	      &(struct resources){ .memory = &limit }, "memory.max=1200");
	check(2, limited, &(struct resources){ .memory = &unlimited },
	      "memory.swap.max=max, memory.max=max");
	/* Swap alone has no meaning there without a limit of memory. */
	check(2, (struct group_file[]){ { "memory.max", "max\n" }, { NULL, NULL } },
	      &(struct resources){ .memory = &sum }, NULL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_quota_keeps_the_period),
		cmocka_unit_test(a_period_keeps_the_quota),
		cmocka_unit_test(both_and_none_are_taken_as_they_are),
		cmocka_unit_test(what_cannot_be_read_is_not_guessed),
		cmocka_unit_test(the_sum_of_memory_and_swap_stays_on_v2),
		cmocka_unit_test(v1_knows_the_sum_itself),
		cmocka_unit_test(what_was_unlimited_stays_so),
	};

	return cmocka_run_group_tests(tests, make_top, remove_top);
}
