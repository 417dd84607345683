/* Masked and read-only paths of a rootfs that may point anywhere. */
#include "runtime/hidden_paths.h"

#include "tests/unit/planned.h"

#include <sys/statvfs.h>
#include <sys/sysmacros.h>

static struct error err;
static int root = -1;

static int new_rootfs(void **state)
{
	err = (struct error){ 0 };
	if (sandbox_setup(state))
		return -1;
	make_folder(in_sandbox("rootfs"));
	make_folder(in_sandbox("rootfs/dir"));
	make_text(in_sandbox("rootfs/dir/secret"), "secret");
	make_text(in_sandbox("rootfs/file"), "secret");
	make_text(in_sandbox("canary"), "alive");
	if (!sandbox_lacks &&
	    mount(in_sandbox("rootfs"), in_sandbox("rootfs"), NULL, MS_BIND, NULL))
		return -1;
	root = open(in_sandbox("rootfs"), O_PATH | O_DIRECTORY | O_CLOEXEC);
	return root < 0;
}

static int close_rootfs(void **state)
{
	struct stat st;

	close(root);
	if (lstat(in_sandbox("canary"), &st) || !S_ISREG(st.st_mode) ||
	    strcmp(text_of(AT_FDCWD, in_sandbox("canary")), "alive") != 0)
		return -1;
	return sandbox_teardown(state);
}

typedef int (*act)(const struct plan *, int, struct error *);

static int apply(act hide, const char *field, const char *paths)
{
	struct planned planned;
	char members[1024];

	err = (struct error){ 0 };
	snprintf(members, sizeof members, "'linux':{'namespaces':[{'type':'mount'}],'%s':[%s]}",
		 field, paths);
	make_plan(members, &planned);
	int failed = hide(&planned.plan, root, &err);
	finish_plan(&planned);
	return failed;
}

static int mask(const char *paths)
{
	return apply(paths_mask, "maskedPaths", paths);
}

static int protect(const char *paths)
{
	return apply(paths_make_readonly, "readonlyPaths", paths);
}

static bool is_null(const char *path)
{
	struct stat st;

	return fstatat(root, path, &st, 0) == 0 && S_ISCHR(st.st_mode) &&
	       st.st_rdev == makedev(1, 3);
}

static bool is_readonly(const char *path)
{
	struct statvfs fs;
	int fd = openat(root, path, O_PATH | O_CLOEXEC);

	assert_int_equal(fstatvfs(fd, &fs), 0);
	close(fd);
	return fs.f_flag & ST_RDONLY;
}

static void a_masked_file_is_empty(void **state)
{
	(void)state;
	NEED_SANDBOX();
	SUCCEEDS(mask("'/file','/dir/secret'"));
	assert_true(is_null("file"));
	assert_true(is_null("dir/secret"));
	assert_string_equal(text_of(root, "file"), "");
}

static void a_masked_directory_is_empty_and_read_only(void **state)
{
	(void)state;
	NEED_SANDBOX();
	make_folder(in_sandbox("rootfs/other"));
	make_text(in_sandbox("rootfs/other/secret"), "secret");
	SUCCEEDS(mask("'/dir','/other'"));
	assert_int_equal(faccessat(root, "dir/secret", F_OK, 0), -1);
	assert_int_equal(faccessat(root, "other/secret", F_OK, 0), -1);
	assert_int_equal(mkdirat(root, "dir/new", 0755), -1);
	assert_int_equal(errno, EROFS);
	assert_int_equal(mkdirat(root, "other/new", 0755), -1);
	assert_int_equal(errno, EROFS);
}

static void what_is_not_there_needs_no_mask(void **state)
{
	(void)state;
	NEED_SANDBOX();
	SUCCEEDS(mask("'/none','/none/below','/file/below'"));
	SUCCEEDS(protect("'/none','/none/below','/file/below'"));
	assert_int_equal(faccessat(root, "none", F_OK, 0), -1);
	assert_string_equal(text_of(root, "file"), "secret");
}

/* A mask must cover what the link leads to inside, and nothing outside. */
static void links_are_resolved_inside(void **state)
{
	(void)state;
	NEED_SANDBOX();
	make_link("../canary", in_sandbox("rootfs/out"));
	make_link("/file", in_sandbox("rootfs/in"));
	make_link("loop", in_sandbox("rootfs/loop"));
	SUCCEEDS(mask("'/out','/in'"));
	assert_true(is_null("file"));
	SUCCEEDS(protect("'/out'"));
	FAILS(mask("'/dir','/loop'"), ELOOP, "linux.maskedPaths[1]: /loop: open: ");
	FAILS(protect("'/loop'"), ELOOP, "linux.readonlyPaths[0]: /loop: open: ");
}

static void a_fifo_is_masked_without_waiting(void **state)
{
	(void)state;
	NEED_SANDBOX();
	assert_int_equal(mkfifo(in_sandbox("rootfs/fifo"), 0666), 0);
	SUCCEEDS(mask("'/fifo'"));
	assert_true(is_null("fifo"));
}

/* CVE-2025-31133: the mask comes from the host's node; what the image has for one does not matter. */
static void the_images_null_is_not_used(void **state)
{
	(void)state;
	NEED_SANDBOX();
	make_folder(in_sandbox("rootfs/dev"));
	make_link("/dir/secret", in_sandbox("rootfs/dev/null"));
	SUCCEEDS(mask("'/file'"));
	assert_true(is_null("file"));
	assert_false(is_null("dir/secret"));
}

static void mask_without_null(void *context)
{
	struct planned planned;

	(void)context;
	EXPECT(unshare(CLONE_NEWNS) == 0);
	EXPECT(mount(in_sandbox("canary"), "/dev/null", NULL, MS_BIND, NULL) == 0);
	make_plan("'linux':{'namespaces':[{'type':'mount'}],'maskedPaths':['/file']}", &planned);
	EXPECT(paths_mask(&planned.plan, root, &err) == -1 && err.code == ENODEV);
	EXPECT_ERROR("linux.maskedPaths[0]: /file: host device '/dev/null': is not c 1:3");
}

static void what_is_not_the_null_device_masks_nothing(void **state)
{
	(void)state;
	NEED_SANDBOX();
	in_child(mask_without_null, NULL);
	assert_string_equal(text_of(root, "file"), "secret");
}

static void a_read_only_path_can_be_read(void **state)
{
	(void)state;
	NEED_SANDBOX();
	SUCCEEDS(protect("'/dir','/file'"));
	assert_true(is_readonly("dir") && is_readonly("file"));
	assert_false(is_readonly("."));
	assert_string_equal(text_of(root, "dir/secret"), "secret");
	assert_int_equal(openat(root, "dir/new", O_CREAT | O_WRONLY | O_CLOEXEC, 0644), -1);
	assert_int_equal(errno, EROFS);
	assert_int_equal(openat(root, "file", O_WRONLY | O_CLOEXEC), -1);
	assert_int_equal(errno, EROFS);
}

static void flags_of_the_mount_stay(void **state)
{
	struct statvfs fs;

	(void)state;
	NEED_SANDBOX();
	make_folder(in_sandbox("rootfs/mnt"));
	assert_int_equal(mount("tmpfs", in_sandbox("rootfs/mnt"), "tmpfs",
			       MS_NOEXEC | MS_NOSUID | MS_NODEV, NULL),
			 0);
	SUCCEEDS(protect("'/mnt'"));
	int fd = openat(root, "mnt", O_PATH | O_CLOEXEC);
	assert_int_equal(fstatvfs(fd, &fs), 0);
	close(fd);
	assert_true(fs.f_flag & ST_RDONLY && fs.f_flag & ST_NOEXEC && fs.f_flag & ST_NOSUID &&
		    fs.f_flag & ST_NODEV);
}

static void mounts_below_a_read_only_path_stay_in_sight(void **state)
{
	(void)state;
	NEED_SANDBOX();
	make_folder(in_sandbox("rootfs/dir/mnt"));
	assert_int_equal(mount("tmpfs", in_sandbox("rootfs/dir/mnt"), "tmpfs", 0, NULL), 0);
	make_text(in_sandbox("rootfs/dir/mnt/below"), "below");
	SUCCEEDS(protect("'/dir'"));
	assert_string_equal(text_of(root, "dir/mnt/below"), "below");
}

static void masks_and_protection_go_together(void **state)
{
	(void)state;
	NEED_SANDBOX();
	SUCCEEDS(mask("'/dir/secret'"));
	SUCCEEDS(protect("'/dir'"));
	assert_true(is_null("dir/secret"));
	assert_true(is_readonly("dir"));
}

static void nothing_configured_is_nothing_done(void **state)
{
	struct planned planned;

	(void)state;
	make_plan("", &planned);
	SUCCEEDS(paths_mask(&planned.plan, -1, &err));
	SUCCEEDS(paths_make_readonly(&planned.plan, -1, &err));
	finish_plan(&planned);
}

#define CASE(name) cmocka_unit_test_setup_teardown(name, new_rootfs, close_rootfs)

int main(void)
{
	const struct CMUnitTest tests[] = {
		CASE(a_masked_file_is_empty),
		CASE(a_masked_directory_is_empty_and_read_only),
		CASE(what_is_not_there_needs_no_mask),
		CASE(links_are_resolved_inside),
		CASE(a_fifo_is_masked_without_waiting),
		CASE(the_images_null_is_not_used),
		CASE(what_is_not_the_null_device_masks_nothing),
		CASE(a_read_only_path_can_be_read),
		CASE(flags_of_the_mount_stay),
		CASE(mounts_below_a_read_only_path_stay_in_sight),
		CASE(masks_and_protection_go_together),
		CASE(nothing_configured_is_nothing_done),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
