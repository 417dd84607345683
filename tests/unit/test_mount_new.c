/* Mounts by descriptor in a mount namespace of the test's own, and the same on a kernel that lacks
 * mount_setattr(2). */
#include "runtime/mount_new.h"

#include "tests/unit/sandbox.h"

#include <sys/statvfs.h>

static struct error err;

/* A new tmpfs attached at @name of the sandbox; its descriptor. */
static int attached_tmpfs(const char *name)
{
	int target = open_new_folder(name);
	int fd = mount_new("tmpfs", "tmpfs", NULL, 0, 0, &err);

	if (fd < 0)
		fail_msg("%s", err.msg);
	SUCCEEDS(mount_attach(fd, target, &err));
	close(target);
	return fd;
}

static unsigned long flags_of(int fd)
{
	struct statvfs fs;

	return fstatvfs(fd, &fs) ? ~0ul : fs.f_flag;
}

/* The line of /proc/self/mountinfo for the mount point @name of the sandbox. */
static const char *mountinfo(const char *name)
{
	static char line[2048];
	const char *path = in_sandbox(name);
	char point[600];
	FILE *file = fopen("/proc/self/mountinfo", "re");

	while (file && fgets(line, sizeof line, file))
		if (sscanf(line, "%*s %*s %*s %*s %599s", point) == 1 && strcmp(point, path) == 0) {
			fclose(file);
			return line;
		}
	if (file)
		fclose(file);
	return "";
}

static void a_new_mount_is_nowhere_until_it_is_attached(void **state)
{
	struct string_list data = { .v = (char *[]){ "size=64k", "mode=750", NULL }, .n = 2 };
	struct statvfs fs;
	struct stat st;

	(void)state;
	NEED_SANDBOX();
	int target = open_new_folder("attach");
	int fd = mount_new("tmpfs", "a-name", &data, 0, 0, &err);
	if (fd < 0)
		fail_msg("%s", err.msg);
	assert_int_equal(fcntl(fd, F_GETFD), FD_CLOEXEC);
	assert_string_equal(mountinfo("attach"), "");
	SUCCEEDS(mount_attach(fd, target, &err));
	assert_non_null(strstr(mountinfo("attach"), " - tmpfs a-name "));
	assert_int_equal(fstatvfs(fd, &fs), 0);
	assert_int_equal(fs.f_blocks * fs.f_frsize, 65536);
	assert_int_equal(fstat(fd, &st), 0);
	assert_int_equal(st.st_mode & 07777, 0750);
	close(fd);
	close(target);
}

static void attributes_and_flags_are_there_from_the_beginning(void **state)
{
	(void)state;
	NEED_SANDBOX();
	int target = open_new_folder("flags");
	int fd = mount_new("tmpfs", NULL, NULL, MS_SYNCHRONOUS | MS_DIRSYNC | MS_RDONLY,
			   MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV | MOUNT_ATTR_NOATIME, &err);
	if (fd < 0)
		fail_msg("%s", err.msg);
	SUCCEEDS(mount_attach(fd, target, &err));
	const char *line = mountinfo("flags");
	assert_non_null(strstr(line, " rw,nosuid,nodev,noatime "));
	assert_non_null(strstr(strstr(line, " - "), " ro,sync,dirsync"));
	close(fd);
	close(target);
}

static void errors_say_what_the_kernel_said(void **state)
{
	struct string_list bad = { .v = (char *[]){ "no-such-option=1", NULL }, .n = 1 };
	struct string_list flag = { .v = (char *[]){ "nonsense", NULL }, .n = 1 };
	struct string_list size = { .v = (char *[]){ "size=much", NULL }, .n = 1 };

	(void)state;
	NEED_SANDBOX();
	FAILS(mount_new("nonsensefs", NULL, NULL, 0, 0, &err), ENODEV,
	      "mount nonsensefs: no such device; this kernel has no such file system");
	FAILS(mount_new("tmpfs", NULL, &bad, 0, 0, &err), EINVAL,
	      "mount tmpfs: no-such-option=1: invalid argument; tmpfs: Unknown parameter "
	      "'no-such-option'");
	FAILS(mount_new("tmpfs", NULL, &flag, 0, 0, &err), EINVAL, "mount tmpfs: nonsense: ");
	FAILS(mount_new("tmpfs", NULL, &size, 0, 0, &err), EINVAL, "size=much: ");
	FAILS(mount_new("overlay", "overlay", NULL, 0, 0, &err), EINVAL, "mount overlay: ");
}

static void attaching_takes_a_mount_and_a_place(void **state)
{
	(void)state;
	NEED_SANDBOX();
	int folder = open_new_folder("place");
	int fd = mount_new("tmpfs", NULL, NULL, 0, 0, &err);
	make_text(in_sandbox("file"), "");
	int file = open(in_sandbox("file"), O_PATH | O_CLOEXEC);
	/* EINVAL or ENOTDIR. */
	assert_int_equal(mount_attach(fd, file, &err), -1);
	assert_non_null(strstr(err.msg, "move_mount: "));
	FAILS(mount_attach(folder, folder, &err), EINVAL, "move_mount: ");
	FAILS(mount_attach(-1, folder, &err), EBADF, "move_mount: ");
	SUCCEEDS(mount_attach(fd, folder, &err));
	close(fd);
	close(file);
	close(folder);
}

static void check_attributes(int fd)
{
	const uint64_t set = MOUNT_ATTR_RDONLY | MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV |
			     MOUNT_ATTR_NOEXEC | MOUNT_ATTR_NODIRATIME;

	EXPECT_SUCCESS(mount_set_attributes(fd, set, 0, false, &err));
	unsigned long flags = flags_of(fd);
	EXPECT(flags & ST_RDONLY && flags & ST_NOSUID && flags & ST_NODEV && flags & ST_NOEXEC &&
	       flags & ST_NODIRATIME);
	/* What is not named stays. */
	EXPECT_SUCCESS(
		mount_set_attributes(fd, 0, MOUNT_ATTR_RDONLY | MOUNT_ATTR_NOEXEC, false, &err));
	flags = flags_of(fd);
	EXPECT(!(flags & ST_RDONLY) && flags & ST_NOSUID && flags & ST_NODEV &&
	       !(flags & ST_NOEXEC) && flags & ST_NODIRATIME);
	EXPECT_SUCCESS(mount_set_attributes(fd, MOUNT_ATTR_RDONLY, MOUNT_ATTR_NODEV, false, &err));
	flags = flags_of(fd);
	EXPECT(flags & ST_RDONLY && !(flags & ST_NODEV) && flags & ST_NOSUID);
	EXPECT_SUCCESS(mount_set_attributes(fd, 0, MOUNT_ATTR_RDONLY, false, &err));
}

static void check_times(int fd)
{
	EXPECT_SUCCESS(
		mount_set_attributes(fd, MOUNT_ATTR_NOATIME, MOUNT_ATTR__ATIME, false, &err));
	EXPECT(flags_of(fd) & ST_NOATIME && !(flags_of(fd) & ST_RELATIME));
	/* Other attributes leave the times as they are. */
	EXPECT_SUCCESS(mount_set_attributes(fd, MOUNT_ATTR_NOEXEC, 0, false, &err));
	EXPECT(flags_of(fd) & ST_NOATIME);
	EXPECT_SUCCESS(
		mount_set_attributes(fd, MOUNT_ATTR_STRICTATIME, MOUNT_ATTR__ATIME, false, &err));
	EXPECT(!(flags_of(fd) & (ST_NOATIME | ST_RELATIME)));
	EXPECT_SUCCESS(
		mount_set_attributes(fd, MOUNT_ATTR_RELATIME, MOUNT_ATTR__ATIME, false, &err));
	EXPECT(!(flags_of(fd) & ST_NOATIME) && flags_of(fd) & ST_RELATIME);
}

static void set_all_attributes(void *context)
{
	check_attributes(*(int *)context);
	check_times(*(int *)context);
}

static void attributes_are_set_and_cleared(void **state)
{
	(void)state;
	NEED_SANDBOX();
	int fd = attached_tmpfs("attributes");
	in_child(set_all_attributes, &fd);
	close(fd);
}

static void set_all_attributes_on_an_old_kernel(void *context)
{
	refuse_call(SYS_mount_setattr, ENOSYS);
	set_all_attributes(context);
}

static void attributes_are_set_without_mount_setattr(void **state)
{
	(void)state;
	NEED_SANDBOX();
	int fd = attached_tmpfs("old-attributes");
	in_child(set_all_attributes_on_an_old_kernel, &fd);
	close(fd);
}

static void keep_strictatime_on_an_old_kernel(void *context)
{
	int fd = *(int *)context;

	refuse_call(SYS_mount_setattr, ENOSYS);
	EXPECT_SUCCESS(mount_set_attributes(fd, MOUNT_ATTR_NOEXEC, 0, false, &err));
	EXPECT(flags_of(fd) & ST_NOEXEC);
	EXPECT(!(flags_of(fd) & (ST_NOATIME | ST_RELATIME)));
}

/* statvfs(3) has no word for strictatime, and a remount without any means relatime. */
static void a_remount_keeps_strictatime(void **state)
{
	(void)state;
	NEED_SANDBOX();
	int fd = attached_tmpfs("strict");
	SUCCEEDS(mount_set_attributes(fd, MOUNT_ATTR_STRICTATIME, MOUNT_ATTR__ATIME, false, &err));
	in_child(keep_strictatime_on_an_old_kernel, &fd);
	close(fd);
}

static void nothing_to_set_is_no_call(void **state)
{
	(void)state;
	SUCCEEDS(mount_set_attributes(-1, 0, 0, false, &err));
	SUCCEEDS(mount_set_attributes(-1, 0, 0, true, &err));
}

static void what_is_no_descriptor_is_an_error(void **state)
{
	(void)state;
	NEED_SANDBOX();
	FAILS(mount_set_attributes(-1, MOUNT_ATTR_NODEV, 0, false, &err), EBADF, "mount_setattr: ");
}

/* @fd with a second mount in it; returns the second. */
static int nested_tmpfs(const char *name, int *fd)
{
	char inner[128];

	*fd = attached_tmpfs(name);
	snprintf(inner, sizeof inner, "%s/inner", name);
	return attached_tmpfs(inner);
}

static void the_recursive_form_reaches_mounts_below(void **state)
{
	int outer;

	(void)state;
	NEED_SANDBOX();
	int inner = nested_tmpfs("recursive", &outer);
	SUCCEEDS(mount_set_attributes(outer, MOUNT_ATTR_NOEXEC, 0, false, &err));
	assert_false(flags_of(inner) & ST_NOEXEC);
	SUCCEEDS(mount_set_attributes(outer, MOUNT_ATTR_RDONLY, 0, true, &err));
	assert_true(flags_of(outer) & ST_RDONLY);
	assert_true(flags_of(inner) & ST_RDONLY);
	close(inner);
	close(outer);
}

static void fail_recursively_on_an_old_kernel(void *context)
{
	int fd = *(int *)context;

	refuse_call(SYS_mount_setattr, ENOSYS);
	EXPECT(mount_set_attributes(fd, MOUNT_ATTR_RDONLY, 0, true, &err) == -1);
	EXPECT_ERROR("recursive mount options need Linux 5.12");
	EXPECT(!(flags_of(fd) & ST_RDONLY));
}

/* Half of it would be worse than nothing. */
static void the_recursive_form_needs_mount_setattr(void **state)
{
	(void)state;
	NEED_SANDBOX();
	int fd = attached_tmpfs("old-recursive");
	in_child(fail_recursively_on_an_old_kernel, &fd);
	close(fd);
}

static void refuse_without_fallback(void *context)
{
	refuse_call(SYS_mount_setattr, EPERM);
	EXPECT(mount_set_attributes(*(int *)context, MOUNT_ATTR_RDONLY, 0, false, &err) == -1);
	EXPECT_ERROR("mount_setattr: operation not permitted");
	EXPECT(mount_set_propagation(*(int *)context, MS_SHARED, &err) == -1);
	EXPECT_ERROR("mount_setattr of the propagation: operation not permitted");
}

static void another_refusal_is_an_error(void **state)
{
	(void)state;
	NEED_SANDBOX();
	int fd = attached_tmpfs("refused");
	in_child(refuse_without_fallback, &fd);
	close(fd);
}

struct nested {
	int outer, inner;
	const char *outer_name, *inner_name;
};

static void check_propagation(void *context)
{
	const struct nested *nested = context;

	EXPECT_SUCCESS(mount_set_propagation(nested->outer, MS_SHARED, &err));
	EXPECT(strstr(mountinfo(nested->outer_name), " shared:"));
	EXPECT(!strstr(mountinfo(nested->inner_name), " shared:"));
	EXPECT_SUCCESS(mount_set_propagation(nested->outer, MS_SHARED | MS_REC, &err));
	EXPECT(strstr(mountinfo(nested->inner_name), " shared:"));
	EXPECT_SUCCESS(mount_set_propagation(nested->outer, MS_PRIVATE | MS_REC, &err));
	EXPECT(!strstr(mountinfo(nested->outer_name), "shared:"));
	EXPECT(!strstr(mountinfo(nested->inner_name), "shared:"));
	EXPECT_SUCCESS(mount_set_propagation(nested->inner, MS_UNBINDABLE, &err));
	EXPECT(strstr(mountinfo(nested->inner_name), " unbindable "));
}

static void check_propagation_on_an_old_kernel(void *context)
{
	refuse_call(SYS_mount_setattr, ENOSYS);
	check_propagation(context);
}

static void propagation_is_set(void **state)
{
	struct nested nested = { .outer_name = "propagation", .inner_name = "propagation/inner" };

	(void)state;
	NEED_SANDBOX();
	nested.inner = nested_tmpfs("propagation", &nested.outer);
	in_child(check_propagation, &nested);
	SUCCEEDS(mount_set_propagation(nested.outer, MS_PRIVATE | MS_REC, &err));
	in_child(check_propagation_on_an_old_kernel, &nested);
	close(nested.inner);
	close(nested.outer);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_new_mount_is_nowhere_until_it_is_attached),
		cmocka_unit_test(attributes_and_flags_are_there_from_the_beginning),
		cmocka_unit_test(errors_say_what_the_kernel_said),
		cmocka_unit_test(attaching_takes_a_mount_and_a_place),
		cmocka_unit_test(attributes_are_set_and_cleared),
		cmocka_unit_test(attributes_are_set_without_mount_setattr),
		cmocka_unit_test(a_remount_keeps_strictatime),
		cmocka_unit_test(nothing_to_set_is_no_call),
		cmocka_unit_test(what_is_no_descriptor_is_an_error),
		cmocka_unit_test(the_recursive_form_reaches_mounts_below),
		cmocka_unit_test(the_recursive_form_needs_mount_setattr),
		cmocka_unit_test(another_refusal_is_an_error),
		cmocka_unit_test(propagation_is_set),
	};

	return cmocka_run_group_tests(tests, sandbox_setup, sandbox_teardown);
}
