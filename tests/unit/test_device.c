/* Device nodes in a rootfs, where the image may have put anything before. */
#include "runtime/device.h"

#include "tests/unit/planned.h"

#include <sys/sysmacros.h>

static struct error err;
static struct planned planned;
static int root = -1;

static int new_rootfs(void **state)
{
	err = (struct error){ 0 };
	if (sandbox_setup(state))
		return -1;
	umask(0);
	make_folder(in_sandbox("rootfs"));
	make_text(in_sandbox("canary"), "alive");
	root = open(in_sandbox("rootfs"), O_PATH | O_DIRECTORY | O_CLOEXEC);
	return root < 0;
}

static int close_rootfs(void **state)
{
	close(root);
	if (strcmp(text_of(AT_FDCWD, in_sandbox("canary")), "alive") != 0)
		return -1;
	return sandbox_teardown(state);
}

static int make(const char *devices)
{
	char members[1024];

	err = (struct error){ 0 };
	snprintf(members, sizeof members, "'linux':{'devices':[%s]}", devices);
	make_plan(members, &planned);
	int failed = devices_make(&planned.plan, root, &err);
	finish_plan(&planned);
	return failed;
}

static void check_node(const char *name, mode_t mode, unsigned major_number, unsigned minor_number)
{
	struct stat st;

	if (fstatat(root, name, &st, AT_SYMLINK_NOFOLLOW))
		fail_msg("%s: %s", name, strerror(errno));
	if (st.st_mode != mode || st.st_rdev != makedev(major_number, minor_number))
		fail_msg("%s: mode %o, %u:%u", name, st.st_mode, major(st.st_rdev),
			 minor(st.st_rdev));
}

static void check_link(const char *name, const char *target)
{
	char text[128] = "";

	assert_true(readlinkat(root, name, text, sizeof text - 1) > 0);
	assert_string_equal(text, target);
}

static void the_default_devices_are_made(void **state)
{
	(void)state;
	NEED_SANDBOX();
	SUCCEEDS(make(""));
	check_node("dev/null", S_IFCHR | 0666, 1, 3);
	check_node("dev/zero", S_IFCHR | 0666, 1, 5);
	check_node("dev/full", S_IFCHR | 0666, 1, 7);
	check_node("dev/random", S_IFCHR | 0666, 1, 8);
	check_node("dev/urandom", S_IFCHR | 0666, 1, 9);
	check_node("dev/tty", S_IFCHR | 0666, 5, 0);
}

static void the_default_links_are_made(void **state)
{
	(void)state;
	NEED_SANDBOX();
	SUCCEEDS(make(""));
	check_link("dev/fd", "/proc/self/fd");
	check_link("dev/stdin", "/proc/self/fd/0");
	check_link("dev/stdout", "/proc/self/fd/1");
	check_link("dev/stderr", "/proc/self/fd/2");
	check_link("dev/ptmx", "pts/ptmx");
	assert_int_equal(faccessat(root, "dev/core", F_OK, AT_SYMLINK_NOFOLLOW), -1);
}

static void core_is_linked_where_there_is_a_kcore(void **state)
{
	(void)state;
	NEED_SANDBOX();
	make_folder(in_sandbox("rootfs/proc"));
	make_text(in_sandbox("rootfs/proc/kcore"), "");
	SUCCEEDS(make(""));
	check_link("dev/core", "/proc/kcore");
}

static void a_second_time_changes_nothing(void **state)
{
	(void)state;
	NEED_SANDBOX();
	SUCCEEDS(make("{'path':'/dev/fuse','type':'c','major':10,'minor':229}"));
	SUCCEEDS(make("{'path':'/dev/fuse','type':'c','major':10,'minor':229}"));
	check_node("dev/fuse", S_IFCHR | 0666, 10, 229);
}

static void an_image_cannot_pass_something_else_off_as_a_device(void **state)
{
	(void)state;
	NEED_SANDBOX();
	make_folder(in_sandbox("rootfs/dev"));
	make_text(in_sandbox("rootfs/dev/null"), "a file");
	FAILS(make(""), EEXIST,
	      "device /dev/null: a file that is not this device is there already");
	remove(in_sandbox("rootfs/dev/null"));
	make_link("../../canary", in_sandbox("rootfs/dev/null"));
	FAILS(make(""), EEXIST, "device /dev/null: ");
	remove(in_sandbox("rootfs/dev/null"));
	assert_int_equal(mknod(in_sandbox("rootfs/dev/null"), S_IFCHR | 0666, makedev(1, 1)), 0);
	FAILS(make(""), EEXIST, "device /dev/null: ");
	remove(in_sandbox("rootfs/dev/null"));
	assert_int_equal(mknod(in_sandbox("rootfs/dev/null"), S_IFBLK | 0666, makedev(1, 3)), 0);
	FAILS(make(""), EEXIST, "device /dev/null: ");
	remove(in_sandbox("rootfs/dev/null"));
	assert_int_equal(mknod(in_sandbox("rootfs/dev/null"), S_IFCHR | 0600, makedev(1, 3)), 0);
	SUCCEEDS(make(""));
}

/* CVE-2026-41579: /dev as a link to the host's. */
static void dev_may_be_no_link(void **state)
{
	(void)state;
	NEED_SANDBOX();
	make_folder(in_sandbox("elsewhere"));
	make_link("../elsewhere", in_sandbox("rootfs/dev"));
	/* O_DIRECTORY with O_NOFOLLOW says ENOTDIR. */
	FAILS(make(""), ENOTDIR, "open /dev in the rootfs: ");
	assert_int_equal(rmdir(in_sandbox("elsewhere")), 0);
	remove(in_sandbox("rootfs/dev"));
	make_text(in_sandbox("rootfs/dev"), "");
	FAILS(make(""), ENOTDIR, "open /dev in the rootfs: ");
}

static void an_images_ptmx_is_replaced_and_other_links_kept(void **state)
{
	(void)state;
	NEED_SANDBOX();
	make_folder(in_sandbox("rootfs/dev"));
	assert_int_equal(mknod(in_sandbox("rootfs/dev/ptmx"), S_IFCHR | 0666, makedev(5, 2)), 0);
	make_link("/elsewhere", in_sandbox("rootfs/dev/fd"));
	SUCCEEDS(make(""));
	check_link("dev/ptmx", "pts/ptmx");
	check_link("dev/fd", "/elsewhere");
}

static void configured_devices_get_type_mode_and_owner(void **state)
{
	struct stat st;

	(void)state;
	NEED_SANDBOX();
	SUCCEEDS(make("{'path':'/dev/disk','type':'b','major':8,'minor':1,'fileMode':384,"
		      "'uid':12,'gid':34},"
		      "{'path':'/dev/old','type':'u','major':10,'minor':200},"
		      "{'path':'/some/where/deep','type':'c','major':10,'minor':229},"
		      "{'path':'/run/fifo','type':'p','fileMode':416}"));
	check_node("dev/disk", S_IFBLK | 0600, 8, 1);
	assert_int_equal(fstatat(root, "dev/disk", &st, 0), 0);
	assert_int_equal(st.st_uid, 12);
	assert_int_equal(st.st_gid, 34);
	check_node("dev/old", S_IFCHR | 0666, 10, 200);
	check_node("some/where/deep", S_IFCHR | 0666, 10, 229);
	check_node("run/fifo", S_IFIFO | 0640, 0, 0);
}

static void the_error_names_the_entry(void **state)
{
	(void)state;
	NEED_SANDBOX();
	make_text(in_sandbox("rootfs/x"), "");
	FAILS(make("{'path':'/dev/null','type':'c','major':1,'minor':3},"
		   "{'path':'/x','type':'c','major':1,'minor':3}"),
	      EEXIST, "linux.devices[1]: device /x: a file that is not this device");
	FAILS(make("{'path':'/x/y','type':'c','major':1,'minor':3}"), ENOTDIR,
	      "linux.devices[0]: ");
}

static void a_bound_dev_gets_only_what_is_configured(void **state)
{
	(void)state;
	NEED_SANDBOX();
	make_plan("'mounts':[{'destination':'/dev','source':'/dev','options':['rbind']}],"
		  "'linux':{'namespaces':[{'type':'mount'}],"
		  "'devices':[{'path':'/dev/fuse','type':'c','major':10,'minor':229}]}",
		  &planned);
	SUCCEEDS(devices_make(&planned.plan, root, &err));
	finish_plan(&planned);
	check_node("dev/fuse", S_IFCHR | 0666, 10, 229);
	assert_int_equal(faccessat(root, "dev/null", F_OK, 0), -1);
}

/* Docker lists the host's with --privileged. */
static void a_configured_ptmx_stays_the_containers(void **state)
{
	(void)state;
	NEED_SANDBOX();
	SUCCEEDS(make("{'path':'/dev/ptmx','type':'c','major':5,'minor':2}"));
	check_link("dev/ptmx", "pts/ptmx");
}

/* ---- in a user namespace: the host's nodes are bound ---- */

static int bind_devices(const char *devices)
{
	char members[1024];

	err = (struct error){ 0 };
	snprintf(members, sizeof members, "'linux':{'devices':[%s]}", devices);
	make_plan(members, &planned);
	planned.plan.in_user_namespace = true;
	int failed = devices_make(&planned.plan, root, &err);
	finish_plan(&planned);
	return failed;
}

static void in_a_user_namespace_nodes_are_bound(void **state)
{
	struct stat bound, host;
	int fd;

	(void)state;
	NEED_SANDBOX();
	SUCCEEDS(bind_devices("{'path':'/run/fifo','type':'p'}"));
	assert_int_equal(fstatat(root, "dev/null", &bound, 0), 0);
	assert_int_equal(stat("/dev/null", &host), 0);
	assert_int_equal(bound.st_ino, host.st_ino);
	assert_int_equal(bound.st_dev, host.st_dev);
	check_node("run/fifo", S_IFIFO | 0666, 0, 0);
	fd = openat(root, "dev/zero", O_RDONLY | O_CLOEXEC);
	char byte = 1;
	assert_int_equal(read(fd, &byte, 1), 1);
	assert_int_equal(byte, 0);
	close(fd);
	/* What is there already, the same device, is left alone. */
	SUCCEEDS(bind_devices(""));
}

static void in_a_user_namespace_links_are_not_followed(void **state)
{
	(void)state;
	NEED_SANDBOX();
	make_folder(in_sandbox("rootfs/dev"));
	make_link("../../canary", in_sandbox("rootfs/dev/null"));
	/* The link itself may be covered; what it points to may not. */
	bind_devices("");
	assert_string_equal(text_of(AT_FDCWD, in_sandbox("canary")), "alive");
}

static void a_host_node_must_be_what_is_configured(void **state)
{
	(void)state;
	NEED_SANDBOX();
	FAILS(bind_devices("{'path':'/dev/null','type':'c','major':1,'minor':3},"
			   "{'path':'/dev/no-such-device','type':'c','major':1,'minor':3}"),
	      ENOENT,
	      "linux.devices[1]: device /dev/no-such-device: host device '/dev/no-such-device': "
	      "no");
	FAILS(bind_devices("{'path':'/dev/zero/','type':'c','major':1,'minor':5}"), EINVAL,
	      "names no file");
}

/* ---- device_open_host ---- */

static void check_host(const char *path, int type, unsigned major_number, unsigned minor_number)
{
	FAILS(device_open_host(path, type, major_number, minor_number, &err), ENODEV, path);
	if (!strstr(err.msg, ": is not "))
		fail_msg("%s", err.msg);
}

/* CVE-2025-31133: the name alone proves nothing. */
static void host_devices_are_proved_by_their_inode(void **state)
{
	(void)state;
	NEED_SANDBOX();
	int fd = device_open_host("/dev/null", 'c', 1, 3, &err);
	if (fd < 0)
		fail_msg("%s", err.msg);
	assert_int_equal(fcntl(fd, F_GETFD), FD_CLOEXEC);
	assert_int_equal(fcntl(fd, F_GETFL) & O_PATH, O_PATH);
	close(fd);
	check_host("/dev/null", 'c', 1, 5);
	check_host("/dev/null", 'b', 1, 3);
	check_host("/dev/null", 'c', 2, 3);
	check_host(in_sandbox("canary"), 'c', 0, 0);
	make_link("/dev/null", in_sandbox("link"));
	check_host(in_sandbox("link"), 'c', 1, 3);
	FAILS(device_open_host("/no/such/device", 'c', 1, 3, &err), ENOENT,
	      "host device '/no/such/device': no such file or directory");
}

#define CASE(name) cmocka_unit_test_setup_teardown(name, new_rootfs, close_rootfs)

int main(void)
{
	const struct CMUnitTest tests[] = {
		CASE(the_default_devices_are_made),
		CASE(the_default_links_are_made),
		CASE(core_is_linked_where_there_is_a_kcore),
		CASE(a_second_time_changes_nothing),
		CASE(an_image_cannot_pass_something_else_off_as_a_device),
		CASE(dev_may_be_no_link),
		CASE(an_images_ptmx_is_replaced_and_other_links_kept),
		CASE(configured_devices_get_type_mode_and_owner),
		CASE(the_error_names_the_entry),
		CASE(a_bound_dev_gets_only_what_is_configured),
		CASE(a_configured_ptmx_stays_the_containers),
		CASE(in_a_user_namespace_nodes_are_bound),
		CASE(in_a_user_namespace_links_are_not_followed),
		CASE(a_host_node_must_be_what_is_configured),
		CASE(host_devices_are_proved_by_their_inode),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
