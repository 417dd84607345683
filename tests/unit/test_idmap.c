/* Id maps: the arithmetic, and the maps of real processes in user namespaces. */
#include "spec/idmap.h"

#include "tests/unit/sandbox.h"

#include <grp.h>

static struct error err;

static struct id_mapping low = { 0, 100000, 1000 };
static struct id_mapping high = { 5000, 300000, 10 };
static struct id_mapping *two[] = { &low, &high };
static const struct id_mapping_list mappings = { two, 2 };

static void ids_inside_a_range_are_mapped(void **state)
{
	(void)state;
	assert_int_equal(idmap_to_host(&mappings, 0), 100000);
	assert_int_equal(idmap_to_host(&mappings, 999), 100999);
	assert_int_equal(idmap_to_host(&mappings, 5000), 300000);
	assert_int_equal(idmap_to_host(&mappings, 5009), 300009);
}

static void ids_outside_all_ranges_are_not(void **state)
{
	(void)state;
	assert_int_equal(idmap_to_host(&mappings, 1000), -1);
	assert_int_equal(idmap_to_host(&mappings, 4999), -1);
	assert_int_equal(idmap_to_host(&mappings, 5010), -1);
	assert_int_equal(idmap_to_host(&mappings, UINT32_MAX), -1);
}

static void without_mappings_an_id_is_itself(void **state)
{
	const struct id_mapping_list none = { 0 };

	(void)state;
	assert_int_equal(idmap_to_host(&none, 0), 0);
	assert_int_equal(idmap_to_host(&none, UINT32_MAX), UINT32_MAX);
}

static void the_largest_numbers_do_not_wrap(void **state)
{
	struct id_mapping all = { 0, UINT32_MAX, UINT32_MAX }, last = { UINT32_MAX, 7, 1 };
	struct id_mapping *v[] = { &all, &last };
	const struct id_mapping_list list = { v, 2 };

	(void)state;
	assert_true(idmap_to_host(&list, 10) == (int64_t)UINT32_MAX + 10);
	assert_int_equal(idmap_to_host(&list, UINT32_MAX), 7);
	all.size = 0;
	assert_int_equal(idmap_to_host(&list, 0), -1);
}

/* A process in a new user namespace that waits to be killed; 0: there are none. */
static pid_t child_in_user_namespace(void)
{
	struct clone_args args = { .flags = CLONE_NEWUSER, .exit_signal = SIGCHLD };
	pid_t pid = sys_clone3(&args);

	if (pid == 0) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		for (;;)
			pause();
	}
	return pid < 0 ? 0 : pid;
}

static void end(pid_t pid)
{
	kill(pid, SIGKILL);
	while (waitpid(pid, NULL, 0) < 0 && errno == EINTR)
		;
}

/* Of /proc/PID/@file, each run of spaces made one and those at the beginning of a line left out. */
static const char *map_of(pid_t pid, const char *file)
{
	static char clean[512];
	char path[64];
	size_t used = 0;

	snprintf(path, sizeof path, "/proc/%d/%s", (int)pid, file);
	for (const char *at = text_of(AT_FDCWD, path); *at && used < sizeof clean - 1; at++)
		if (*at != ' ' || (used && clean[used - 1] != ' ' && clean[used - 1] != '\n'))
			clean[used++] = *at;
	clean[used] = '\0';
	return clean;
}

#define NEED_ROOT()                       \
	do {                              \
		if (geteuid() != 0)       \
			SKIP("not root"); \
	} while (0)

static void root_writes_any_ranges(void **state)
{
	const struct id_mapping_list one = { two, 1 };

	(void)state;
	NEED_ROOT();
	pid_t pid = child_in_user_namespace();
	if (!pid)
		SKIP("no user namespaces");
	SUCCEEDS(idmap_write(pid, &mappings, &one, &err));
	assert_string_equal(map_of(pid, "uid_map"), "0 100000 1000\n5000 300000 10\n");
	assert_string_equal(map_of(pid, "gid_map"), "0 100000 1000\n");
	/* Only a caller without privileges has to give setgroups(2) up. */
	char path[64];
	snprintf(path, sizeof path, "/proc/%d/setgroups", (int)pid);
	assert_string_equal(text_of(AT_FDCWD, path), "allow\n");
	end(pid);
}

static void a_map_is_written_once(void **state)
{
	(void)state;
	NEED_ROOT();
	pid_t pid = child_in_user_namespace();
	if (!pid)
		SKIP("no user namespaces");
	SUCCEEDS(idmap_write(pid, &mappings, &mappings, &err));
	FAILS(idmap_write(pid, &mappings, &mappings, &err), EPERM, "linux.gidMappings: ");
	end(pid);
}

static void ranges_that_overlap_are_refused(void **state)
{
	struct id_mapping other = { 500, 1, 1000 };
	struct id_mapping *v[] = { &low, &other };
	const struct id_mapping_list bad = { v, 2 };

	(void)state;
	NEED_ROOT();
	pid_t pid = child_in_user_namespace();
	if (!pid)
		SKIP("no user namespaces");
	FAILS(idmap_write(pid, &bad, &mappings, &err), EINVAL, "linux.uidMappings: ");
	end(pid);
}

static void a_process_that_is_gone_is_an_error(void **state)
{
	(void)state;
	pid_t pid = fork();
	if (pid == 0)
		_exit(0);
	assert_int_equal(waitpid(pid, NULL, 0), pid);
	FAILS(idmap_write(pid, &mappings, &mappings, &err), ENOENT, "open /proc/");
}

static void map_as_somebody(void *context)
{
	struct id_mapping uid = { 0, 1111, 1 }, gid = { 0, 2222, 1 };
	struct id_mapping *uids[] = { &uid }, *gids[] = { &gid };
	const struct id_mapping_list one_uid = { uids, 1 }, one_gid = { gids, 1 };
	char path[64];

	(void)context;
	EXPECT(setgroups(0, NULL) == 0 && setresgid(2222, 2222, 2222) == 0 &&
	       setresuid(1111, 1111, 1111) == 0);
	/* Changing ids makes a process undumpable, and /proc/PID of its children root's. */
	EXPECT(prctl(PR_SET_DUMPABLE, 1) == 0);
	pid_t pid = child_in_user_namespace();
	EXPECT(pid > 0);
	EXPECT_SUCCESS(idmap_write(pid, &one_uid, &one_gid, &err));
	EXPECT(strcmp(map_of(pid, "uid_map"), "0 1111 1\n") == 0);
	EXPECT(strcmp(map_of(pid, "gid_map"), "0 2222 1\n") == 0);
	snprintf(path, sizeof path, "/proc/%d/setgroups", (int)pid);
	EXPECT(strcmp(text_of(AT_FDCWD, path), "deny\n") == 0);
	end(pid);
}

static void anybody_may_map_the_own_id(void **state)
{
	(void)state;
	NEED_ROOT();
	pid_t pid = child_in_user_namespace();
	if (!pid)
		SKIP("no user namespaces");
	end(pid);
	in_child(map_as_somebody, NULL);
}

/* Stands in for newuidmap and newgidmap: writes down what it was called with. */
static void write_helper(const char *name, const char *last_line)
{
	char text[256];

	snprintf(text, sizeof text, "#!/bin/sh\necho \"${0##*/}\" \"$@\" >>%s/calls\n%s\n", sandbox,
		 last_line);
	make_text(in_sandbox(name), text);
	assert_int_equal(chmod(in_sandbox(name), 0755), 0);
}

struct helper_case {
	const char *path; /* PATH */
	int expected;
	const char *error;
};

static void map_several_as_somebody(void *context)
{
	const struct helper_case *helper_case = context;

	EXPECT(setenv("PATH", helper_case->path, 1) == 0);
	EXPECT(setgroups(0, NULL) == 0 && setresgid(2222, 2222, 2222) == 0 &&
	       setresuid(1111, 1111, 1111) == 0);
	EXPECT(prctl(PR_SET_DUMPABLE, 1) == 0);
	pid_t pid = child_in_user_namespace();
	EXPECT(pid > 0);
	int failed = idmap_write(pid, &mappings, &mappings, &err);
	end(pid);
	EXPECT(failed == helper_case->expected);
	if (failed)
		EXPECT_ERROR(helper_case->error);
	char expected[256];
	snprintf(expected, sizeof expected,
		 "newgidmap %d 0 100000 1000 5000 300000 10\n"
		 "newuidmap %d 0 100000 1000 5000 300000 10\n",
		 (int)pid, (int)pid);
	if (!failed)
		EXPECT(strcmp(text_of(AT_FDCWD, in_sandbox("calls")), expected) == 0);
}

static void several_ranges_take_the_helpers(void **state)
{
	char path[256];
	struct helper_case helper_case = { path, 0, "" };

	(void)state;
	NEED_SANDBOX();
	assert_int_equal(chmod(sandbox, 0777), 0);
	snprintf(path, sizeof path, "%s:/usr/bin:/bin", sandbox);
	write_helper("newuidmap", "exit 0");
	write_helper("newgidmap", "exit 0");
	in_child(map_several_as_somebody, &helper_case);
}

static void a_helper_that_refuses_is_an_error(void **state)
{
	char path[256];
	struct helper_case helper_case = {
		path, -1, "linux.gidMappings: newgidmap failed; see the ranges in /etc/subuid"
	};

	(void)state;
	NEED_SANDBOX();
	snprintf(path, sizeof path, "%s:/usr/bin:/bin", sandbox);
	write_helper("newgidmap", "exit 1");
	in_child(map_several_as_somebody, &helper_case);
}

static void a_missing_helper_is_an_error(void **state)
{
	struct helper_case helper_case = {
		"/no/such/folder", -1,
		"linux.gidMappings: run newgidmap: no such file or directory; it is in the package"
	};

	(void)state;
	NEED_SANDBOX();
	in_child(map_several_as_somebody, &helper_case);
}

static void look_into_namespace(void *context)
{
	EXPECT(setns(*(int *)context, CLONE_NEWUSER) == 0);
	EXPECT(strcmp(map_of(getpid(), "uid_map"), "0 100000 1000\n5000 300000 10\n") == 0);
	EXPECT(strcmp(map_of(getpid(), "gid_map"), "0 100000 1000\n5000 300000 10\n") == 0);
}

static void a_namespace_with_maps_is_made(void **state)
{
	(void)state;
	NEED_ROOT();
	int fd = idmap_open_namespace(&mappings, &mappings, &err);
	if (fd < 0)
		fail_msg("%s", err.msg);
	assert_int_equal(fcntl(fd, F_GETFD), FD_CLOEXEC);
	in_child(look_into_namespace, &fd);
	close(fd);
	/* The process that made it has gone and was waited for. */
	assert_int_equal(waitpid(-1, NULL, WNOHANG), -1);
	assert_int_equal(errno, ECHILD);
}

static void a_namespace_with_wrong_maps_is_an_error(void **state)
{
	struct id_mapping empty = { 0, 0, 0 };
	struct id_mapping *v[] = { &empty };
	const struct id_mapping_list bad = { v, 1 };

	(void)state;
	NEED_ROOT();
	FAILS(idmap_open_namespace(&bad, &mappings, &err), EINVAL, "linux.uidMappings: ");
	assert_int_equal(waitpid(-1, NULL, WNOHANG), -1);
	assert_int_equal(errno, ECHILD);
}

static void open_without_namespaces(void *context)
{
	(void)context;
	refuse_call(SYS_clone3, EPERM);
	EXPECT(idmap_open_namespace(&mappings, &mappings, &err) == -1);
	EXPECT_ERROR("clone3 of a user namespace: operation not permitted");
}

static void without_user_namespaces_it_is_an_error(void **state)
{
	(void)state;
	in_child(open_without_namespaces, NULL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(ids_inside_a_range_are_mapped),
		cmocka_unit_test(ids_outside_all_ranges_are_not),
		cmocka_unit_test(without_mappings_an_id_is_itself),
		cmocka_unit_test(the_largest_numbers_do_not_wrap),
		cmocka_unit_test(root_writes_any_ranges),
		cmocka_unit_test(a_map_is_written_once),
		cmocka_unit_test(ranges_that_overlap_are_refused),
		cmocka_unit_test(a_process_that_is_gone_is_an_error),
		cmocka_unit_test(anybody_may_map_the_own_id),
		cmocka_unit_test(several_ranges_take_the_helpers),
		cmocka_unit_test(a_helper_that_refuses_is_an_error),
		cmocka_unit_test(a_missing_helper_is_an_error),
		cmocka_unit_test(a_namespace_with_maps_is_made),
		cmocka_unit_test(a_namespace_with_wrong_maps_is_an_error),
		cmocka_unit_test(without_user_namespaces_it_is_an_error),
	};

	return cmocka_run_group_tests(tests, sandbox_setup, sandbox_teardown);
}
