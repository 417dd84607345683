/* From a directory to the root of a mount namespace: each case in a child with mounts of its own. */
#include "runtime/rootfs.h"

#include "tests/unit/planned.h"

#include <sys/statvfs.h>

static struct error err;
static struct planned planned;

#define OWN_MOUNTS "'linux':{'namespaces':[{'type':'mount'}]}"

static int new_bundle(void **state)
{
	err = (struct error){ 0 };
	if (sandbox_setup(state))
		return -1;
	make_folder(in_sandbox("rootfs"));
	make_text(in_sandbox("rootfs/inside"), "inside");
	make_text(in_sandbox("outside"), "outside");
	return 0;
}

/* As init: a new mount namespace, with the clone made before it. */
static int open_and_attach(const char *members)
{
	make_plan(members, &planned);
	int root = rootfs_open(&planned.plan, &err);
	EXPECT_SUCCESS(root < 0);
	EXPECT(unshare(CLONE_NEWNS) == 0);
	EXPECT_SUCCESS(rootfs_attach(&planned.plan, root, &err));
	return root;
}

static bool has_text(const char *path, const char *text)
{
	return strcmp(text_of(AT_FDCWD, path), text) == 0;
}

static void check_entered(void)
{
	char here[64];

	EXPECT(has_text("/inside", "inside") && has_text("inside", "inside"));
	EXPECT(getcwd(here, sizeof here) && strcmp(here, "/") == 0);
	EXPECT(!exists(in_sandbox("outside")));
	EXPECT(!exists("/../outside") && has_text("/../inside", "inside"));
}

static void enter_by_pivot(void *context)
{
	struct stat above, root;

	(void)context;
	int fd = open_and_attach(OWN_MOUNTS);
	EXPECT_SUCCESS(rootfs_enter(&planned.plan, fd, false, &err));
	check_entered();
	EXPECT(stat("/..", &above) == 0 && stat("/", &root) == 0 && above.st_ino == root.st_ino);
	/* Nothing of the old root is left to escape to: no mount but this one. */
	if (mkdir("/proc", 0755) == 0 && mount("proc", "/proc", "proc", 0, NULL) == 0) {
		const char *mounts = text_of(AT_FDCWD, "/proc/self/mountinfo");
		int lines = 0;
		for (const char *at = mounts; (at = strchr(at, '\n')); at++)
			lines++;
		EXPECT(lines == 2);
	}
}

static void the_old_root_is_gone(void **state)
{
	(void)state;
	NEED_SANDBOX();
	in_child(enter_by_pivot, NULL);
	assert_false(exists(in_sandbox("rootfs/proc/self")));
}

static void enter_by_move(void *context)
{
	(void)context;
	int fd = open_and_attach(OWN_MOUNTS);
	EXPECT_SUCCESS(rootfs_enter(&planned.plan, fd, true, &err));
	check_entered();
}

static void without_pivot_it_is_moved(void **state)
{
	(void)state;
	NEED_SANDBOX();
	in_child(enter_by_move, NULL);
}

static void refuse_pivot(void *context)
{
	(void)context;
	int fd = open_and_attach(OWN_MOUNTS);
	refuse_call(SYS_pivot_root, EINVAL);
	EXPECT(rootfs_enter(&planned.plan, fd, false, &err) == -1 && err.code == EINVAL);
	EXPECT_ERROR("pivot_root: invalid argument; a root on an initramfs needs --no-pivot");
}

static void on_an_initramfs_the_option_is_named(void **state)
{
	(void)state;
	NEED_SANDBOX();
	in_child(refuse_pivot, NULL);
}

/* What is mounted in the container stays there, even when the host's mounts are shared. */
static void mount_inside(void *context)
{
	(void)context;
	int fd = open_and_attach(OWN_MOUNTS);
	EXPECT(mkdirat(fd, "mnt", 0755) == 0);
	EXPECT_SUCCESS(rootfs_enter(&planned.plan, fd, false, &err));
	EXPECT(mount("tmpfs", "/mnt", "tmpfs", 0, NULL) == 0);
	EXPECT(mknod("/mnt/file", S_IFREG | 0644, 0) == 0);
}

static void mounts_do_not_reach_the_host(void **state)
{
	(void)state;
	NEED_SANDBOX();
	assert_int_equal(mount(NULL, sandbox, NULL, MS_SHARED, NULL), 0);
	in_child(mount_inside, NULL);
	assert_true(exists(in_sandbox("rootfs/mnt")));
	assert_false(exists(in_sandbox("rootfs/mnt/file")));
	/* Nor did the detaching of the old root. */
	assert_true(has_text(in_sandbox("outside"), "outside"));
}

/* Propagation as mountinfo tells it of "/" once it is entered. */
struct propagation_case {
	const char *word, *expected, *unexpected;
};

static void enter_with_propagation(void *context)
{
	const struct propagation_case *test = context;
	char members[128];

	snprintf(members, sizeof members,
		 "'linux':{'namespaces':[{'type':'mount'}],'rootfsPropagation':'%s'}", test->word);
	int fd = open_and_attach(members);
	EXPECT(mkdirat(fd, "proc", 0755) == 0 || errno == EEXIST);
	EXPECT_SUCCESS(rootfs_enter(&planned.plan, fd, false, &err));
	EXPECT(mount("proc", "/proc", "proc", 0, NULL) == 0);
	char *line = (char *)(uintptr_t)text_of(AT_FDCWD, "/proc/self/mountinfo");
	*strchrnul(line, '\n') = '\0';
	if (!strstr(line, test->expected) || strstr(line, test->unexpected))
		child_fail(__FILE__, __LINE__, test->word, line);
}

static void propagation_is_as_configured(void **state)
{
	static struct propagation_case cases[] = {
		{ "private", " - ", "shared:" },
		{ "slave", "master:", "shared:" },
		{ "shared", "shared:", "master:" },
		{ "unbindable", "unbindable", "shared:" },
	};

	(void)state;
	NEED_SANDBOX();
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		/* With the sandbox shared, its clone is a peer until it is told otherwise. */
		assert_int_equal(mount(NULL, sandbox, NULL, MS_SHARED, NULL), 0);
		in_child(enter_with_propagation, &cases[i]);
	}
}

static void enter_with_mounts_below(void *context)
{
	(void)context;
	int fd = open_and_attach(OWN_MOUNTS);
	EXPECT_SUCCESS(rootfs_enter(&planned.plan, fd, false, &err));
	EXPECT(has_text("/sub/below", "below"));
}

static void mounts_below_the_rootfs_come_along(void **state)
{
	(void)state;
	NEED_SANDBOX();
	make_folder(in_sandbox("rootfs/sub"));
	assert_int_equal(mount("tmpfs", in_sandbox("rootfs/sub"), "tmpfs", 0, NULL), 0);
	make_text(in_sandbox("rootfs/sub/below"), "below");
	in_child(enter_with_mounts_below, NULL);
}

static void make_readonly(void *context)
{
	struct statvfs fs;

	(void)context;
	make_plan(OWN_MOUNTS, &planned);
	planned.config->root->readonly = true;
	int fd = rootfs_open(&planned.plan, &err);
	EXPECT_SUCCESS(fd < 0);
	EXPECT(unshare(CLONE_NEWNS) == 0);
	EXPECT_SUCCESS(rootfs_attach(&planned.plan, fd, &err));
	EXPECT_SUCCESS(rootfs_make_readonly(&planned.plan, fd, &err));
	EXPECT(fstatvfs(fd, &fs) == 0 && fs.f_flag & ST_RDONLY);
	EXPECT_SUCCESS(rootfs_enter(&planned.plan, fd, false, &err));
	EXPECT(mknod("/new", S_IFREG | 0644, 0) == -1 && errno == EROFS);
	EXPECT(truncate("/inside", 0) == -1 && errno == EROFS);
}

static void a_read_only_root_is_read_only_inside(void **state)
{
	(void)state;
	NEED_SANDBOX();
	in_child(make_readonly, NULL);
	make_text(in_sandbox("rootfs/inside"), "still writable from outside");
}

static void keep_writable(void *context)
{
	struct statvfs fs;

	(void)context;
	int fd = open_and_attach(OWN_MOUNTS);
	EXPECT_SUCCESS(rootfs_make_readonly(&planned.plan, fd, &err));
	EXPECT(fstatvfs(fd, &fs) == 0 && !(fs.f_flag & ST_RDONLY));
}

static void other_roots_stay_writable(void **state)
{
	(void)state;
	NEED_SANDBOX();
	in_child(keep_writable, NULL);
}

static void check_open_fails(int code)
{
	FAILS(rootfs_open(&planned.plan, &err), code, "rootfs '");
}

static void what_is_no_directory_is_no_root(void **state)
{
	(void)state;
	NEED_SANDBOX();
	make_plan(OWN_MOUNTS, &planned);
	remove(in_sandbox("rootfs/inside"));
	assert_int_equal(rmdir(in_sandbox("rootfs")), 0);
	check_open_fails(ENOENT);
	make_text(in_sandbox("rootfs"), "");
	check_open_fails(ENOTDIR);
	finish_plan(&planned);
}

/* ---- in the mount namespace of others ---- */

/* A clone attached in the test's own namespace; returns its number. */
static uint64_t attach_here(void)
{
	make_plan("", &planned);
	int fd = rootfs_open(&planned.plan, &err);
	if (fd < 0)
		fail_msg("%s", err.msg);
	SUCCEEDS(rootfs_attach(&planned.plan, fd, &err));
	uint64_t id = rootfs_mount_id(fd);
	close(fd);
	assert_true(id != 0);
	return id;
}

static void what_was_mounted_on_the_clone_goes_with_it(void **state)
{
	(void)state;
	NEED_SANDBOX();
	make_folder(in_sandbox("rootfs/mnt"));
	uint64_t id = attach_here();
	assert_int_equal(mount("tmpfs", in_sandbox("rootfs/mnt"), "tmpfs", 0, NULL), 0);
	make_text(in_sandbox("rootfs/mnt/file"), "");
	SUCCEEDS(rootfs_detach(NULL, planned.plan.rootfs, id, &err));
	assert_false(exists(in_sandbox("rootfs/mnt/file")));
	assert_true(has_text(in_sandbox("rootfs/inside"), "inside"));
	/* A second time there is nothing of ours, and the sandbox itself stays. */
	SUCCEEDS(rootfs_detach(NULL, planned.plan.rootfs, id, &err));
	assert_true(has_text(in_sandbox("outside"), "outside"));
	finish_plan(&planned);
}

static void mounts_of_others_are_not_detached(void **state)
{
	(void)state;
	NEED_SANDBOX();
	uint64_t id = attach_here();
	assert_int_equal(mount("tmpfs", in_sandbox("rootfs"), "tmpfs", 0, NULL), 0);
	make_text(in_sandbox("rootfs/theirs"), "theirs");
	SUCCEEDS(rootfs_detach(NULL, planned.plan.rootfs, id, &err));
	SUCCEEDS(rootfs_detach(NULL, planned.plan.rootfs, 0, &err));
	assert_true(has_text(in_sandbox("rootfs/theirs"), "theirs"));
	finish_plan(&planned);
}

struct elsewhere {
	char namespace[64];
	uint64_t id;
	bool there;
};

static void look_elsewhere(void *context)
{
	const struct elsewhere *expected = context;
	int fd = open(expected->namespace, O_RDONLY | O_CLOEXEC);

	EXPECT(fd >= 0 && setns(fd, CLONE_NEWNS) == 0);
	int found = open(planned.plan.rootfs, O_PATH | O_CLOEXEC);
	EXPECT(found >= 0 && (rootfs_mount_id(found) == expected->id) == expected->there);
}

static void a_clone_in_another_namespace_is_detached_there(void **state)
{
	struct elsewhere elsewhere = { .there = true };
	int ready[2];
	uint64_t id = 0;

	(void)state;
	NEED_SANDBOX();
	make_plan("", &planned);
	assert_int_equal(pipe2(ready, O_CLOEXEC), 0);
	pid_t pid = fork();
	if (pid == 0) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		int fd = unshare(CLONE_NEWNS) ? -1 : rootfs_open(&planned.plan, &err);
		if (fd >= 0 && rootfs_attach(&planned.plan, fd, &err) == 0)
			id = rootfs_mount_id(fd);
		if (fchdir(fd) || chroot(".") || write(ready[1], &id, sizeof id) != sizeof id)
			_exit(1);
		for (;;)
			pause();
	}
	close(ready[1]);
	assert_int_equal(read(ready[0], &id, sizeof id), sizeof id);
	close(ready[0]);
	assert_true(id != 0 && rootfs_mount_id_of(pid) == id);
	snprintf(elsewhere.namespace, sizeof elsewhere.namespace, "/proc/%d/ns/mnt", (int)pid);
	elsewhere.id = id;
	in_child(look_elsewhere, &elsewhere);
	SUCCEEDS(rootfs_detach(elsewhere.namespace, planned.plan.rootfs, id, &err));
	elsewhere.there = false;
	in_child(look_elsewhere, &elsewhere);
	kill(pid, SIGKILL);
	assert_int_equal(waitpid(pid, NULL, 0), pid);
	/* A namespace that has gone has taken its mounts along. */
	SUCCEEDS(rootfs_detach(elsewhere.namespace, planned.plan.rootfs, id, &err));
	finish_plan(&planned);
}

#define CASE(name) cmocka_unit_test_setup_teardown(name, new_bundle, sandbox_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		CASE(the_old_root_is_gone),
		CASE(without_pivot_it_is_moved),
		CASE(on_an_initramfs_the_option_is_named),
		CASE(mounts_do_not_reach_the_host),
		CASE(propagation_is_as_configured),
		CASE(mounts_below_the_rootfs_come_along),
		CASE(a_read_only_root_is_read_only_inside),
		CASE(other_roots_stay_writable),
		CASE(what_is_no_directory_is_no_root),
		CASE(what_was_mounted_on_the_clone_goes_with_it),
		CASE(mounts_of_others_are_not_detached),
		CASE(a_clone_in_another_namespace_is_detached_there),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
