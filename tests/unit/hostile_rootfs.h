/* A rootfs whose maker wants to reach what is beside it, and a check that nothing there was touched. */
#pragma once

#include "tests/unit/sandbox.h"

#include <dirent.h>

#include "spec/base/error.h"

/* Each case has its own folder: CASE/rootfs beside CASE/outside, which must stay as it is. */
static int root = -1, case_folder = -1;
static struct error err;

static inline int make_case(void **state)
{
	static unsigned number;
	char name[32];

	(void)state;
	err = (struct error){ 0 };
	snprintf(name, sizeof name, "case%u", number++);
	case_folder = open_new_folder(name);
	if (mkdirat(case_folder, "rootfs", 0755) || mkdirat(case_folder, "outside", 0755))
		return -1;
	int canary = openat(case_folder, "outside/canary", O_CREAT | O_WRONLY | O_CLOEXEC, 0644);
	if (canary < 0 || write(canary, "alive", 5) != 5)
		return -1;
	close(canary);
	root = openat(case_folder, "rootfs", O_PATH | O_DIRECTORY | O_CLOEXEC);
	return root < 0;
}

/* After every case: nothing was made, changed or removed outside. */
static inline int check_outside(void **state)
{
	int entries = 0, outside = openat(case_folder, "outside", O_RDONLY | O_CLOEXEC);
	DIR *dir = fdopendir(outside);

	(void)state;
	if (!dir)
		return -1;
	while (readdir(dir))
		entries++;
	int failed = entries != 3 || strcmp(text_of(outside, "canary"), "alive") != 0;
	closedir(dir);
	close(root);
	close(case_folder);
	if (failed)
		print_message("something outside the rootfs was touched\n");
	return failed;
}

static inline void file(const char *path, const char *text)
{
	int fd = openat(root, path, O_CREAT | O_EXCL | O_WRONLY | O_CLOEXEC, 0644);

	assert_true(fd >= 0);
	assert_int_equal(write(fd, text, strlen(text)), strlen(text));
	close(fd);
}

static inline void folder(const char *path)
{
	assert_int_equal(mkdirat(root, path, 0755), 0);
}

static inline void link_to(const char *target, const char *path)
{
	assert_int_equal(symlinkat(target, root, path), 0);
}

/* Whether @fd, which is closed, is @path of the rootfs. */
static inline void check_is(int fd, const char *path)
{
	struct stat found, expected;

	if (fd < 0)
		fail_msg("%s: %s %s", path, strerror(errno), err.msg);
	assert_int_equal(fcntl(fd, F_GETFD) & FD_CLOEXEC, FD_CLOEXEC);
	assert_int_equal(fstat(fd, &found), 0);
	assert_int_equal(fstatat(root, path, &expected, AT_SYMLINK_NOFOLLOW), 0);
	assert_int_equal(found.st_ino, expected.st_ino);
	assert_int_equal(found.st_dev, expected.st_dev);
	close(fd);
}

static inline void check_no(int fd, int code)
{
	assert_int_equal(fd, -1);
	assert_int_equal(errno, code);
}
