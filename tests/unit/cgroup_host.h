/* Real groups for the tests: a cgroup2 mount of the test's own, in a mount namespace of its own, and the
 * machine's v1 hierarchies with a group that no one else uses. Tests that find neither are skipped. */
#pragma once

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "runtime/cgroup/plan.h"
#include "spec/base/io.h"
#include "spec/base/sys.h"

static char v2_mount[64];
static const char *v2_missing = "the test did not call host_setup";

static int __attribute__((unused)) host_setup(void **state)
{
	(void)state;
	v2_missing = "not root";
	if (geteuid() != 0)
		return 0;
	v2_missing = "no private cgroup2 mount";
	if (unshare(CLONE_NEWNS) || mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL))
		return 0;
	snprintf(v2_mount, sizeof v2_mount, "/tmp/orun-cgroup2-XXXXXX");
	if (!mkdtemp(v2_mount))
		return -1;
	if (mount("cgroup2", v2_mount, "cgroup2", 0, NULL)) {
		rmdir(v2_mount);
		*v2_mount = '\0';
		return 0;
	}
	v2_missing = NULL;
	return 0;
}

/* What a failed case left behind. */
static void sweep(void)
{
	struct cgroup_layout layout;
	struct string_list left = { 0 };
	char path[512];

	if (cgroup_layout_read(&layout, NULL))
		return;
	for (size_t i = 0; i < layout.n; i++) {
		snprintf(path, sizeof path, "%s/orun-unit-%d", layout.hierarchies[i].mountpoint,
			 (int)getpid());
		if (!access(path, F_OK))
			string_list_add(&left, path);
	}
	if (left.n) {
		cgroup_signal_all(&left, SIGKILL, NULL);
		while (waitpid(-1, NULL, WNOHANG) > 0)
			;
		cgroup_remove(&left, &left, NULL);
	}
	string_list_finish(&left);
	cgroup_layout_finish(&layout);
}

static int __attribute__((unused)) host_teardown(void **state)
{
	(void)state;
	sweep();
	return *v2_mount && (umount(v2_mount) || rmdir(v2_mount)) ? -1 : 0;
}

#define NEED_V2()                                                \
	do {                                                     \
		if (v2_missing) {                                \
			print_message("skip: %s\n", v2_missing); \
			skip();                                  \
		}                                                \
	} while (0)

/* v1 needs controllers that are mounted, and the right to make groups there. */
#define NEED_V1(controller)                                                         \
	do {                                                                        \
		if (access("/sys/fs/cgroup/" controller "/tasks", W_OK)) {          \
			print_message("skip: no v1 hierarchy of " controller "\n"); \
			skip();                                                     \
		}                                                                   \
	} while (0)

/* A path that no other test has; @name tells the cases of one test from each other. */
static const char *own_path(const char *name)
{
	static char path[128];

	snprintf(path, sizeof path, "/orun-unit-%d/%s", (int)getpid(), name);
	return path;
}

static struct config *config_for(const char *path, struct resources *resources)
{
	static struct linux_config linux_;
	static struct config config = { .linux_ = &linux_ };

	linux_ = (struct linux_config){ .cgroups_path = (char *)path, .resources = resources };
	return &config;
}

/* Only the private v2 mount, as on a host where there is nothing else; but controllers are enabled only where
 * the plan needs them, because above the mount's root is the machine's. */
static void __attribute__((unused))
plan_v2(const char *name, struct resources *resources, struct cgroup_plan *plan)
{
	char mountinfo[256], self_cgroup[] = "0::/\n";
	struct cgroup_layout layout;
	struct error err = { 0 };

	snprintf(mountinfo, sizeof mountinfo, "9 1 0:1 / %s rw - cgroup2 cgroup2 rw\n", v2_mount);
	assert_int_equal(cgroup_layout_parse(mountinfo, self_cgroup, &layout, &err), 0);
	if (cgroup_plan_in(&layout, config_for(own_path(name), resources), "x", NULL, plan, &err))
		fail_msg("%s", err.msg);
	cgroup_layout_finish(&layout);
	plan->every_v2_controller = false;
}

/* All that the machine has mounted. */
static void __attribute__((unused))
plan_host(const char *name, struct resources *resources, struct cgroup_plan *plan)
{
	const struct cgroup_settings settings = { 0 };
	struct error err = { 0 };

	if (cgroup_plan(config_for(own_path(name), resources), "x", &settings, plan, &err))
		fail_msg("%s", err.msg);
}

struct box {
	struct cgroup_plan plan;
	struct string_list directories;
};

/* Creates what was planned into @box->plan. */
static void __attribute__((unused)) box_create(struct box *box)
{
	struct error err = { 0 };

	box->directories = (struct string_list){ 0 };
	if (cgroup_create(&box->plan, &err))
		fail_msg("%s", err.msg);
	assert_int_equal(cgroup_directories(&box->plan, &box->directories, &err), 0);
}

static void __attribute__((unused)) box_finish(struct box *box)
{
	struct error err = { 0 };

	if (cgroup_remove(&box->directories, &box->plan.made, &err))
		fail_msg("%s", err.msg);
	for (size_t i = 0; i < box->directories.n; i++)
		assert_int_equal(access(box->directories.v[i], F_OK), -1);
	for (size_t i = 0; i < box->plan.made.n; i++)
		assert_int_equal(access(box->plan.made.v[i], F_OK), -1);
	string_list_finish(&box->directories);
	cgroup_plan_finish(&box->plan);
}

__attribute__((unused)) static const char *box_directory(const struct box *box, const char *name)
{
	for (size_t i = 0; i < box->plan.n_hierarchies; i++)
		if (strcmp(box->plan.hierarchies[i].name, name) == 0)
			return box->plan.hierarchies[i].directory;
	fail_msg("no hierarchy %s", name);
	return NULL;
}

/* A child in the groups of @box that runs @run and exits with its result. */
static pid_t __attribute__((unused)) box_spawn(struct box *box, int (*run)(void *), void *context)
{
	struct cgroup_entries entries;
	struct error err = { 0 };

	if (cgroup_entries_open(&box->directories, &entries, &err))
		fail_msg("%s", err.msg);
	struct clone_args args = { .exit_signal = SIGCHLD };
	if (entries.v2 >= 0) {
		args.flags = CLONE_INTO_CGROUP;
		args.cgroup = (unsigned)entries.v2;
	}
	int ready[2];
	assert_int_equal(pipe2(ready, O_CLOEXEC), 0);
	pid_t pid = sys_clone3(&args);
	if (pid == 0) {
		if (cgroup_enter_self(&entries, entries.v2 >= 0, NULL) ||
		    cgroup_enter_memory(&entries, NULL))
			_exit(99);
		close(ready[1]);
		_exit(run(context));
	}
	assert_true(pid > 0);
	/* The end of the pipe: the child is where it belongs, or gone. */
	char byte;
	close(ready[1]);
	assert_int_equal(read(ready[0], &byte, 1), 0);
	close(ready[0]);
	cgroup_entries_close(&entries);
	return pid;
}

static int __attribute__((unused)) sleep_forever(void *context)
{
	(void)context;
	while (pause() < 0)
		;
	return 0;
}

static int __attribute__((unused)) exit_status(pid_t pid)
{
	int status;

	assert_int_equal(waitpid(pid, &status, 0), pid);
	return WIFEXITED(status) ? WEXITSTATUS(status) : -WTERMSIG(status);
}

static void __attribute__((unused))
check_file(const char *directory, const char *file, const char *expected)
{
	char path[512], text[4096];
	struct error err = { 0 };

	snprintf(path, sizeof path, "%s/%s", directory, file);
	if (read_line_at(AT_FDCWD, path, text, sizeof text, &err))
		fail_msg("%s", err.msg);
	assert_string_equal(text, expected);
}
