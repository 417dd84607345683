/* Names of the file system as entries: what is read of them, what is refused, and what a change is. */
#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <sys/un.h>
#include <sys/xattr.h>
#include <unistd.h>

#include <cmocka.h>

#include "imgtool/pack/file.h"
#include "imgtool/pack/links.h"
#include "spec/base/owned.h"

struct folder {
	char path[40];
	int fd;
};

static int make_folder(void **state)
{
	struct folder *folder = calloc(1, sizeof *folder);

	if (!folder)
		return -1;
	*state = folder;
	strcpy(folder->path, "/tmp/test_pack_file.XXXXXX");
	if (!mkdtemp(folder->path))
		return -1;
	folder->fd = open(folder->path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	return folder->fd < 0 ? -1 : 0;
}

static int remove_folder(void **state)
{
	static const char *const names[] = { "file", "link",   "fifo", ".wh.x",
					     "null", "socket", "other" };
	struct folder *folder = *state;

	for (size_t i = 0; i < sizeof names / sizeof *names; i++)
		(void)unlinkat(folder->fd, names[i], 0);
	close_fd(folder->fd);
	(void)rmdir(folder->path);
	free(folder);
	return 0;
}

/* A regular file with @text. The descriptor is the caller's to close. */
static int make_file(const struct folder *folder, const char *name, const char *text)
{
	int fd = openat(folder->fd, name, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0640);

	assert_true(fd >= 0);
	assert_int_equal(fchmod(fd, 0640), 0);
	assert_int_equal(write(fd, text, strlen(text)), strlen(text));
	return fd;
}

static struct pack_file open_or_fail(const struct folder *folder, const char *name, bool recorded)
{
	struct error err = { 0 };
	struct pack_file file;
	int result = pack_file_open(folder->fd, name, (char *)"path", recorded, &file, &err);

	assert_string_equal(err.msg, "");
	assert_int_equal(result, 0);
	return file;
}

static void expect_refused(const struct folder *folder, const char *name, int code,
			   const char *message)
{
	struct error err = { 0 };
	struct pack_file file;

	assert_int_equal(pack_file_open(folder->fd, name, (char *)name, false, &file, &err), -1);
	assert_string_equal(err.msg, message);
	assert_int_equal(err.code, code);
}

static void a_file_has_what_its_inode_has(void **state)
{
	const struct folder *folder = *state;
	static const struct timespec times[2] = { { 5, 6 }, { -7, 8 } };
	owned_fd fd = make_file(folder, "file", "content");

	assert_int_equal(futimens(fd, times), 0);
	struct pack_file file = open_or_fail(folder, "file", false);
	assert_string_equal(file.entry.path, "path");
	assert_int_equal(file.entry.mode, S_IFREG | 0640);
	assert_int_equal(file.entry.uid, geteuid());
	assert_int_equal(file.entry.gid, getegid());
	assert_int_equal(file.entry.mtime.tv_sec, -7);
	assert_int_equal(file.entry.mtime.tv_nsec, 8);
	assert_int_equal(file.entry.size, 7);
	assert_int_equal(file.entry.n_xattrs, 0);
	assert_null(file.entry.link);
	assert_int_equal(pack_file_check(&file, NULL), 0);
	pack_file_finish(&file);
}

static void links_and_fifos_are_not_opened(void **state)
{
	const struct folder *folder = *state;

	assert_int_equal(symlinkat("/etc/passwd", folder->fd, "link"), 0);
	assert_int_equal(mkfifoat(folder->fd, "fifo", 0600), 0);
	struct pack_file link = open_or_fail(folder, "link", false);
	assert_int_equal(link.fd, -1);
	assert_string_equal(link.entry.link, "/etc/passwd");
	assert_int_equal(link.entry.size, 0);
	pack_file_finish(&link);
	struct pack_file fifo = open_or_fail(folder, "fifo", false);
	assert_int_equal(fifo.fd, -1);
	assert_int_equal(fifo.entry.mode, S_IFIFO | 0600);
	pack_file_finish(&fifo);
}

static void what_no_layer_can_have_is_refused(void **state)
{
	const struct folder *folder = *state;

	close_fd(make_file(folder, ".wh.x", ""));
	expect_refused(folder, ".wh.x", EINVAL, "a layer cannot have a name that begins with .wh.");
	expect_refused(folder, "nothing", ESTALE, "it changed while it was read");
	if (mknodat(folder->fd, "null", S_IFCHR | 0600, makedev(0, 0))) {
		print_message("whiteouts cannot be made here: %s\n", strerror(errno));
		skip();
	}
	expect_refused(folder, "null", EINVAL,
		       "is a whiteout of overlayfs, which no image can have; pack the bundle");
}

static void a_socket_is_told_apart(void **state)
{
	const struct folder *folder = *state;
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	owned_fd fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	struct error err = { 0 };
	struct pack_file file;

	snprintf(address.sun_path, sizeof address.sun_path, "%s/socket", folder->path);
	assert_int_equal(bind(fd, (struct sockaddr *)&address, sizeof address), 0);
	assert_int_equal(pack_file_open(folder->fd, "socket", (char *)"", false, &file, &err),
			 PACK_FILE_SOCKET);
}

static void a_change_is_seen(void **state)
{
	const struct folder *folder = *state;
	owned_fd fd = make_file(folder, "file", "content");
	struct error err = { 0 };
	struct pack_file file = open_or_fail(folder, "file", false);

	/* The same size, and the time of modification set back: the time of the change tells. */
	usleep(20000);
	assert_int_equal(pwrite(fd, "C", 1, 0), 1);
	const struct timespec times[2] = { file.stat.st_atim, file.stat.st_mtim };
	assert_int_equal(futimens(fd, times), 0);
	assert_int_equal(pack_file_check(&file, &err), -1);
	assert_int_equal(err.code, ESTALE);
	pack_file_finish(&file);
}

static bool can_have_xattrs(int fd)
{
	if (fsetxattr(fd, "user.b", "2", 1, 0) == 0)
		return true;
	print_message("no user xattrs on this file system: %s\n", strerror(errno));
	return false;
}

static void xattrs_are_sorted_and_those_of_the_host_left_out(void **state)
{
	const struct folder *folder = *state;
	owned_fd fd = make_file(folder, "file", "");

	if (!can_have_xattrs(fd))
		skip();
	assert_int_equal(fsetxattr(fd, "user.c", "", 0, 0), 0);
	assert_int_equal(fsetxattr(fd, "user.a", "1\0", 2, 0), 0);
	assert_int_equal(fsetxattr(fd, "user.overlay.opaque", "y", 1, 0), 0);
	(void)fsetxattr(fd, "trusted.overlay.opaque", "y", 1, 0); /* root only */
	struct pack_file file = open_or_fail(folder, "file", false);
	assert_int_equal(file.entry.n_xattrs, 3);
	assert_string_equal(file.entry.xattrs[0].name, "user.a");
	assert_int_equal(file.entry.xattrs[0].size, 2);
	assert_memory_equal(file.entry.xattrs[0].value, "1\0", 2);
	assert_string_equal(file.entry.xattrs[1].name, "user.b");
	assert_string_equal(file.entry.xattrs[2].name, "user.c");
	assert_int_equal(file.entry.xattrs[2].size, 0);
	pack_file_finish(&file);
}

static void the_caller_is_root_in_a_recorded_tree(void **state)
{
	const struct folder *folder = *state;
	owned_fd fd = make_file(folder, "file", "");
	struct pack_file file = open_or_fail(folder, "file", true);

	(void)fd;
	assert_int_equal(file.entry.uid, 0);
	assert_int_equal(file.entry.gid, 0);
	pack_file_finish(&file);
}

static void check_record(const struct folder *folder, int fd, const char *record, size_t size,
			 uint32_t uid, uint32_t gid)
{
	assert_int_equal(fsetxattr(fd, "user.rootlesscontainers", record, size, 0), 0);
	struct pack_file file = open_or_fail(folder, "file", true);
	assert_int_equal(file.entry.uid, uid);
	assert_int_equal(file.entry.gid, gid);
	/* It is no attribute of the image's file. */
	assert_int_equal(file.entry.n_xattrs, 1);
	pack_file_finish(&file);
}

static void an_owner_on_record_counts(void **state)
{
	static const struct {
		const char *record;
		size_t size;
	} wrong[] = { { "\10", 1 },
		      { "\10\200", 2 },
		      { "\30\1", 2 },
		      { "\10\377\377\377\377\377\1", 7 },
		      { "\10\200\200\200\200\20", 6 },
		      { "x", 1 } };
	const struct folder *folder = *state;
	owned_fd fd = make_file(folder, "file", "");
	struct error err = { 0 };
	struct pack_file file;

	if (!can_have_xattrs(fd))
		skip();
	check_record(folder, fd, "\10\1\20\2", 4, 1, 2);
	check_record(folder, fd, "\20\350\7", 3, 0, 1000);
	check_record(folder, fd, "\10\376\377\377\377\17", 6, 4294967294, 0);
	check_record(folder, fd, "", 0, 0, 0);
	for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
		assert_int_equal(fsetxattr(fd, "user.rootlesscontainers", wrong[i].record,
					   wrong[i].size, 0),
				 0);
		assert_int_equal(pack_file_open(folder->fd, "file", (char *)"", true, &file, &err),
				 -1);
		assert_string_equal(err.msg, "user.rootlesscontainers: is no record of an owner");
	}
}

static void the_first_name_of_a_file_is_remembered(void **unused)
{
	struct pack_links links = { 0 };
	struct stat stat = { .st_dev = 1, .st_ino = 2 };
	const char *first;

	(void)unused;
	assert_int_equal(pack_links_find(&links, &stat, "a", &first, NULL), 0);
	assert_null(first);
	for (ino_t inode = 3; inode < 1000; inode++) {
		stat.st_ino = inode;
		assert_int_equal(pack_links_find(&links, &stat, "x", &first, NULL), 0);
		assert_null(first);
	}
	stat.st_ino = 2;
	assert_int_equal(pack_links_find(&links, &stat, "b", &first, NULL), 0);
	assert_string_equal(first, "a");
	stat.st_dev = 2;
	assert_int_equal(pack_links_find(&links, &stat, "c", &first, NULL), 0);
	assert_null(first);
	pack_links_finish(&links);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(a_file_has_what_its_inode_has, make_folder,
						remove_folder),
		cmocka_unit_test_setup_teardown(links_and_fifos_are_not_opened, make_folder,
						remove_folder),
		cmocka_unit_test_setup_teardown(what_no_layer_can_have_is_refused, make_folder,
						remove_folder),
		cmocka_unit_test_setup_teardown(a_socket_is_told_apart, make_folder, remove_folder),
		cmocka_unit_test_setup_teardown(a_change_is_seen, make_folder, remove_folder),
		cmocka_unit_test_setup_teardown(xattrs_are_sorted_and_those_of_the_host_left_out,
						make_folder, remove_folder),
		cmocka_unit_test_setup_teardown(the_caller_is_root_in_a_recorded_tree, make_folder,
						remove_folder),
		cmocka_unit_test_setup_teardown(an_owner_on_record_counts, make_folder,
						remove_folder),
		cmocka_unit_test(the_first_name_of_a_file_is_remembered),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
