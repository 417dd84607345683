/* Planning other limits for groups that exist. */
#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "tests/unit/cgroup_texts.h"

#define SET(number)                            \
	{                                      \
		.set = true, .value = (number) \
	}

static void an_update_finds_the_groups_of_the_container(void **state)
{
	struct string_list directories = { 0 };
	struct pids pids = { SET(5) };
	struct memory memory = { .limit = SET(1 << 20) };
	struct cgroup_layout layout;
	struct cgroup_plan plan;
	struct error err = { 0 };

	(void)state;
	string_list_add(&directories, "/sys/fs/cgroup/cpuset/x");
	string_list_add(&directories, "/sys/fs/cgroup/pids/y/z");
	read_host(&hybrid_host, &layout);
	assert_int_equal(cgroup_plan_update_in(&layout, &(struct resources){ .pids = &pids },
					       &directories, &plan, &err),
			 0);
	cgroup_layout_finish(&layout);
	assert_int_equal(plan.n_writes, 1); /* no device rules */
	assert_string_equal(plan.hierarchies[plan.writes[0].hierarchy].directory,
			    "/sys/fs/cgroup/pids/y/z");
	cgroup_plan_finish(&plan);
	read_host(&hybrid_host, &layout);
	assert_int_equal(cgroup_plan_update_in(&layout, &(struct resources){ .memory = &memory },
					       &directories, &plan, &err),
			 -1);
	cgroup_layout_finish(&layout);
	assert_string_equal(err.msg, "linux.resources.memory.limit: the container has no group in "
				     "/sys/fs/cgroup/memory");
	string_list_finish(&directories);
}

/* A stand-in for a v2 tree with the memory controller, which a machine may not have. */
static int update_with_usage(const char *current, int64_t limit, bool check, struct error *err)
{
	char top[] = "/tmp/orun-update-XXXXXX", path[128], mountinfo[256];
	struct memory memory = { .limit = SET(limit), .check_before_update = SET(check) };
	struct cgroup_layout layout;
	struct cgroup_plan plan;

	assert_non_null(mkdtemp(top));
	snprintf(path, sizeof path, "%s/box", top);
	assert_int_equal(mkdir(path, 0755), 0);
	struct string_list directories = { .v = (char *[]){ path, NULL }, .n = 1 };
	char file[160];
	snprintf(file, sizeof file, "%s/memory.current", path);
	int fd = open(file, O_WRONLY | O_CREAT | O_CLOEXEC, 0644);
	assert_int_equal(write(fd, current, strlen(current)), strlen(current));
	close(fd);
	snprintf(mountinfo, sizeof mountinfo, "9 1 0:1 / %s rw - cgroup2 cgroup2 rw\n", top);
	const struct host_texts host = { mountinfo, "0::/\n", "memory" };
	read_host(&host, &layout);
	int ret = cgroup_plan_update_in(&layout, &(struct resources){ .memory = &memory },
					&directories, &plan, err);
	cgroup_layout_finish(&layout);
	cgroup_plan_finish(&plan);
	assert_int_equal(unlink(file), 0);
	assert_int_equal(rmdir(path), 0);
	assert_int_equal(rmdir(top), 0);
	return ret;
}

static void a_limit_below_the_usage_is_refused_where_v2_would_kill(void **state)
{
	struct error err = { 0 };

	(void)state;
	assert_int_equal(update_with_usage("2000\n", 1000, false, &err), 0);
	assert_int_equal(update_with_usage("2000\n", 3000, true, &err), 0);
	assert_int_equal(update_with_usage("2000\n", -1, true, &err), 0);
	assert_int_equal(update_with_usage("2000\n", 1000, true, &err), -1);
	assert_int_equal(err.code, EBUSY);
	assert_string_equal(err.msg,
			    "linux.resources.memory.limit: 1000 is less than the 2000 in use");
	assert_int_equal(update_with_usage("max\n", 1000, true, &err), -1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(an_update_finds_the_groups_of_the_container),
		cmocka_unit_test(a_limit_below_the_usage_is_refused_where_v2_would_kill),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
