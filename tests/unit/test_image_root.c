/* Single files and directories of a hostile root file system: nothing outside is read or made. */
#include "imgtool/convert/image_root.h"

#include "tests/unit/sandbox.h"

static struct error err;
static int root = -1;
static char outside[640];

static int begin(void **state)
{
	static unsigned number;
	char name[32];

	(void)state;
	err = (struct error){ 0 };
	snprintf(name, sizeof name, "root-%u", number);
	root = open_new_folder(name);
	snprintf(name, sizeof name, "outside-%u", number++);
	snprintf(outside, sizeof outside, "%s", in_sandbox(name));
	make_folder(outside);
	return 0;
}

static int end(void **state)
{
	(void)state;
	close(root);
	return 0;
}

static void write_file(const char *name, const char *text)
{
	int fd = openat(root, name, O_WRONLY | O_CREAT | O_CLOEXEC, 0644);

	assert_true(fd >= 0);
	assert_int_equal(write(fd, text, strlen(text)), strlen(text));
	close(fd);
}

static bool is_directory(const char *path)
{
	struct stat st;

	return fstatat(root, path, &st, AT_SYMLINK_NOFOLLOW) == 0 && S_ISDIR(st.st_mode);
}

static void assert_nothing_outside(void)
{
	if (rmdir(outside))
		fail_msg("%s: %s", outside, strerror(errno));
	make_folder(outside);
}

static void a_file_is_read(void **state)
{
	char *text;

	(void)state;
	write_file("file", "hello");
	SUCCEEDS(image_root_read_file(root, "/file", 5, &text, &err));
	assert_string_equal(text, "hello");
	free(text);
	FAILS(image_root_read_file(root, "/file", 4, &text, &err), EFBIG, "/file of the image");
	assert_null(text);
}

static void what_is_absent_has_no_text(void **state)
{
	char *text = (char *)"x";

	(void)state;
	write_file("file", "hello");
	SUCCEEDS(image_root_read_file(root, "/none", 5, &text, &err));
	assert_null(text);
	SUCCEEDS(image_root_read_file(root, "/none/below", 5, &text, &err));
	assert_null(text);
	SUCCEEDS(image_root_read_file(root, "/file/below", 5, &text, &err));
	assert_null(text);
}

static void links_lead_nowhere_else(void **state)
{
	char *text, target[700];

	(void)state;
	snprintf(target, sizeof target, "%s/file", outside);
	make_text(target, "outside");
	assert_int_equal(symlinkat(target, root, "absolute"), 0);
	assert_int_equal(symlinkat("../../../../../../../../../../../../etc/passwd", root, "up"),
			 0);
	assert_int_equal(symlinkat("/proc/self/fd/0", root, "magic"), 0);
	for (size_t i = 0; i < 3; i++) {
		const char *const names[] = { "absolute", "up", "magic" };

		SUCCEEDS(image_root_read_file(root, names[i], 100, &text, &err));
		assert_null(text);
	}
	assert_int_equal(unlink(target), 0);
}

/* The read end of a FIFO would wait for a writer. */
static void only_regular_files_are_opened(void **state)
{
	char *text;

	(void)state;
	assert_int_equal(mkfifoat(root, "fifo", 0644), 0);
	assert_int_equal(mkdirat(root, "directory", 0755), 0);
	FAILS(image_root_read_file(root, "/fifo", 5, &text, &err), EINVAL, "not a regular file");
	FAILS(image_root_read_file(root, "/directory", 5, &text, &err), EINVAL,
	      "not a regular file");
	if (geteuid() != 0 || mknodat(root, "device", S_IFCHR | 0644, 0x105))
		SKIP("no device nodes");
	FAILS(image_root_read_file(root, "/device", 5, &text, &err), EINVAL, "not a regular file");
}

static void directories_are_made_on_the_way(void **state)
{
	struct stat st;

	(void)state;
	SUCCEEDS(image_root_make_directory(root, "/a//b/./c/", &err));
	assert_true(is_directory("a/b/c"));
	SUCCEEDS(image_root_make_directory(root, "/a/b/c", &err));
	SUCCEEDS(image_root_make_directory(root, "/a/b/../d", &err));
	assert_true(is_directory("a/d"));
	SUCCEEDS(image_root_make_directory(root, "/", &err));
	SUCCEEDS(image_root_make_directory(root, "/../../up", &err));
	assert_true(is_directory("up"));
	assert_int_equal(fstatat(root, "a", &st, 0), 0);
	assert_int_equal(st.st_mode & 07777, 0755);
}

static void what_is_there_stays(void **state)
{
	struct stat st;

	(void)state;
	assert_int_equal(mkdirat(root, "mine", 0700), 0);
	SUCCEEDS(image_root_make_directory(root, "/mine", &err));
	assert_int_equal(fstatat(root, "mine", &st, 0), 0);
	assert_int_equal(st.st_mode & 07777, 0700);
	write_file("file", "x");
	FAILS(image_root_make_directory(root, "/file", &err), ENOTDIR, "make directory /file");
	FAILS(image_root_make_directory(root, "/file/below", &err), ENOTDIR, "make directory");
}

static void links_on_the_way_stay_inside(void **state)
{
	(void)state;
	assert_int_equal(mkdirat(root, "real", 0755), 0);
	assert_int_equal(symlinkat("/real", root, "link"), 0);
	SUCCEEDS(image_root_make_directory(root, "/link/sub", &err));
	assert_true(is_directory("real/sub"));
	assert_int_equal(symlinkat(outside, root, "absolute"), 0);
	FAILS(image_root_make_directory(root, "/absolute/x", &err), ENOENT, "make directory");
	FAILS(image_root_make_directory(root, "/absolute", &err), ENOENT, "make directory");
	assert_int_equal(symlinkat("../../../../../../..", root, "up"), 0);
	SUCCEEDS(image_root_make_directory(root, "/up/inside", &err));
	assert_true(is_directory("inside"));
	assert_int_equal(symlinkat("loop", root, "loop"), 0);
	FAILS(image_root_make_directory(root, "/loop/x", &err), ELOOP, "make directory");
	assert_nothing_outside();
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(a_file_is_read, begin, end),
		cmocka_unit_test_setup_teardown(what_is_absent_has_no_text, begin, end),
		cmocka_unit_test_setup_teardown(links_lead_nowhere_else, begin, end),
		cmocka_unit_test_setup_teardown(only_regular_files_are_opened, begin, end),
		cmocka_unit_test_setup_teardown(directories_are_made_on_the_way, begin, end),
		cmocka_unit_test_setup_teardown(what_is_there_stays, begin, end),
		cmocka_unit_test_setup_teardown(links_on_the_way_stay_inside, begin, end),
	};

	return cmocka_run_group_tests(tests, sandbox_setup, sandbox_teardown);
}
