/* Notice of lack of memory: v2's file on a folder that looks like a group, v1 for real. */
#include <poll.h>

#include "runtime/cgroup/oom.h"
#include "tests/unit/cgroup_host.h"

static char folder[64];

static void put(const char *name, const char *text)
{
	char path[128];
	int fd;

	snprintf(path, sizeof path, "%s/%s", folder, name);
	fd = open(path, O_WRONLY | O_CREAT | O_CLOEXEC, 0644);
	assert_true(fd >= 0);
	assert_int_equal(pwrite(fd, text, strlen(text), 0), strlen(text));
	close(fd);
}

static bool is_readable_within(int fd, int milliseconds)
{
	struct pollfd pollfd = { .fd = fd, .events = POLLIN };

	return poll(&pollfd, 1, milliseconds) == 1;
}

static bool is_readable(int fd)
{
	return is_readable_within(fd, 0);
}

static void only_kills_since_the_watch_began_count_on_v2(void **state)
{
	struct string_list directories = { .v = (char *[]){ folder }, .n = 1 };
	struct cgroup_oom watch;
	struct error err = { 0 };
	char path[128];

	(void)state;
	snprintf(folder, sizeof folder, "/tmp/orun-oom-XXXXXX");
	assert_non_null(mkdtemp(folder));
	put("memory.events", "low 0\nhigh 0\nmax 4\noom 1\noom_kill 1\n");
	if (cgroup_oom_watch(&directories, &watch, &err))
		fail_msg("%s", err.msg);
	assert_int_equal(watch.version, 2);
	assert_false(is_readable(watch.fd));
	assert_false(cgroup_oom_happened(&watch));
	put("memory.events", "low 0\nhigh 0\nmax 5\noom 1\noom_kill 1\n");
	assert_true(is_readable(watch.fd));
	assert_false(cgroup_oom_happened(&watch));
	assert_false(is_readable(watch.fd));
	put("memory.events", "low 0\nhigh 0\nmax 5\noom 2\noom_kill 3\n");
	assert_true(is_readable(watch.fd));
	assert_true(cgroup_oom_happened(&watch));
	assert_false(cgroup_oom_happened(&watch));
	snprintf(path, sizeof path, "%s/memory.events", folder);
	assert_int_equal(unlink(path), 0);
	assert_false(cgroup_oom_happened(&watch));
	cgroup_oom_close(&watch);
	assert_int_equal(watch.fd, -1);
	assert_int_equal(rmdir(folder), 0);
}

static void a_container_without_memory_controller_is_not_watched(void **state)
{
	struct string_list directories = { .v = (char *[]){ (char[]){ "/tmp" } }, .n = 1 };
	struct cgroup_oom watch;
	struct error err = { 0 };

	(void)state;
	assert_int_equal(cgroup_oom_watch(&directories, &watch, &err), -1);
	assert_int_equal(err.code, ENOENT);
	assert_int_equal(watch.fd, -1);
	assert_false(cgroup_oom_happened(&watch));
	cgroup_oom_close(&watch);
}

static int take_memory(void *context)
{
	size_t size = *(size_t *)context;
	volatile char *memory = malloc(size);

	for (size_t i = 0; memory && i < size; i += 4096)
		memory[i] = 1;
	return 0;
}

static void v1_tells_when_it_happens(void **state)
{
	struct memory memory = { .limit = { true, 8 << 20 }, .swap = { true, 8 << 20 } };
	struct box box = { 0 };
	struct cgroup_oom watch;
	struct error err = { 0 };
	size_t fits = 1 << 20, too_much = 64 << 20;

	(void)state;
	NEED_V1("memory");
	plan_host("oom", &(struct resources){ .memory = &memory }, &box.plan);
	box_create(&box);
	if (cgroup_oom_watch(&box.directories, &watch, &err))
		fail_msg("%s", err.msg);
	assert_int_equal(watch.version, 1);
	assert_int_equal(exit_status(box_spawn(&box, take_memory, &fits)), 0);
	assert_false(cgroup_oom_happened(&watch));
	assert_int_equal(exit_status(box_spawn(&box, take_memory, &too_much)), -SIGKILL);
	assert_true(is_readable(watch.fd));
	assert_true(cgroup_oom_happened(&watch));
	assert_false(cgroup_oom_happened(&watch));
	box_finish(&box);
	/* The end of the group wakes us, a little later, and is no lack of memory. */
	assert_true(is_readable_within(watch.fd, 5000));
	assert_false(cgroup_oom_happened(&watch));
	cgroup_oom_close(&watch);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(only_kills_since_the_watch_began_count_on_v2),
		cmocka_unit_test(a_container_without_memory_controller_is_not_watched),
		cmocka_unit_test(v1_tells_when_it_happens),
	};

	return cmocka_run_group_tests(tests, host_setup, host_teardown);
}
