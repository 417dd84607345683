/* linux.sysctl: what is allowed where, and writing beneath a procfs descriptor. The files written are
 * in a folder of the test's own that looks like one. */
#include "runtime/sysctl.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <sched.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>

#include "spec/base/io.h"
#include "spec/base/owned.h"

#define COUNT(array) (sizeof(array) / sizeof(array)[0])

/* A configuration with one parameter and the namespaces given. */
static int validate(const char *key, struct namespace *const *namespaces, size_t n,
		    struct error *err)
{
	struct string_pair pair = { (char *)(uintptr_t)key, (char[]){ "1" } };
	struct linux_config linux_config = {
		.sysctl = { &pair, 1 },
		.namespaces = { (struct namespace **)(uintptr_t)namespaces, n },
	};
	struct config config = { .linux_ = &linux_config };

	*err = (struct error){ 0 };
	return sysctl_validate(&config, err);
}

static struct namespace new_ipc = { NAMESPACE_IPC, NULL };
static struct namespace new_network = { NAMESPACE_NETWORK, NULL };
static struct namespace new_uts = { NAMESPACE_UTS, NULL };
static struct namespace new_user = { NAMESPACE_USER, NULL };
static struct namespace new_pid = { NAMESPACE_PID, NULL };

static const struct {
	const char *key;
	struct namespace *needed;
} isolated[] = {
	{ "kernel.msgmax", &new_ipc },
	{ "kernel.msgmnb", &new_ipc },
	{ "kernel.msgmni", &new_ipc },
	{ "kernel.sem", &new_ipc },
	{ "kernel.shmall", &new_ipc },
	{ "kernel.shmmax", &new_ipc },
	{ "kernel.shmmni", &new_ipc },
	{ "kernel.shm_rmid_forced", &new_ipc },
	{ "kernel/shmmax", &new_ipc },
	{ "fs.mqueue.msg_max", &new_ipc },
	{ "fs/mqueue/queues_max", &new_ipc },
	{ "net.ipv4.ip_forward", &new_network },
	{ "net.ipv4.conf.eth0/100.forwarding", &new_network },
	{ "net/ipv4/conf/eth0.100/forwarding", &new_network },
	{ "kernel.domainname", &new_uts },
	{ "user.max_user_namespaces", &new_user },
};

static void isolated_parameters_need_their_namespace(void **state)
{
	struct namespace *const all[] = { &new_ipc, &new_network, &new_uts, &new_user, &new_pid };
	struct error err;

	(void)state;
	for (size_t i = 0; i < COUNT(isolated); i++) {
		struct namespace *others[COUNT(all)];
		size_t n = 0;

		for (size_t j = 0; j < COUNT(all); j++)
			if (all[j] != isolated[i].needed)
				others[n++] = all[j];
		if (validate(isolated[i].key, &isolated[i].needed, 1, &err))
			fail_msg("%s", err.msg);
		if (validate(isolated[i].key, others, n, &err) == 0)
			fail_msg("%s is allowed without its namespace", isolated[i].key);
		assert_int_equal(err.code, EPERM);
		assert_non_null(strstr(err.msg, "linux.sysctl[\""));
		assert_non_null(strstr(err.msg, isolated[i].key));
	}
}

static void everything_else_is_refused_in_any_namespace(void **state)
{
	static const char *const wrong[] = {
		"kernel.core_pattern",
		"kernel.hostname",
		"kernel/hostname",
		"vm.swappiness",
		"fs.file-max",
		"kernel.msgmax2",
		"kernel.sem.x",
		"kernel.shm_next_id",
		"net",
		"network.x",
		"user",
		"fs.mqueue",
		"net.",
		"net..ipv4",
		"",
		".",
		"net.//.core.x",
		"net/../kernel/core_pattern",
		"net/./core/x",
		"/net/core/somaxconn",
		"net/core/somaxconn/",
		"net//core/somaxconn",
		"../sys/net/x",
		"net.ipv4./.x",
		"kernel",
		"kernel.domainname.x",
		"userx.y",
		"..net.core.x",
		"fs.mqueue//.msg_max.",
	};
	struct namespace *const all[] = { &new_ipc, &new_network, &new_uts, &new_user, &new_pid };
	struct error err;

	(void)state;
	for (size_t i = 0; i < COUNT(wrong); i++) {
		if (validate(wrong[i], all, COUNT(all), &err) == 0)
			fail_msg("\"%s\" is allowed", wrong[i]);
		assert_non_null(strstr(err.msg, "linux.sysctl[\""));
	}
}

static void the_hostname_has_a_field_of_its_own(void **state)
{
	struct namespace *const uts[] = { &new_uts };
	struct error err;

	(void)state;
	assert_int_equal(validate("kernel.hostname", uts, 1, &err), -1);
	assert_non_null(strstr(err.msg, "field hostname"));
}

static void overlong_keys_are_refused(void **state)
{
	static char key[3 * PATH_MAX] = "net.";
	struct namespace *const network[] = { &new_network };
	struct error err;

	(void)state;
	memset(key + 4, 'a', sizeof key - 5);
	assert_int_equal(validate(key, network, 1, &err), -1);
	assert_int_equal(err.code, ENAMETOOLONG);
}

static void the_runtimes_own_namespace_by_path_is_the_hosts(void **state)
{
	struct namespace joined = { NAMESPACE_NETWORK, (char[]){ "/proc/self/ns/net" } };
	struct namespace *const namespaces[] = { &joined };
	struct error err;

	(void)state;
	assert_int_equal(validate("net.core.somaxconn", namespaces, 1, &err), -1);
	assert_int_equal(err.code, EPERM);
	assert_non_null(strstr(err.msg, "host's network namespace"));
	joined.type = NAMESPACE_IPC;
	joined.path = (char[]){ "/proc/self/ns/ipc" };
	assert_int_equal(validate("kernel.sem", namespaces, 1, &err), -1);
	assert_int_equal(err.code, EPERM);
}

static void a_path_that_is_not_there_is_an_error(void **state)
{
	struct namespace joined = { NAMESPACE_NETWORK, (char[]){ "/nonexistent/net" } };
	struct namespace *const namespaces[] = { &joined };
	struct error err;

	(void)state;
	assert_int_equal(validate("net.core.somaxconn", namespaces, 1, &err), -1);
	assert_int_equal(err.code, ENOENT);
	assert_non_null(strstr(err.msg, "/nonexistent/net"));
}

static void another_network_namespace_by_path_is_allowed(void **state)
{
	int ready[2], done[2];
	char byte = 0, path[64];

	(void)state;
	assert_int_equal(pipe(ready), 0);
	assert_int_equal(pipe(done), 0);
	pid_t child = fork();
	assert_true(child >= 0);
	if (child == 0) {
		byte = unshare(CLONE_NEWUSER | CLONE_NEWNET) == 0;
		_exit(write(ready[1], &byte, 1) != 1 || close(done[1]) || read(done[0], &byte, 1));
	}
	assert_int_equal(read(ready[0], &byte, 1), 1);
	struct error err = { 0 };
	struct namespace joined = { NAMESPACE_NETWORK, path };
	struct namespace *const namespaces[] = { &joined };
	snprintf(path, sizeof path, "/proc/%d/ns/net", child);
	int rc = validate("net.core.somaxconn", namespaces, 1, &err);
	for (size_t i = 0; i < 2; i++) {
		close(ready[i]);
		close(done[i]);
	}
	waitpid(child, NULL, 0);
	if (!byte) {
		print_message("no user namespaces for this user\n");
		skip();
	}
	if (rc)
		fail_msg("%s", err.msg);
}

static void no_linux_section_has_nothing_wrong(void **state)
{
	struct config config = { 0 };

	(void)state;
	assert_int_equal(sysctl_validate(&config, NULL), 0);
}

/* A folder with sys/net/ipv4/conf/eth0.100/forwarding in it. */
struct fixture {
	char path[64];
	int fd;
};

static int make_procfs(void **state)
{
	static struct fixture fixture;
	char path[128];

	snprintf(fixture.path, sizeof fixture.path, "/tmp/test_sysctl.XXXXXX");
	if (!mkdtemp(fixture.path))
		return -1;
	snprintf(path, sizeof path, "%s/sys/net/ipv4/conf/eth0.100", fixture.path);
	fixture.fd = open(fixture.path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	*state = &fixture;
	return fixture.fd < 0 || make_directories(path, 0700, NULL) ||
	       write_file_atomic_at(fixture.fd, "sys/net/ipv4/conf/eth0.100/forwarding", "0", 1,
				    0600, NULL) ||
	       write_file_atomic_at(fixture.fd, "secret", "old", 3, 0600, NULL) ||
	       symlinkat("../../secret", fixture.fd, "sys/net/link") ||
	       symlinkat("ipv4", fixture.fd, "sys/net/folder");
}

static int remove_procfs(void **state)
{
	const struct fixture *fixture = *state;
	static const char *const files[] = { "sys/net/ipv4/conf/eth0.100/forwarding", "secret",
					     "sys/net/link", "sys/net/folder" };
	static const char *const folders[] = { "sys/net/ipv4/conf/eth0.100", "sys/net/ipv4/conf",
					       "sys/net/ipv4", "sys/net", "sys" };

	for (size_t i = 0; i < COUNT(files); i++)
		unlinkat(fixture->fd, files[i], 0);
	for (size_t i = 0; i < COUNT(folders); i++)
		unlinkat(fixture->fd, folders[i], AT_REMOVEDIR);
	close(fixture->fd);
	return rmdir(fixture->path);
}

static int apply(const struct fixture *fixture, const char *key, const char *value,
		 struct error *err)
{
	struct string_pair pair = { (char *)(uintptr_t)key, (char *)(uintptr_t)value };
	struct string_map map = { &pair, 1 };

	*err = (struct error){ 0 };
	return sysctl_apply(fixture->fd, &map, err);
}

static void assert_file(const struct fixture *fixture, const char *path, const char *expected)
{
	char line[64];

	assert_int_equal(read_line_at(fixture->fd, path, line, sizeof line, NULL), 0);
	assert_string_equal(line, expected);
}

static void both_spellings_write_the_same_file(void **state)
{
	struct error err;

	if (apply(*state, "net.ipv4.conf.eth0/100.forwarding", "1", &err))
		fail_msg("%s", err.msg);
	assert_file(*state, "sys/net/ipv4/conf/eth0.100/forwarding", "1");
	if (apply(*state, "net/ipv4/conf/eth0.100/forwarding", "2 3", &err))
		fail_msg("%s", err.msg);
	assert_file(*state, "sys/net/ipv4/conf/eth0.100/forwarding", "2 3");
}

static void symlinks_are_not_followed(void **state)
{
	struct error err;

	assert_int_equal(apply(*state, "net.link", "new", &err), -1);
	assert_int_equal(err.code, ELOOP);
	assert_int_equal(apply(*state, "net.folder.conf.eth0/100.forwarding", "9", &err), -1);
	assert_int_equal(err.code, ELOOP);
	assert_file(*state, "secret", "old");
}

static void nothing_above_is_reached(void **state)
{
	struct error err;

	assert_int_equal(apply(*state, "net/../../secret", "new", &err), -1);
	assert_int_equal(err.code, EINVAL);
	assert_file(*state, "secret", "old");
}

static void missing_parameters_are_named(void **state)
{
	struct error err;

	assert_int_equal(apply(*state, "net.ipv4.nothing", "1", &err), -1);
	assert_int_equal(err.code, ENOENT);
	assert_non_null(strstr(err.msg, "linux.sysctl[\"net.ipv4.nothing\"]"));
}

/* The kernel's own files, in namespaces made for that. */
static void the_kernel_takes_them_in_a_new_namespace(void **state)
{
	(void)state;
	pid_t child = fork();
	assert_true(child >= 0);
	if (child == 0) {
		struct string_pair pairs[] = { { (char[]){ "kernel.shmmni" }, (char[]){ "4000" } },
					       { (char[]){ "net.core.somaxconn" },
						 (char[]){ "99" } } };
		struct string_map map = { pairs, COUNT(pairs) };
		char line[32];
		int procfs = open("/proc", O_PATH | O_DIRECTORY | O_CLOEXEC);

		if (unshare(CLONE_NEWIPC | CLONE_NEWNET))
			_exit(77);
		if (sysctl_apply(procfs, &map, NULL))
			_exit(1);
		if (read_line_at(procfs, "sys/kernel/shmmni", line, sizeof line, NULL) ||
		    strcmp(line, "4000") != 0)
			_exit(2);
		if (read_line_at(procfs, "sys/net/core/somaxconn", line, sizeof line, NULL) ||
		    strcmp(line, "99") != 0)
			_exit(3);
		pairs[0].value = (char[]){ "many" };
		_exit(sysctl_apply(procfs, &map, NULL) == 0 ? 4 : 0);
	}
	int status;
	assert_int_equal(waitpid(child, &status, 0), child);
	assert_true(WIFEXITED(status));
	if (WEXITSTATUS(status) == 77) {
		print_message("needs root to make an ipc and a network namespace\n");
		skip();
	}
	assert_int_equal(WEXITSTATUS(status), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(isolated_parameters_need_their_namespace),
		cmocka_unit_test(everything_else_is_refused_in_any_namespace),
		cmocka_unit_test(the_hostname_has_a_field_of_its_own),
		cmocka_unit_test(overlong_keys_are_refused),
		cmocka_unit_test(the_runtimes_own_namespace_by_path_is_the_hosts),
		cmocka_unit_test(a_path_that_is_not_there_is_an_error),
		cmocka_unit_test(another_network_namespace_by_path_is_allowed),
		cmocka_unit_test(no_linux_section_has_nothing_wrong),
		cmocka_unit_test_setup_teardown(both_spellings_write_the_same_file, make_procfs,
						remove_procfs),
		cmocka_unit_test_setup_teardown(symlinks_are_not_followed, make_procfs,
						remove_procfs),
		cmocka_unit_test_setup_teardown(nothing_above_is_reached, make_procfs,
						remove_procfs),
		cmocka_unit_test_setup_teardown(missing_parameters_are_named, make_procfs,
						remove_procfs),
		cmocka_unit_test(the_kernel_takes_them_in_a_new_namespace),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
