/* Requests to systemd: through orun-systemd, executed for real, to a stand-in for the bus and systemd. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <errno.h>
#include <fcntl.h>
#include <libgen.h>
#include <limits.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "runtime/systemd.h"
#include "spec/base/io.h"
#include "spec/base/owned.h"

/* The folder of the build is two above that of this program. */
static char build[PATH_MAX], folder[] = "/tmp/orun-systemd-XXXXXX";
static char address[PATH_MAX + 16], notes[PATH_MAX], own_name[PATH_MAX];
static pid_t fake;

#define NEED_SYSTEMD()                                                                      \
	do {                                                                                \
		if (!fake) {                                                                \
			print_message("skip: orun-systemd was not built: no libsystemd\n"); \
			skip();                                                             \
		}                                                                           \
	} while (0)

static void in_folder(char *path, const char *name)
{
	snprintf(path, PATH_MAX, "%s/%s", folder, name);
}

static void in_build(char *path, const char *name)
{
	assert_true(snprintf(path, PATH_MAX, "%s/%s", build, name) < PATH_MAX);
}

static int copy(const char *from, const char *to)
{
	owned_string text = NULL;
	size_t length;

	if (read_file_at(AT_FDCWD, from, 256u << 20, &text, &length, NULL))
		return -1;
	owned_fd fd = open(to, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0755);
	return fd < 0 ? -1 : write_all(fd, text, length);
}

static void start_fake(const char *socket)
{
	char program[PATH_MAX];

	in_build(program, "fake-systemd");
	fake = fork();
	if (fake == 0) {
		execl(program, program, socket, notes, NULL);
		_exit(127);
	}
	for (int tries = 0; tries < 500 && access(socket, F_OK); tries++)
		usleep(10000);
}

/* A name in another folder by which this program is found to run from there, with orun-systemd beside. */
static int setup(void **state)
{
	char socket[PATH_MAX], program[PATH_MAX], companion[PATH_MAX], self[PATH_MAX] = "";

	(void)state;
	if (readlink("/proc/self/exe", self, sizeof self - 1) < 0 || !mkdtemp(folder))
		return -1;
	in_folder(own_name, "self");
	if (symlink(self, own_name))
		return -1;
	snprintf(build, sizeof build, "%s", dirname(dirname(dirname(self))));
	in_folder(socket, "bus");
	in_folder(notes, "notes");
	in_folder(companion, "orun-systemd");
	in_build(program, "orun-systemd");
	program_invocation_name = own_name;
	if (access(program, X_OK))
		return 0;
	if (copy(program, companion))
		return -1;
	start_fake(socket);
	snprintf(address, sizeof address, "unix:path=%s", socket);
	setenv("DBUS_SYSTEM_BUS_ADDRESS", address, 1);
	setenv("DBUS_SESSION_BUS_ADDRESS", address, 1);
	return 0;
}

static int teardown(void **state)
{
	static const char *const names[] = { "bus", "notes", "orun-systemd", "self" };
	char path[PATH_MAX];

	(void)state;
	if (fake > 0) {
		kill(fake, SIGKILL);
		waitpid(fake, NULL, 0);
	}
	for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
		in_folder(path, names[i]);
		unlink(path);
	}
	return rmdir(folder);
}

/* What the stand-in was asked, since the last time. */
static void noted(const char *expected)
{
	owned_string text = NULL;
	struct error err = { 0 };

	if (read_file_at(AT_FDCWD, notes, 1 << 20, &text, NULL, &err))
		fail_msg("%s", err.msg);
	assert_int_equal(truncate(notes, 0), 0);
	assert_string_equal(text, expected);
}

static struct systemd_scope *scope_named(const char *name)
{
	struct error err = { 0 };
	owned_string path = text_format("a-b.slice:t:%s", name);
	struct systemd_scope *scope = systemd_scope_name(path, "x", NULL, &err);

	assert_non_null(scope);
	assert_int_equal(systemd_properties_add_one(&scope->properties, "Slice", "s", 0,
						    scope->slice, &err),
			 0);
	return scope;
}

static void a_scope_is_started_with_its_properties(void **state)
{
	struct systemd_scope *scope;
	struct error err = { 0 };

	(void)state;
	NEED_SYSTEMD();
	scope = scope_named("good");
	struct systemd_properties *all = &scope->properties;
	systemd_properties_add_one(all, "Delegate", "b", 0, "true", &err);
	systemd_properties_add_one(all, "DefaultDependencies", "b", 0, "false", &err);
	systemd_properties_add_one(all, "KillSignal", "i", 0, "-1", &err);
	systemd_properties_add_one(all, "MemoryMax", "t", 231, "18446744073709551615", &err);
	systemd_properties_add_one(all, "OOMPolicy", "s", 253, "kill", &err);
	systemd_properties_add_one(all, "AllowedCPUs", "ay", 244, "00ff", &err);
	systemd_properties_add_one(all, "Description", "s", 0, "two words", &err);
	struct systemd_property *after = systemd_properties_add(all, "After", "as", 0, &err);
	string_list_add(&after->values, "a.service");
	string_list_add(&after->values, "b.service");
	systemd_properties_add(all, "Before", "as", 0, &err);
	struct systemd_property *devices =
		systemd_properties_add(all, "DeviceAllow", "a(ss)", 0, &err);
	string_list_add(&devices->values, "char-*");
	string_list_add(&devices->values, "m");
	if (systemd_start(scope, 4711, &err))
		fail_msg("%s", err.msg);
	noted("start t-good.scope fail\n"
	      "  PIDs au\n"
	      "  Slice s 'a-b.slice'\n"
	      "  Delegate b 1\n"
	      "  DefaultDependencies b 0\n"
	      "  KillSignal i -1\n"
	      "  MemoryMax t 18446744073709551615\n"
	      "  AllowedCPUs ay 00 ff\n"
	      "  Description s 'two words'\n"
	      "  After as 'a.service' 'b.service'\n"
	      "  Before as\n"
	      "  DeviceAllow a(ss) 'char-*' 'm'\n");
	systemd_scope_free(scope);
}

static void fails_to_start(const char *name, int code, const char *words)
{
	struct systemd_scope *scope = scope_named(name);
	struct error err = { 0 };

	assert_int_equal(systemd_start(scope, getpid(), &err), -1);
	if (!strstr(err.msg, words))
		fail_msg("expected: %s\nis: %s", words, err.msg);
	assert_int_equal(err.code, code);
	systemd_scope_free(scope);
}

static void the_words_of_systemd_are_told(void **state)
{
	(void)state;
	NEED_SYSTEMD();
	fails_to_start("refused", EACCES, "systemd: t-refused.scope: Not for you, t-refused.scope");
	fails_to_start("failing", ECANCELED, "start of t-failing.scope: job failed");
	fails_to_start("ending", ECONNRESET, "systemd: ");
	fails_to_start("other", EINVAL, "'/elsewhere', not in /a.slice/a-b.slice/t-other.scope");
	assert_int_equal(truncate(notes, 0), 0);
}

static void a_unit_of_another_is_not_taken(void **state)
{
	(void)state;
	NEED_SYSTEMD();
	fails_to_start("taken", EEXIST, "Unit t-taken.scope was already loaded.");
	noted("start t-taken.scope fail\n  PIDs au\n  Slice s 'a-b.slice'\n"
	      "ResetFailedUnit 't-taken.scope'\n"
	      "start t-taken.scope fail\n  PIDs au\n  Slice s 'a-b.slice'\n");
}

static void a_failed_unit_is_forgotten_and_the_name_used(void **state)
{
	struct systemd_scope *scope;
	struct error err = { 0 };

	(void)state;
	NEED_SYSTEMD();
	scope = scope_named("left");
	if (systemd_start(scope, getpid(), &err))
		fail_msg("%s", err.msg);
	systemd_scope_free(scope);
	assert_int_equal(truncate(notes, 0), 0);
}

static void properties_change_later(void **state)
{
	const struct systemd_unit unit = { "t-good.scope", false };
	struct systemd_properties properties = { 0 };
	struct error err = { 0 };

	(void)state;
	NEED_SYSTEMD();
	systemd_properties_add_one(&properties, "TasksMax", "t", 227, "7", &err);
	if (systemd_set(&unit, &properties, &err))
		fail_msg("%s", err.msg);
	noted("set t-good.scope 1\n  TasksMax t 7\n");
	systemd_properties_finish(&properties);
}

static void a_scope_is_stopped_once_or_more(void **state)
{
	const struct systemd_unit unit = { "t-good.scope", false };
	struct error err = { 0 };

	(void)state;
	NEED_SYSTEMD();
	for (int i = 0; i < 2; i++)
		if (systemd_stop(&unit, &err))
			fail_msg("%s", err.msg);
	noted("stop t-good.scope replace\nResetFailedUnit 't-good.scope'\n"
	      "stop t-good.scope replace\nResetFailedUnit 't-good.scope'\n");
}

static void a_process_is_attached(void **state)
{
	const struct systemd_unit unit = { "t-good.scope", true };
	struct error err = { 0 };

	(void)state;
	NEED_SYSTEMD();
	if (systemd_attach(&unit, "/below/it", 4711, &err))
		fail_msg("%s", err.msg);
	noted("AttachProcessesToUnit 't-good.scope' '/below/it' 4711\n");
}

static void the_users_instance_tells_its_group(void **state)
{
	struct error err = { 0 };

	(void)state;
	NEED_SYSTEMD();
	owned_string group = systemd_user_group(&err);
	assert_non_null(group);
	assert_string_equal(group, "/user.slice/user-1000.slice/user@1000.service");
}

static void without_a_bus_the_reason_is_told(void **state)
{
	const struct systemd_unit unit = { "t-good.scope", true };
	struct error err = { 0 };

	(void)state;
	NEED_SYSTEMD();
	setenv("DBUS_SESSION_BUS_ADDRESS", "unix:path=/nowhere/bus", 1);
	setenv("XDG_RUNTIME_DIR", folder, 1);
	assert_int_equal(systemd_stop(&unit, &err), -1);
	setenv("DBUS_SESSION_BUS_ADDRESS", address, 1);
	assert_string_equal(
		err.msg, "systemd: connect to the user's bus: no such file or directory; is there "
			 "a session of systemd, and are XDG_RUNTIME_DIR and "
			 "DBUS_SESSION_BUS_ADDRESS set?");
}

/* Our name comes from our caller, and the folder may be anybody's. */
static void a_companion_that_others_may_change_is_not_run(void **state)
{
	const struct systemd_unit unit = { "t-good.scope", false };
	struct error err = { 0 };
	char companion[PATH_MAX];

	(void)state;
	NEED_SYSTEMD();
	in_folder(companion, "orun-systemd");
	assert_int_equal(chmod(companion, 0757), 0);
	assert_int_equal(systemd_stop(&unit, &err), -1);
	assert_int_equal(err.code, ENOENT);
	assert_int_equal(chmod(companion, 0755), 0);
	assert_int_equal(chmod(folder, 0777), 0);
	assert_int_equal(systemd_stop(&unit, &err), -1);
	assert_int_equal(chmod(folder, 0700), 0);
	if (systemd_stop(&unit, &err))
		fail_msg("%s", err.msg);
	assert_int_equal(truncate(notes, 0), 0);
}

static void without_the_companion_the_reason_is_told(void **state)
{
	const struct systemd_unit unit = { "t-good.scope", false };
	struct error err = { 0 };

	(void)state;
	program_invocation_name = (char[]){ "orun" };
	int failed = systemd_stop(&unit, &err);
	program_invocation_name = own_name;
	if (access(ORUN_LIBEXECDIR "/orun-systemd", X_OK) == 0) {
		print_message("skip: orun-systemd is installed on this machine\n");
		skip();
	}
	assert_int_equal(failed, -1);
	assert_string_equal(err.msg, ORUN_LIBEXECDIR
			    "/orun-systemd: no such file or directory; orun was built without "
			    "libsystemd, or not installed completely");
}

static void the_command_line_says_whose_systemd_it_is(void **state)
{
	(void)state;
	assert_true(systemd_is_users(CGROUP_ROOTLESS_TRUE));
	assert_false(systemd_is_users(CGROUP_ROOTLESS_FALSE));
	if (!cgroup_caller_is_unprivileged())
		assert_false(systemd_is_users(CGROUP_ROOTLESS_AUTO));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_scope_is_started_with_its_properties),
		cmocka_unit_test(the_words_of_systemd_are_told),
		cmocka_unit_test(a_unit_of_another_is_not_taken),
		cmocka_unit_test(a_failed_unit_is_forgotten_and_the_name_used),
		cmocka_unit_test(properties_change_later),
		cmocka_unit_test(a_scope_is_stopped_once_or_more),
		cmocka_unit_test(a_process_is_attached),
		cmocka_unit_test(the_users_instance_tells_its_group),
		cmocka_unit_test(without_a_bus_the_reason_is_told),
		cmocka_unit_test(a_companion_that_others_may_change_is_not_run),
		cmocka_unit_test(without_the_companion_the_reason_is_told),
		cmocka_unit_test(the_command_line_says_whose_systemd_it_is),
	};

	return cmocka_run_group_tests(tests, setup, teardown);
}
