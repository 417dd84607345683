/* For tests of mounts and processes: a mount namespace and a tmpfs of the test's own, children that say
 * what they find wrong, and kernels that lack a system call. */
#pragma once

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <sched.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "spec/base/sys.h"

/* ---- a folder that nobody else sees ---- */

static char sandbox[64];	  /* its path; a tmpfs when sandbox_lacks is NULL */
static const char *sandbox_lacks; /* why there is no mount namespace */

static inline int sandbox_setup(void **state)
{
	(void)state;
	umask(022);
	snprintf(sandbox, sizeof sandbox, "/tmp/orun-test-XXXXXX");
	if (!mkdtemp(sandbox))
		return -1;
	sandbox_lacks = "not root";
	if (geteuid() != 0)
		return 0;
	sandbox_lacks = "no mount namespace of its own";
	if (unshare(CLONE_NEWNS) || mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL))
		return 0;
	sandbox_lacks = "no tmpfs";
	if (mount("tmpfs", sandbox, "tmpfs", 0, "mode=755"))
		return 0;
	sandbox_lacks = NULL;
	return 0;
}

static inline int remove_entry(const char *path, const struct stat *st, int type, struct FTW *place)
{
	(void)st;
	(void)type;
	(void)place;
	return remove(path);
}

static inline int sandbox_teardown(void **state)
{
	(void)state;
	if (sandbox_lacks)
		return nftw(sandbox, remove_entry, 16, FTW_DEPTH | FTW_PHYS);
	/* The tree below it goes with it: detached, because a failed case may still use it. */
	return umount2(sandbox, MNT_DETACH) || rmdir(sandbox) ? -1 : 0;
}

#define SKIP(...)                                    \
	do {                                         \
		print_message("skip: " __VA_ARGS__); \
		print_message("\n");                 \
		skip();                              \
	} while (0)

#define NEED_SANDBOX()                             \
	do {                                       \
		if (sandbox_lacks)                 \
			SKIP("%s", sandbox_lacks); \
	} while (0)

/* @name beneath the folder; valid until eight more were asked for. */
static inline const char *in_sandbox(const char *name)
{
	static char paths[8][640];
	static size_t next;
	char *path = paths[next++ % 8];

	snprintf(path, sizeof paths[0], "%s/%s", sandbox, name);
	return path;
}

static inline void make_folder(const char *path)
{
	if (mkdir(path, 0755))
		fail_msg("mkdir %s: %s", path, strerror(errno));
}

static inline void make_text(const char *path, const char *text)
{
	FILE *file = fopen(path, "we");

	if (!file || fputs(text, file) < 0 || fclose(file))
		fail_msg("write %s: %s", path, strerror(errno));
}

static inline void make_link(const char *target, const char *path)
{
	if (symlink(target, path))
		fail_msg("symlink %s: %s", path, strerror(errno));
}

/* A new empty directory of that name, opened. */
static inline int open_new_folder(const char *name)
{
	const char *path = in_sandbox(name);

	make_folder(path);
	int fd = open(path, O_PATH | O_DIRECTORY | O_CLOEXEC);
	assert_true(fd >= 0);
	return fd;
}

/* The whole of a small file beneath @dirfd; "" when there is none. */
static inline const char *text_of(int dirfd, const char *path)
{
	static char text[4096];
	int fd = openat(dirfd, path, O_RDONLY | O_CLOEXEC);
	ssize_t got = fd < 0 ? 0 : read(fd, text, sizeof text - 1);

	if (fd >= 0)
		close(fd);
	text[got < 0 ? 0 : got] = '\0';
	return text;
}

static inline bool exists(const char *path)
{
	struct stat st;

	return lstat(path, &st) == 0;
}

static inline bool is_same_file(int fd, const char *path)
{
	struct stat ours, named;

	return fstat(fd, &ours) == 0 && lstat(path, &named) == 0 && ours.st_dev == named.st_dev &&
	       ours.st_ino == named.st_ino;
}

/* ---- errors ---- */

#define SUCCEEDS(call)                                        \
	do {                                                  \
		if (call)                                     \
			fail_msg("%s: %s", #call, (err).msg); \
	} while (0)

#define FAILS(call, code_, text_)                                                                 \
	do {                                                                                      \
		(err) = (struct error){ 0 };                                                      \
		if ((call) != -1)                                                                 \
			fail_msg("%s did not fail", #call);                                       \
		if ((err).code != (code_) || !strstr((err).msg, text_))                           \
			fail_msg("%s: %d \"%s\" and not %d \"%s\"", #call, (err).code, (err).msg, \
				 code_, text_);                                                   \
	} while (0)

/* ---- children ---- */

/* In a child cmocka's assertions would go on with the next case: these end the child, and the parent
 * fails with the words. */
static int child_output = 2;

static _Noreturn inline void child_fail(const char *file, int line, const char *words,
					const char *more)
{
	dprintf(child_output, "%s:%d: %s: %s", file, line, words, more);
	_exit(1);
}

#define EXPECT(condition)                                                            \
	do {                                                                         \
		if (!(condition))                                                    \
			child_fail(__FILE__, __LINE__, #condition, strerror(errno)); \
	} while (0)

#define EXPECT_SUCCESS(call)                                              \
	do {                                                              \
		if (call)                                                 \
			child_fail(__FILE__, __LINE__, #call, (err).msg); \
	} while (0)

#define EXPECT_ERROR(text_)                                               \
	do {                                                              \
		if (!strstr((err).msg, text_))                            \
			child_fail(__FILE__, __LINE__, text_, (err).msg); \
	} while (0)

/* Runs @run in a child of its own, which must end with status 0. */
static inline void in_child(void (*run)(void *), void *context)
{
	char words[1024];
	size_t used = 0;
	int output[2], status;

	assert_int_equal(pipe2(output, O_CLOEXEC), 0);
	pid_t pid = fork();
	assert_true(pid >= 0);
	if (pid == 0) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		child_output = output[1];
		run(context);
		_exit(0);
	}
	close(output[1]);
	for (ssize_t got; used < sizeof words - 1 &&
			  (got = read(output[0], words + used, sizeof words - 1 - used)) > 0;)
		used += (size_t)got;
	words[used] = '\0';
	close(output[0]);
	assert_int_equal(waitpid(pid, &status, 0), pid);
	if (status)
		fail_msg("the child ended with %#x: %s", (unsigned)status, words);
}

/* From here on the caller's system call @number fails with @code, as on a kernel that lacks it. With
 * @bit: only when argument @argument has one of these bits (of its lower half). */
static inline void refuse_call_with(long number, unsigned argument, uint32_t bit, int code)
{
	struct sock_filter filter[] = {
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, (uint32_t)number, 0, 3),
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS,
			 (uint32_t)(offsetof(struct seccomp_data, args) + 8ul * argument)),
		BPF_JUMP(BPF_JMP | BPF_JSET | BPF_K, bit, 0, 1),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | (uint32_t)code),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
	};
	struct sock_fprog program = { sizeof filter / sizeof *filter, filter };

	if (!bit)
		filter[1].jt = 2;
	EXPECT(prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0);
	EXPECT(prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program) == 0);
}

static inline void refuse_call(long number, int code)
{
	refuse_call_with(number, 0, 0, code);
}
