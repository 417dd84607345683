/* Whole files and whole writes, in a directory of their own. */
#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "spec/base/io.h"
#include "spec/base/owned.h"
#include "spec/base/text.h"

struct place {
	char path[32];
	int dir;
};

static int make_place(void **state)
{
	struct place *place = calloc(1, sizeof *place);

	if (!place)
		return -1;
	strcpy(place->path, "/tmp/test_io.XXXXXX");
	if (!mkdtemp(place->path))
		return -1;
	place->dir = open(place->path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	*state = place;
	return place->dir < 0 ? -1 : 0;
}

static int remove_place(void **state)
{
	struct place *place = *state;
	owned_dir dir = fdopendir(dup(place->dir));

	if (dir)
		rewinddir(dir);
	for (struct dirent *entry; dir && (entry = readdir(dir));)
		if (unlinkat(place->dir, entry->d_name, 0) == -1)
			unlinkat(place->dir, entry->d_name, AT_REMOVEDIR);
	close(place->dir);
	int ret = rmdir(place->path);
	free(place);
	return ret;
}

static void put(int dir, const char *name, const char *data, size_t length)
{
	owned_fd fd = openat(dir, name, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);

	assert_true(fd >= 0);
	assert_int_equal(write_all(fd, data, length), 0);
}

static void read_gives_bytes_and_length(void **state)
{
	const struct place *place = *state;
	owned_string text = NULL;
	struct error err = { 0 };
	size_t length = 0;

	put(place->dir, "f", "a\0b", 3);
	assert_int_equal(read_file_at(place->dir, "f", 3, &text, &length, &err), 0);
	assert_int_equal(length, 3);
	assert_memory_equal(text, "a\0b", 4);
}

static void read_of_an_empty_file(void **state)
{
	const struct place *place = *state;
	owned_string text = NULL;
	struct error err = { 0 };

	put(place->dir, "f", "", 0);
	assert_int_equal(read_file_at(place->dir, "f", 0, &text, NULL, &err), 0);
	assert_string_equal(text, "");
}

/* Lengths around the buffer's own steps. */
static void read_of_every_length_near_a_step(void **state)
{
	const struct place *place = *state;
	static char data[16400];

	memset(data, 'x', sizeof data);
	for (size_t step = 4096; step <= 16384; step *= 2)
		for (size_t length = step - 1; length <= step + 1; length++) {
			owned_string text = NULL;
			struct error err = { 0 };
			size_t got = 0;

			put(place->dir, "f", data, length);
			assert_int_equal(read_file_at(place->dir, "f", length, &text, &got, &err),
					 0);
			assert_int_equal(got, length);
			assert_int_equal(strlen(text), length);
		}
}

static void read_refuses_a_larger_file(void **state)
{
	const struct place *place = *state;
	owned_string text = NULL;
	struct error err = { 0 };

	put(place->dir, "f", "12345", 5);
	assert_int_equal(read_file_at(place->dir, "f", 4, &text, NULL, &err), -1);
	assert_int_equal(err.code, EFBIG);
	assert_string_equal(err.msg, "read f: 5 bytes are more than the 4 allowed");
	assert_null(text);
}

/* A file of procfs has a length of 0 and more content than that. */
static void read_refuses_a_file_that_hides_its_length(void **state)
{
	owned_string text = NULL;
	struct error err = { 0 };

	(void)state;
	assert_int_equal(read_file_at(AT_FDCWD, "/proc/self/status", 10, &text, NULL, &err), -1);
	assert_int_equal(err.code, EFBIG);
	assert_null(text);
}

static void read_refuses_what_is_no_file(void **state)
{
	const struct place *place = *state;
	owned_string text = NULL;
	struct error err = { 0 };

	assert_int_equal(read_file_at(AT_FDCWD, place->path, 10, &text, NULL, &err), -1);
	assert_int_equal(err.code, EISDIR);
	assert_int_equal(mkfifoat(place->dir, "fifo", 0600), 0);
	/* It must not wait for somebody to write. */
	assert_int_equal(read_file_at(place->dir, "fifo", 10, &text, NULL, &err), -1);
	assert_string_equal(err.msg, "read fifo: not a regular file");
	assert_int_equal(read_file_at(place->dir, "missing", 10, &text, NULL, &err), -1);
	assert_int_equal(err.code, ENOENT);
	assert_null(text);
}

static void read_all_of_a_pipe(void **state)
{
	owned_string text = NULL;
	struct error err = { 0 };
	size_t length = 0;
	int ends[2];

	(void)state;
	assert_int_equal(pipe2(ends, O_CLOEXEC), 0);
	assert_int_equal(write_all(ends[1], "abc", 3), 0);
	close(ends[1]);
	assert_int_equal(read_all(ends[0], 10, &text, &length, &err), 0);
	close(ends[0]);
	assert_int_equal(length, 3);
	assert_string_equal(text, "abc");
}

static void read_all_of_a_closed_descriptor(void **state)
{
	owned_string text = NULL;
	struct error err = { 0 };

	(void)state;
	assert_int_equal(read_all(-1, 10, &text, NULL, &err), -1);
	assert_int_equal(err.code, EBADF);
	assert_null(text);
}

static void line_ends_at_the_newline(void **state)
{
	const struct place *place = *state;
	struct error err = { 0 };
	char line[8];

	put(place->dir, "f", "max\n", 4);
	assert_int_equal(read_line_at(place->dir, "f", line, sizeof line, &err), 0);
	assert_string_equal(line, "max");
	put(place->dir, "f", "", 0);
	assert_int_equal(read_line_at(place->dir, "f", line, sizeof line, &err), 0);
	assert_string_equal(line, "");
	put(place->dir, "f", "0123456789", 10);
	assert_int_equal(read_line_at(place->dir, "f", line, sizeof line, &err), 0);
	assert_string_equal(line, "0123456");
	assert_int_equal(read_line_at(place->dir, "missing", line, sizeof line, &err), -1);
	assert_string_equal(err.msg, "open missing: no such file or directory");
}

static void kernel_file_takes_one_value(void **state)
{
	const struct place *place = *state;
	struct error err = { 0 };
	char line[8];

	put(place->dir, "f", "", 0);
	assert_int_equal(write_kernel_file_at(place->dir, "f", "42", &err), 0);
	assert_int_equal(read_line_at(place->dir, "f", line, sizeof line, &err), 0);
	assert_string_equal(line, "42");
}

static void kernel_file_is_not_created_and_not_followed(void **state)
{
	const struct place *place = *state;
	struct error err = { 0 };

	assert_int_equal(write_kernel_file_at(place->dir, "missing", "42", &err), -1);
	assert_int_equal(err.code, ENOENT);
	put(place->dir, "f", "", 0);
	assert_int_equal(symlinkat("f", place->dir, "link"), 0);
	assert_int_equal(write_kernel_file_at(place->dir, "link", "42", &err), -1);
	assert_int_equal(err.code, ELOOP);
}

static void kernel_file_that_refuses_names_the_value(void **state)
{
	struct error err = { 0 };

	(void)state;
	assert_int_equal(write_kernel_file_at(AT_FDCWD, "/dev/full", "42", &err), -1);
	assert_string_equal(err.msg, "write '42' to /dev/full: no space left on device");
}

static void atomic_write_replaces_and_leaves_nothing_behind(void **state)
{
	const struct place *place = *state;
	owned_string text = NULL;
	struct error err = { 0 };
	struct stat st;
	int entries = 0;

	put(place->dir, "state.json", "old and longer", 14);
	assert_int_equal(write_file_atomic_at(place->dir, "state.json", "new", 3, 0600, &err), 0);
	assert_int_equal(read_file_at(place->dir, "state.json", 100, &text, NULL, &err), 0);
	assert_string_equal(text, "new");
	assert_int_equal(fstatat(place->dir, "state.json", &st, 0), 0);
	assert_int_equal(st.st_mode & 07777, 0600);
	owned_dir dir = fdopendir(dup(place->dir));
	rewinddir(dir);
	while (readdir(dir))
		entries++;
	assert_int_equal(entries, 3);
}

static void atomic_write_replaces_a_symlink_itself(void **state)
{
	const struct place *place = *state;
	struct error err = { 0 };
	struct stat st;

	put(place->dir, "target", "x", 1);
	assert_int_equal(symlinkat("target", place->dir, "link"), 0);
	assert_int_equal(write_file_atomic_at(place->dir, "link", "new", 3, 0600, &err), 0);
	assert_int_equal(fstatat(place->dir, "link", &st, AT_SYMLINK_NOFOLLOW), 0);
	assert_true(S_ISREG(st.st_mode));
	assert_int_equal(fstatat(place->dir, "target", &st, 0), 0);
	assert_int_equal(st.st_size, 1);
}

static void atomic_write_that_fails_leaves_nothing_behind(void **state)
{
	const struct place *place = *state;
	struct error err = { 0 };
	int entries = 0;

	assert_int_equal(mkdirat(place->dir, "taken", 0700), 0);
	assert_int_equal(write_file_atomic_at(place->dir, "taken", "x", 1, 0600, &err), -1);
	assert_int_equal(err.code, EISDIR);
	owned_dir dir = fdopendir(dup(place->dir));
	rewinddir(dir);
	while (readdir(dir))
		entries++;
	assert_int_equal(entries, 3);
	assert_int_equal(write_file_atomic_at(place->dir, "no/where", "x", 1, 0600, &err), -1);
	assert_int_equal(err.code, ENOENT);
}

static void write_all_at_writes_where_it_is_told(void **unused)
{
	owned_fd file = memfd_create("file", MFD_CLOEXEC);
	owned_fd full = open("/dev/full", O_WRONLY | O_CLOEXEC);
	char text[8];

	(void)unused;
	assert_int_equal(write_all_at(file, "abc", 3, 4), 0);
	assert_int_equal(write_all_at(file, "x", 1, 0), 0);
	assert_int_equal(pread(file, text, sizeof text, 0), 7);
	assert_memory_equal(text, "x\0\0\0abc", 7);
	errno = 0;
	assert_int_equal(write_all_at(full, "x", 1, 0), -1);
	assert_int_equal(errno, ENOSPC);
}

static void write_all_reports_errno(void **state)
{
	owned_fd full = open("/dev/full", O_WRONLY | O_CLOEXEC);

	(void)state;
	assert_int_equal(write_all(full, "x", 1), -1);
	assert_int_equal(errno, ENOSPC);
	assert_int_equal(write_all(full, "", 0), 0);
}

static void directories_are_made_and_kept(void **state)
{
	const struct place *place = *state;
	owned_string deep = text_format("%s/a/b/c", place->path);
	owned_string slashes = text_format("%s//a/b//c/", place->path);
	struct error err = { 0 };
	struct stat st;

	assert_int_equal(make_directories(deep, 0700, &err), 0);
	assert_int_equal(make_directories(deep, 0755, &err), 0);
	assert_int_equal(make_directories(slashes, 0755, &err), 0);
	assert_int_equal(make_directories("/", 0755, &err), 0);
	assert_int_equal(stat(deep, &st), 0);
	assert_int_equal(st.st_mode & 07777, 0700);
	unlinkat(place->dir, "a/b/c", AT_REMOVEDIR);
	unlinkat(place->dir, "a/b", AT_REMOVEDIR);
}

static void directories_need_a_path_without_files(void **state)
{
	const struct place *place = *state;
	owned_string file = text_format("%s/f", place->path);
	owned_string below = text_format("%s/f/x", place->path);
	struct error err = { 0 };

	put(place->dir, "f", "", 0);
	assert_int_equal(make_directories(file, 0700, &err), -1);
	assert_int_equal(err.code, ENOTDIR);
	assert_int_equal(make_directories(below, 0700, &err), -1);
	assert_int_equal(err.code, ENOTDIR);
	assert_int_equal(make_directories("", 0700, &err), -1);
	assert_int_equal(err.code, ENOENT);
}

#define IN_A_PLACE(test) cmocka_unit_test_setup_teardown(test, make_place, remove_place)

int main(void)
{
	const struct CMUnitTest tests[] = {
		IN_A_PLACE(read_gives_bytes_and_length),
		IN_A_PLACE(read_of_an_empty_file),
		IN_A_PLACE(read_of_every_length_near_a_step),
		IN_A_PLACE(read_refuses_a_larger_file),
		cmocka_unit_test(read_refuses_a_file_that_hides_its_length),
		IN_A_PLACE(read_refuses_what_is_no_file),
		cmocka_unit_test(read_all_of_a_pipe),
		cmocka_unit_test(read_all_of_a_closed_descriptor),
		IN_A_PLACE(line_ends_at_the_newline),
		IN_A_PLACE(kernel_file_takes_one_value),
		IN_A_PLACE(kernel_file_is_not_created_and_not_followed),
		cmocka_unit_test(kernel_file_that_refuses_names_the_value),
		IN_A_PLACE(atomic_write_replaces_and_leaves_nothing_behind),
		IN_A_PLACE(atomic_write_replaces_a_symlink_itself),
		IN_A_PLACE(atomic_write_that_fails_leaves_nothing_behind),
		cmocka_unit_test(write_all_at_writes_where_it_is_told),
		cmocka_unit_test(write_all_reports_errno),
		IN_A_PLACE(directories_are_made_and_kept),
		IN_A_PLACE(directories_need_a_path_without_files),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
