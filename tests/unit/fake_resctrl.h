/* A directory that behaves as resctrl: a new group has its files at once, and goes with them. In this
 * executable mkdirat(3) and unlinkat(3) are these, for whoever calls them. */
#pragma once

#include "tests/unit/sandbox.h"

static char resctrl[128]; /* its path */

static inline void put_file(const char *directory, const char *name, const char *text)
{
	char path[512];

	snprintf(path, sizeof path, "%s/%s", directory, name);
	make_text(path, text);
}

static inline void put_directory(const char *directory, const char *name)
{
	char path[512];

	snprintf(path, sizeof path, "%s/%s", directory, name);
	if (syscall(SYS_mkdirat, AT_FDCWD, path, 0755))
		fail_msg("mkdir %s: %s", path, strerror(errno));
}

/* The C library's names for the linker, ours for the reader. */
int resctrl_mkdirat(int dirfd, const char *path, mode_t mode) __asm__("mkdirat");
int resctrl_unlinkat(int dirfd, const char *path, int flags) __asm__("unlinkat");

int resctrl_mkdirat(int dirfd, const char *path, mode_t mode)
{
	if (syscall(SYS_mkdirat, dirfd, path, mode))
		return -1;
	if (dirfd == AT_FDCWD && text_starts_with(path, resctrl)) {
		put_file(path, "tasks", "");
		put_file(path, "schemata", "");
		put_directory(path, "mon_groups");
	}
	return 0;
}

int resctrl_unlinkat(int dirfd, const char *path, int flags)
{
	static const char *const files[] = { "tasks", "schemata" };
	char inner[512];

	if (dirfd == AT_FDCWD && flags == AT_REMOVEDIR && text_starts_with(path, resctrl)) {
		for (size_t i = 0; i < 2; i++) {
			snprintf(inner, sizeof inner, "%s/%s", path, files[i]);
			syscall(SYS_unlinkat, AT_FDCWD, inner, 0);
		}
		snprintf(inner, sizeof inner, "%s/mon_groups", path);
		syscall(SYS_unlinkat, AT_FDCWD, inner, AT_REMOVEDIR);
	}
	return (int)syscall(SYS_unlinkat, dirfd, path, flags);
}

#define ROOT_SCHEMATA "    MB:0=100;1= 100\n    L3:0=7ff;1=7ff\n"

static inline void make_resctrl(void)
{
	snprintf(resctrl, sizeof resctrl, "%s/resctrl", sandbox);
	put_directory(sandbox, "resctrl");
	put_file(resctrl, "tasks", "");
	put_file(resctrl, "schemata", ROOT_SCHEMATA);
	put_directory(resctrl, "mon_groups");
	put_directory(resctrl, "info");
	put_file(resctrl, "info/last_cmd_status", "ok\n");
}

/* A group that somebody else made. */
static inline void make_class(const char *name, const char *schemata)
{
	char path[256];

	snprintf(path, sizeof path, "%s/%s", resctrl, name);
	assert_int_equal(mkdirat(AT_FDCWD, path, 0755), 0);
	put_file(path, "schemata", schemata);
}

static inline const char *in_resctrl(const char *name)
{
	char path[256];

	snprintf(path, sizeof path, "resctrl/%s", name);
	return in_sandbox(path);
}
