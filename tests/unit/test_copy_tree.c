/* Copies of trees that hold everything a tree can hold, and of hostile ones. */
#include "runtime/copy_tree.h"

#include "tests/unit/sandbox.h"

#include <sys/socket.h>
#include <sys/sysmacros.h>
#include <sys/un.h>
#include <sys/xattr.h>

static int from = -1, to = -1;
static char from_name[32], to_name[32];
static struct error err;

static int make_case(void **state)
{
	static unsigned number;

	(void)state;
	err = (struct error){ 0 };
	snprintf(from_name, sizeof from_name, "from%u", number);
	snprintf(to_name, sizeof to_name, "to%u", number++);
	from = open_new_folder(from_name);
	to = open_new_folder(to_name);
	return 0;
}

static int close_case(void **state)
{
	(void)state;
	close(from);
	close(to);
	return 0;
}

static const char *source(const char *name)
{
	char path[512];

	snprintf(path, sizeof path, "%s/%s", from_name, name);
	return in_sandbox(path);
}

static const char *copy_of(const char *name)
{
	char path[512];

	snprintf(path, sizeof path, "%s/%s", to_name, name);
	return in_sandbox(path);
}

static struct stat stat_of(const char *path)
{
	struct stat st = { 0 };

	if (lstat(path, &st))
		fail_msg("%s: %s", path, strerror(errno));
	return st;
}

static void files_and_directories_are_copied(void **state)
{
	(void)state;
	make_text(source("f"), "text");
	make_folder(source("d"));
	make_folder(source("d/e"));
	make_text(source("d/e/g"), "deep");
	make_text(source("empty"), "");
	make_text(source(".hidden"), "dot");
	SUCCEEDS(copy_tree(from, to, &err));
	assert_string_equal(text_of(to, "f"), "text");
	assert_string_equal(text_of(to, "d/e/g"), "deep");
	assert_string_equal(text_of(to, ".hidden"), "dot");
	assert_int_equal(stat_of(copy_of("empty")).st_size, 0);
}

static void large_files_are_copied_whole(void **state)
{
	const size_t size = (3u << 20) + 7;
	char *text = malloc(size), *copy = malloc(size + 1);

	(void)state;
	assert_non_null(text);
	assert_non_null(copy);
	for (size_t i = 0; i < size; i++)
		text[i] = (char)(i * 31 + i / 251);
	int fd = openat(from, "large", O_CREAT | O_WRONLY | O_CLOEXEC, 0600);
	assert_int_equal(write(fd, text, size), size);
	close(fd);
	SUCCEEDS(copy_tree(from, to, &err));
	fd = openat(to, "large", O_RDONLY | O_CLOEXEC);
	assert_int_equal(read(fd, copy, size + 1), size);
	assert_memory_equal(text, copy, size);
	close(fd);
	free(text);
	free(copy);
}

static void modes_owners_and_times_are_kept(void **state)
{
	static const char *const names[] = { "f", "d", "suid" };
	const struct timespec times[2] = { { 1000000000, 123456789 }, { 1100000000, 987654321 } };

	(void)state;
	make_text(source("f"), "");
	make_folder(source("d"));
	make_text(source("d/inner"), "");
	make_text(source("suid"), "");
	if (geteuid() == 0)
		for (size_t i = 0; i < 3; i++)
			assert_int_equal(chown(source(names[i]), 1234, 5678), 0);
	assert_int_equal(chmod(source("f"), 0640), 0);
	assert_int_equal(chmod(source("d"), 01777), 0);
	assert_int_equal(chmod(source("suid"), 06755), 0);
	for (size_t i = 0; i < 3; i++)
		assert_int_equal(utimensat(AT_FDCWD, source(names[i]), times, 0), 0);
	umask(077);
	SUCCEEDS(copy_tree(from, to, &err));
	umask(022);
	for (size_t i = 0; i < 3; i++) {
		struct stat was = stat_of(source(names[i])), is = stat_of(copy_of(names[i]));
		assert_int_equal(is.st_mode, was.st_mode);
		assert_int_equal(is.st_uid, was.st_uid);
		assert_int_equal(is.st_gid, was.st_gid);
		assert_int_equal(is.st_mtim.tv_sec, 1100000000);
		assert_int_equal(is.st_mtim.tv_nsec, 987654321);
		assert_int_equal(is.st_atim.tv_sec, 1000000000);
	}
}

static void links_are_copied_and_never_followed(void **state)
{
	char target[128];

	(void)state;
	make_text(source("f"), "text");
	make_link("f", source("link"));
	make_link("/etc/passwd", source("absolute"));
	make_link("../../../..", source("up"));
	make_link("nowhere", source("dangling"));
	make_link("loop", source("loop"));
	SUCCEEDS(copy_tree(from, to, &err));
	assert_true(S_ISLNK(stat_of(copy_of("link")).st_mode));
	assert_true(S_ISLNK(stat_of(copy_of("absolute")).st_mode));
	assert_true(S_ISLNK(stat_of(copy_of("up")).st_mode));
	assert_true(S_ISLNK(stat_of(copy_of("loop")).st_mode));
	assert_int_equal(readlink(copy_of("dangling"), target, sizeof target), 7);
	assert_memory_equal(target, "nowhere", 7);
	assert_int_equal(readlink(copy_of("absolute"), target, sizeof target), 11);
}

static void a_links_owner_is_kept(void **state)
{
	(void)state;
	NEED_SANDBOX();
	make_link("/etc/passwd", source("link"));
	assert_int_equal(lchown(source("link"), 1234, 5678), 0);
	SUCCEEDS(copy_tree(from, to, &err));
	assert_int_equal(stat_of(copy_of("link")).st_uid, 1234);
	assert_int_equal(stat_of(copy_of("link")).st_gid, 5678);
	assert_int_equal(stat_of("/etc/passwd").st_uid, 0);
}

static void devices_and_fifos_are_copied_unopened(void **state)
{
	(void)state;
	NEED_SANDBOX();
	assert_int_equal(mkfifo(source("fifo"), 0612), 0);
	assert_int_equal(mknod(source("char"), S_IFCHR | 0640, makedev(1, 3)), 0);
	assert_int_equal(mknod(source("block"), S_IFBLK | 0600, makedev(250, 17)), 0);
	assert_int_equal(chmod(source("fifo"), 0612), 0);
	assert_int_equal(chown(source("char"), 12, 34), 0);
	umask(0);
	SUCCEEDS(copy_tree(from, to, &err));
	umask(022);
	assert_int_equal(stat_of(copy_of("fifo")).st_mode, S_IFIFO | 0612);
	assert_int_equal(stat_of(copy_of("char")).st_mode, S_IFCHR | 0640);
	assert_int_equal(stat_of(copy_of("char")).st_rdev, makedev(1, 3));
	assert_int_equal(stat_of(copy_of("char")).st_uid, 12);
	assert_int_equal(stat_of(copy_of("block")).st_mode, S_IFBLK | 0600);
	assert_int_equal(stat_of(copy_of("block")).st_rdev, makedev(250, 17));
}

static void sockets_are_left_out(void **state)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

	(void)state;
	snprintf(address.sun_path, sizeof address.sun_path, "%s", source("socket"));
	assert_int_equal(bind(fd, (struct sockaddr *)&address, sizeof address), 0);
	make_text(source("f"), "text");
	SUCCEEDS(copy_tree(from, to, &err));
	assert_false(exists(copy_of("socket")));
	assert_true(exists(copy_of("f")));
	close(fd);
}

static void extended_attributes_are_copied(void **state)
{
	char value[64];

	(void)state;
	make_text(source("f"), "");
	make_folder(source("d"));
	if (setxattr(source("f"), "trusted.test", "a\0b", 3, 0))
		SKIP("no extended attributes: %s", strerror(errno));
	assert_int_equal(setxattr(source("f"), "trusted.empty", "", 0, 0), 0);
	assert_int_equal(setxattr(source("d"), "trusted.folder", "x", 1, 0), 0);
	SUCCEEDS(copy_tree(from, to, &err));
	assert_int_equal(getxattr(copy_of("f"), "trusted.test", value, sizeof value), 3);
	assert_memory_equal(value, "a\0b", 3);
	assert_int_equal(getxattr(copy_of("f"), "trusted.empty", value, sizeof value), 0);
	assert_int_equal(getxattr(copy_of("d"), "trusted.folder", value, sizeof value), 1);
}

/* chown(2) takes them away: they must be set behind it. */
static void file_capabilities_survive(void **state)
{
	/* VFS_CAP_REVISION_2 with CAP_NET_RAW, little endian. */
	static const unsigned char raw[20] = { 0, 0, 0, 2, 0, 0x20 };
	unsigned char value[64];

	(void)state;
	NEED_SANDBOX();
	make_text(source("ping"), "");
	assert_int_equal(chown(source("ping"), 12, 34), 0);
	if (setxattr(source("ping"), "security.capability", raw, sizeof raw, 0))
		SKIP("no file capabilities: %s", strerror(errno));
	SUCCEEDS(copy_tree(from, to, &err));
	assert_int_equal(getxattr(copy_of("ping"), "security.capability", value, sizeof value),
			 sizeof raw);
	assert_memory_equal(value, raw, sizeof raw);
}

static void other_mounts_are_not_entered(void **state)
{
	(void)state;
	NEED_SANDBOX();
	make_folder(source("mounted"));
	make_text(source("f"), "text");
	assert_int_equal(mount("tmpfs", source("mounted"), "tmpfs", 0, NULL), 0);
	make_text(source("mounted/secret"), "of another mount");
	SUCCEEDS(copy_tree(from, to, &err));
	assert_true(exists(copy_of("f")));
	assert_false(exists(copy_of("mounted/secret")));
	assert_int_equal(umount(source("mounted")), 0);
}

static void both_may_be_o_path_and_stay_open(void **state)
{
	(void)state;
	make_text(source("f"), "text");
	SUCCEEDS(copy_tree(from, to, &err));
	assert_int_equal(fcntl(from, F_GETFL) & O_PATH, O_PATH);
	assert_int_equal(fcntl(to, F_GETFL) & O_PATH, O_PATH);
}

static void what_is_there_is_not_overwritten(void **state)
{
	(void)state;
	make_text(source("f"), "new");
	make_text(copy_of("f"), "old");
	FAILS(copy_tree(from, to, &err), EEXIST, "copy f: open: file exists");
	assert_string_equal(text_of(to, "f"), "old");
}

/* A link in the target's place must not lead the copy elsewhere. */
static void links_in_the_target_are_not_followed(void **state)
{
	(void)state;
	make_text(in_sandbox("canary"), "alive");
	make_text(source("f"), "new");
	make_link("../canary", copy_of("f"));
	FAILS(copy_tree(from, to, &err), EEXIST, "copy f: ");
	unlink(source("f"));
	unlink(copy_of("f"));
	make_folder(source("d"));
	make_text(source("d/canary"), "new");
	make_link("..", copy_of("d"));
	FAILS(copy_tree(from, to, &err), EEXIST, "copy d: mkdir: file exists");
	assert_string_equal(text_of(AT_FDCWD, in_sandbox("canary")), "alive");
}

/* @levels directories, one in the other, in the source. */
static void dig(int levels)
{
	int at = dup(from);

	for (int i = 0; i < levels; i++) {
		assert_int_equal(mkdirat(at, "d", 0755), 0);
		int next = openat(at, "d", O_PATH | O_DIRECTORY | O_CLOEXEC);
		assert_true(next >= 0);
		close(at);
		at = next;
	}
	close(at);
}

static void deep_trees_are_copied(void **state)
{
	(void)state;
	dig(256);
	SUCCEEDS(copy_tree(from, to, &err));
}

static void bottomless_trees_end(void **state)
{
	(void)state;
	dig(257);
	FAILS(copy_tree(from, to, &err), ELOOP, "copy d: copy d: copy d: ");
}

static void the_error_names_the_way(void **state)
{
	(void)state;
	make_folder(source("a"));
	make_folder(source("a/b"));
	make_folder(copy_of("a"));
	FAILS(copy_tree(from, to, &err), EEXIST, "copy a: mkdir: file exists");
	FAILS(copy_tree(-1, to, &err), EBADF, "stat: ");
}

static void fill_up(void *context)
{
	(void)context;
	EXPECT(copy_tree(from, to, &err) == -1);
	EXPECT(err.code == ENOSPC);
	EXPECT_ERROR("copy f: copy: no space left on device");
}

static void a_full_file_system_is_an_error(void **state)
{
	char text[4096];

	(void)state;
	NEED_SANDBOX();
	assert_int_equal(mount("tmpfs", in_sandbox(to_name), "tmpfs", 0, "size=16k"), 0);
	close(to);
	to = open(in_sandbox(to_name), O_PATH | O_CLOEXEC);
	memset(text, 'x', sizeof text);
	int fd = openat(from, "f", O_CREAT | O_WRONLY | O_CLOEXEC, 0600);
	for (int i = 0; i < 16; i++)
		assert_int_equal(write(fd, text, sizeof text), sizeof text);
	close(fd);
	in_child(fill_up, NULL);
}

#define CASE(name) cmocka_unit_test_setup_teardown(name, make_case, close_case)

int main(void)
{
	const struct CMUnitTest tests[] = {
		CASE(files_and_directories_are_copied),
		CASE(large_files_are_copied_whole),
		CASE(modes_owners_and_times_are_kept),
		CASE(links_are_copied_and_never_followed),
		CASE(a_links_owner_is_kept),
		CASE(devices_and_fifos_are_copied_unopened),
		CASE(sockets_are_left_out),
		CASE(extended_attributes_are_copied),
		CASE(file_capabilities_survive),
		CASE(other_mounts_are_not_entered),
		CASE(both_may_be_o_path_and_stay_open),
		CASE(what_is_there_is_not_overwritten),
		CASE(links_in_the_target_are_not_followed),
		CASE(deep_trees_are_copied),
		CASE(bottomless_trees_end),
		CASE(the_error_names_the_way),
		CASE(a_full_file_system_is_an_error),
	};

	return cmocka_run_group_tests(tests, sandbox_setup, sandbox_teardown);
}
