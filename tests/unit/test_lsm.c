/* Labels: what is planned on this kernel, and what is written where. No security module is needed:
 * the files written are in a folder of the test's own with the layout of procfs. */
#include "runtime/lsm.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "spec/base/io.h"
#include "spec/base/owned.h"

#define COUNT(array) (sizeof(array) / sizeof(array)[0])

#define ATTRIBUTES "7/task/7/attr"

struct fixture {
	char path[64];
	int fd;
};

static int make_procfs(void **state)
{
	static struct fixture fixture;
	char path[128];

	snprintf(fixture.path, sizeof fixture.path, "/tmp/test_lsm.XXXXXX");
	if (!mkdtemp(fixture.path))
		return -1;
	snprintf(path, sizeof path, "%s/" ATTRIBUTES "/apparmor", fixture.path);
	fixture.fd = open(fixture.path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	*state = &fixture;
	return fixture.fd < 0 || make_directories(path, 0700, NULL) ||
	       symlinkat("7/task/7", fixture.fd, "thread-self") ||
	       write_file_atomic_at(fixture.fd, "outside", "untouched", 9, 0600, NULL) ||
	       write_file_atomic_at(fixture.fd, ATTRIBUTES "/exec", "", 0, 0600, NULL) ||
	       write_file_atomic_at(fixture.fd, ATTRIBUTES "/apparmor/exec", "", 0, 0600, NULL);
}

static int remove_procfs(void **state)
{
	const struct fixture *fixture = *state;
	static const char *const files[] = { ATTRIBUTES "/apparmor/exec", ATTRIBUTES "/exec",
					     "thread-self", "outside" };
	static const char *const folders[] = { ATTRIBUTES "/apparmor", ATTRIBUTES, "7/task/7",
					       "7/task", "7" };

	for (size_t i = 0; i < COUNT(files); i++)
		unlinkat(fixture->fd, files[i], 0);
	for (size_t i = 0; i < COUNT(folders); i++)
		unlinkat(fixture->fd, folders[i], AT_REMOVEDIR);
	close(fixture->fd);
	return rmdir(fixture->path);
}

static void assert_file(const struct fixture *fixture, const char *path, const char *expected)
{
	char line[64];

	assert_int_equal(read_line_at(fixture->fd, path, line, sizeof line, NULL), 0);
	assert_string_equal(line, expected);
}

static void an_apparmor_profile_goes_to_its_own_file(void **state)
{
	const struct fixture *fixture = *state;
	struct error err = { 0 };

	if (lsm_apply(fixture->fd, "docker-default", NULL, &err))
		fail_msg("%s", err.msg);
	assert_file(fixture, ATTRIBUTES "/apparmor/exec", "exec docker-default");
	assert_file(fixture, ATTRIBUTES "/exec", "");
}

static void an_apparmor_profile_goes_to_the_shared_file_of_old_kernels(void **state)
{
	const struct fixture *fixture = *state;
	struct error err = { 0 };

	unlinkat(fixture->fd, ATTRIBUTES "/apparmor/exec", 0);
	if (lsm_apply(fixture->fd, "unconfined", NULL, &err))
		fail_msg("%s", err.msg);
	assert_file(fixture, ATTRIBUTES "/exec", "exec unconfined");
}

static void a_selinux_label_is_written_as_it_is(void **state)
{
	const struct fixture *fixture = *state;
	struct error err = { 0 };

	if (lsm_apply(fixture->fd, NULL, "system_u:system_r:container_t:s0:c1,c2", &err))
		fail_msg("%s", err.msg);
	assert_file(fixture, ATTRIBUTES "/exec", "system_u:system_r:container_t:s0:c1,c2");
	assert_file(fixture, ATTRIBUTES "/apparmor/exec", "");
}

static void nothing_to_apply_needs_no_procfs(void **state)
{
	(void)state;
	assert_int_equal(lsm_apply(-1, NULL, NULL, NULL), 0);
}

static void errors_hold_the_path_that_podman_looks_for(void **state)
{
	const struct fixture *fixture = *state;
	struct error err = { 0 };

	unlinkat(fixture->fd, ATTRIBUTES "/apparmor/exec", 0);
	unlinkat(fixture->fd, ATTRIBUTES "/exec", 0);
	assert_int_equal(lsm_apply(fixture->fd, "mine", NULL, &err), -1);
	assert_int_equal(err.code, ENOENT);
	assert_non_null(strstr(err.msg, "`/proc/thread-self/attr/exec`"));
	assert_non_null(strstr(err.msg, "\"mine\""));
	assert_null(strstr(err.msg, "apparmor_parser"));
	assert_int_equal(lsm_apply(fixture->fd, NULL, "a:b:c", &err), -1);
	assert_non_null(strstr(err.msg, "`/proc/thread-self/attr/exec`"));
	assert_non_null(strstr(err.msg, "\"a:b:c\""));
}

static void a_thread_self_that_leads_out_is_not_followed(void **state)
{
	const struct fixture *fixture = *state;
	struct error err = { 0 };
	char elsewhere[128];

	snprintf(elsewhere, sizeof elsewhere, "%s/7/task/7", fixture->path);
	unlinkat(fixture->fd, "thread-self", 0);
	assert_int_equal(symlinkat(elsewhere, fixture->fd, "thread-self"), 0);
	assert_int_equal(lsm_apply(fixture->fd, "mine", NULL, &err), -1);
	assert_int_equal(err.code, EXDEV);
	assert_file(fixture, ATTRIBUTES "/apparmor/exec", "");
}

/* The real one: an attribute of a module that is not there cannot be written, and says so. */
static void the_hosts_procfs_can_be_resolved(void **state)
{
	struct error err = { 0 };
	owned_fd procfs = open("/proc", O_PATH | O_DIRECTORY | O_CLOEXEC);

	(void)state;
	if (lsm_apparmor_enabled() || lsm_selinux_enabled()) {
		print_message("a security module is active: not changing this process's label\n");
		skip();
	}
	assert_int_equal(lsm_apply(procfs, NULL, "x", &err), -1);
	assert_int_not_equal(err.code, ELOOP);
	assert_int_not_equal(err.code, EXDEV);
}

static void absent_modules_become_warnings(void **state)
{
	struct process process = { .apparmor_profile = (char[]){ "docker-default" },
				   .selinux_label = (char[]){ "a:b:c:d" } };
	const char *apparmor, *selinux;
	struct string_list warnings = { 0 };
	size_t expected = (size_t)!lsm_apparmor_enabled() + (size_t)!lsm_selinux_enabled();

	(void)state;
	assert_int_equal(lsm_plan(&process, &apparmor, &selinux, &warnings, NULL), 0);
	assert_int_equal(warnings.n, expected);
	assert_ptr_equal(apparmor, lsm_apparmor_enabled() ? process.apparmor_profile : NULL);
	assert_ptr_equal(selinux, lsm_selinux_enabled() ? process.selinux_label : NULL);
	if (!lsm_apparmor_enabled())
		assert_non_null(
			strstr(warnings.v[0], "process.apparmorProfile \"docker-default\""));
	if (!lsm_selinux_enabled())
		assert_non_null(
			strstr(warnings.v[warnings.n - 1], "process.selinuxLabel \"a:b:c:d\""));
	string_list_finish(&warnings);
}

static void unconfined_needs_no_warning(void **state)
{
	struct process process = { .apparmor_profile = (char[]){ "unconfined" },
				   .selinux_label = (char[]){ "" } };
	const char *apparmor, *selinux;
	struct string_list warnings = { 0 };

	(void)state;
	assert_int_equal(lsm_plan(&process, &apparmor, &selinux, &warnings, NULL), 0);
	assert_int_equal(warnings.n, 0);
	assert_null(selinux);
}

static void no_labels_mean_nothing_to_apply(void **state)
{
	struct process process = { .apparmor_profile = NULL };
	const char *apparmor = "x", *selinux = "x";
	struct string_list warnings = { 0 };

	(void)state;
	assert_int_equal(lsm_plan(&process, &apparmor, &selinux, &warnings, NULL), 0);
	assert_null(apparmor);
	assert_null(selinux);
	assert_int_equal(warnings.n, 0);
}

int main(void)
{
#define WITH_PROCFS(test) cmocka_unit_test_setup_teardown(test, make_procfs, remove_procfs)
	const struct CMUnitTest tests[] = {
		WITH_PROCFS(an_apparmor_profile_goes_to_its_own_file),
		WITH_PROCFS(an_apparmor_profile_goes_to_the_shared_file_of_old_kernels),
		WITH_PROCFS(a_selinux_label_is_written_as_it_is),
		cmocka_unit_test(nothing_to_apply_needs_no_procfs),
		WITH_PROCFS(errors_hold_the_path_that_podman_looks_for),
		WITH_PROCFS(a_thread_self_that_leads_out_is_not_followed),
		cmocka_unit_test(the_hosts_procfs_can_be_resolved),
		cmocka_unit_test(absent_modules_become_warnings),
		cmocka_unit_test(unconfined_needs_no_warning),
		cmocka_unit_test(no_labels_mean_nothing_to_apply),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
