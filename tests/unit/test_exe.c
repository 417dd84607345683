/* The test executes itself again: the protected program is this one, with arguments that make it look
 * at itself instead of running the cases. */
#include "runtime/exe.h"

#include "tests/unit/sandbox.h"

#include <sys/mman.h>
#include <sys/statvfs.h>

static struct error err;

enum kind { UNPROTECTED, READ_ONLY, SEALED };

static enum kind kind_of_self(void)
{
	struct statvfs fs;
	int fd = open("/proc/self/exe", O_RDONLY | O_CLOEXEC);
	int seals = fcntl(fd, F_GET_SEALS);

	EXPECT(fd >= 0 && fstatvfs(fd, &fs) == 0);
	close(fd);
	if (seals >= 0 && seals & F_SEAL_WRITE)
		return SEALED;
	return fs.f_flag & ST_RDONLY ? READ_ONLY : UNPROTECTED;
}

/* What a container would try: to write through /proc/PID/exe. */
static bool can_be_written(void)
{
	int fd = open("/proc/self/exe", O_RDWR | O_CLOEXEC);
	struct stat st;

	if (fd < 0)
		return false;
	bool written = fstat(fd, &st) == 0 && pwrite(fd, "\177", 1, 0) == 1;
	written = written || ftruncate(fd, st.st_size) == 0;
	close(fd);
	return written;
}

/* The second execution: "look KIND OUTPUT ARGUMENT". */
static int look(char **argv)
{
	child_output = (int)strtol(argv[3], NULL, 10);
	EXPECT(strcmp(argv[4], "an argument  with blanks") == 0 && !argv[5]);
	EXPECT(kind_of_self() == (enum kind)strtol(argv[2], NULL, 10));
	EXPECT(!can_be_written());
	const char *variable = getenv("ORUN_TEST_VARIABLE");
	EXPECT(variable && strcmp(variable, "kept") == 0);
	char name[32] = "";
	EXPECT(prctl(PR_GET_NAME, name) == 0);
	/* Called once more, there is nothing left to do. */
	EXPECT_SUCCESS(exe_protect(argv, &err));
	EXPECT(prctl(PR_GET_NAME, name) == 0 && strcmp(name, "orun") == 0);
	return 0;
}

static void protect_as(enum kind expected)
{
	char kind[8], output[16];
	char *argv[] = { "test_exe", "look", kind, output, "an argument  with blanks", NULL };

	snprintf(kind, sizeof kind, "%d", (int)expected);
	snprintf(output, sizeof output, "%d", child_output);
	EXPECT(setenv("ORUN_TEST_VARIABLE", "kept", 1) == 0);
	EXPECT(kind_of_self() == UNPROTECTED);
	/* Inherited by the second execution. */
	EXPECT(fcntl(child_output, F_SETFD, 0) == 0);
	exe_protect(argv, &err);
	child_fail(__FILE__, __LINE__, "exe_protect", err.msg);
}

static void protect(void *context)
{
	(void)context;
	protect_as(READ_ONLY);
}

static void protect_without_clones(void *context)
{
	refuse_call(SYS_open_tree, *(int *)context);
	protect_as(SEALED);
}

static void protect_without_attributes(void *context)
{
	(void)context;
	refuse_call(SYS_mount_setattr, ENOSYS);
	protect_as(SEALED);
}

/* Mounts of other namespaces cannot be cloned. */
static void protect_elsewhere(void *context)
{
	(void)context;
	EXPECT(unshare(CLONE_NEWNS) == 0);
	protect_as(SEALED);
}

static void protect_as_somebody(void *context)
{
	(void)context;
	EXPECT(setresgid(2222, 2222, 2222) == 0 && setresuid(1111, 1111, 1111) == 0);
	/* /proc/self of a process that changed its ids is root's. */
	EXPECT(prctl(PR_SET_DUMPABLE, 1) == 0);
	protect_as(SEALED);
}

static void protect_without_anything(void *context)
{
	char *argv[] = { "test_exe", "look", NULL };

	(void)context;
	refuse_call(SYS_open_tree, EPERM);
	refuse_call(SYS_memfd_create, ENOSYS);
	EXPECT(exe_protect(argv, &err) == -1 && err.code == ENOSYS);
	EXPECT_ERROR("protect the runtime's executable: memfd_create: ");
}

static void refuse_execution(void *context)
{
	char *argv[] = { "test_exe", "look", NULL };

	(void)context;
	refuse_call(SYS_execveat, EACCES);
	EXPECT(exe_protect(argv, &err) == -1 && err.code == EACCES);
	EXPECT_ERROR("execute the protected executable: permission denied");
}

#define NEED_UNPROTECTED()                                    \
	do {                                                  \
		if (kind_of_self() != UNPROTECTED)            \
			SKIP("the test itself is read-only"); \
	} while (0)

static void root_runs_from_a_read_only_clone(void **state)
{
	(void)state;
	NEED_UNPROTECTED();
	int fd = sys_open_tree(AT_FDCWD, "/", OPEN_TREE_CLONE | OPEN_TREE_CLOEXEC);
	if (fd < 0)
		SKIP("mounts may not be cloned here: %s", strerror(errno));
	close(fd);
	in_child(protect, NULL);
}

static void without_open_tree_it_runs_from_a_sealed_copy(void **state)
{
	int codes[] = { EPERM, ENOSYS };

	(void)state;
	NEED_UNPROTECTED();
	in_child(protect_without_clones, &codes[0]);
	in_child(protect_without_clones, &codes[1]);
}

static void without_mount_setattr_it_runs_from_a_sealed_copy(void **state)
{
	(void)state;
	NEED_UNPROTECTED();
	in_child(protect_without_attributes, NULL);
}

static void anybody_runs_from_a_sealed_copy(void **state)
{
	(void)state;
	NEED_UNPROTECTED();
	if (geteuid() != 0)
		SKIP("not root");
	in_child(protect_as_somebody, NULL);
}

static void a_program_of_another_mount_namespace_runs_from_a_sealed_copy(void **state)
{
	(void)state;
	NEED_UNPROTECTED();
	if (geteuid() != 0)
		SKIP("not root");
	in_child(protect_elsewhere, NULL);
}

static void without_protection_nothing_runs(void **state)
{
	(void)state;
	NEED_UNPROTECTED();
	in_child(protect_without_anything, NULL);
	in_child(refuse_execution, NULL);
}

int main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(root_runs_from_a_read_only_clone),
		cmocka_unit_test(without_open_tree_it_runs_from_a_sealed_copy),
		cmocka_unit_test(without_mount_setattr_it_runs_from_a_sealed_copy),
		cmocka_unit_test(anybody_runs_from_a_sealed_copy),
		cmocka_unit_test(a_program_of_another_mount_namespace_runs_from_a_sealed_copy),
		cmocka_unit_test(without_protection_nothing_runs),
	};

	if (argc > 4 && strcmp(argv[1], "look") == 0)
		return look(argv);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
