/* /etc/passwd of an image: whatever it holds, the answer is a home, "/" or no name. */
#include "runtime/passwd.h"

#include "tests/unit/sandbox.h"

/* A file with @length bytes of @text, read from its beginning. */
static int file_with(const char *text, size_t length)
{
	char path[] = "/tmp/orun-passwd-XXXXXX";
	int fd = mkostemp(path, O_CLOEXEC);

	assert_true(fd >= 0);
	unlink(path);
	for (size_t done = 0; done < length;) {
		ssize_t wrote = write(fd, text + done, length - done);
		assert_true(wrote > 0);
		done += (size_t)wrote;
	}
	assert_int_equal(lseek(fd, 0, SEEK_SET), 0);
	return fd;
}

static void check_home(const char *text, uid_t uid, const char *expected)
{
	int fd = file_with(text, strlen(text));
	char *home = passwd_home(fd, uid);

	assert_non_null(home);
	assert_string_equal(home, expected);
	free(home);
	close(fd);
}

static void check_name(const char *text, uid_t uid, const char *expected)
{
	int fd = file_with(text, strlen(text));
	char *name = passwd_name(fd, uid);

	if (expected)
		assert_string_equal(name ? name : "(none)", expected);
	else
		assert_null(name);
	free(name);
	close(fd);
}

static const char usual[] = "root:x:0:0:root:/root:/bin/sh\n"
			    "daemon:x:1:1:daemon:/usr/sbin:/usr/sbin/nologin\n"
			    "app:x:1000:1000:,,,:/home/app:/bin/sh\n";

static void a_user_is_found_by_id(void **state)
{
	(void)state;
	check_home(usual, 0, "/root");
	check_home(usual, 1000, "/home/app");
	check_name(usual, 0, "root");
	check_name(usual, 1000, "app");
}

static void an_unknown_user_lives_at_the_root(void **state)
{
	(void)state;
	check_home(usual, 4711, "/");
	check_name(usual, 4711, NULL);
	check_home(usual, 100, "/");
	check_home("", 0, "/");
	check_name("", 0, NULL);
}

static void the_first_line_of_an_id_counts(void **state)
{
	(void)state;
	check_home("a:x:7:7::/first:\nb:x:7:7::/second:\n", 7, "/first");
	check_name("a:x:7:7::/first:\nb:x:7:7::/second:\n", 7, "a");
}

static void the_last_line_needs_no_newline(void **state)
{
	(void)state;
	check_home("a:x:7:7::/home:/bin/sh", 7, "/home");
	check_home("a:x:7:7::/home", 7, "/home");
}

static void broken_lines_are_passed_over(void **state)
{
	static const char text[] = "\n:\n::::::\n#comment\nx:x:7\nx:x:7:7:\nx:x:7:7::\n"
				   "y:x::7::/none:\ny:x:+7:7::/plus:\ny:x: 7:7::/space:\n"
				   "y:x:0x7:7::/hex:\ny:x:7x:7::/tail:\ny:x:-7:7::/minus:\n"
				   "y:x:99999999999999999999:7::/long:\ny:x:4294967303:7::/wraps:\n"
				   "right:x:8:8::/right:/bin/sh:more:fields\n";

	(void)state;
	check_home(text, 8, "/right");
	check_name(text, 8, "right");
	/* The first line with the id has an empty home. */
	check_home(text, 7, "/");
}

static void a_home_must_be_an_absolute_path_of_plain_characters(void **state)
{
	(void)state;
	check_home("a:x:7:7::relative:\n", 7, "/");
	check_home("a:x:7:7:::\n", 7, "/");
	check_home("a:x:7:7::/tab\tx:\n", 7, "/");
	check_home("a:x:7:7::/escape\033[2J:\n", 7, "/");
	check_home("a:x:7:7::/return\r:\n", 7, "/");
	check_home("a:x:7:7::/delete\177:\n", 7, "/");
	check_home("a:x:7:7::/Größe und mehr:\n", 7, "/Größe und mehr");
}

static void zero_bytes_end_the_file_and_nothing_else(void **state)
{
	static const char text[] = "a:x:6:6::/six:\n\0b:x:7:7::/seven:\n";
	int fd = file_with(text, sizeof text - 1);
	char *home = passwd_home(fd, 6);

	(void)state;
	assert_string_equal(home, "/six");
	free(home);
	assert_int_equal(lseek(fd, 0, SEEK_SET), 0);
	home = passwd_home(fd, 7);
	assert_string_equal(home, "/");
	free(home);
	close(fd);
}

static void a_huge_file_is_not_read(void **state)
{
	const size_t size = (1u << 20) + 1;
	char *text = malloc(size);

	(void)state;
	assert_non_null(text);
	memset(text, 'x', size);
	memcpy(text, usual, sizeof usual - 1);
	int fd = file_with(text, size);
	char *home = passwd_home(fd, 0);
	assert_string_equal(home, "/");
	free(home);
	close(fd);
	fd = file_with(text, size - 1);
	home = passwd_home(fd, 0);
	assert_string_equal(home, "/root");
	free(home);
	close(fd);
	free(text);
}

static void a_line_without_end_is_survived(void **state)
{
	const size_t size = 1u << 19;
	char *text = malloc(size + 1);

	(void)state;
	assert_non_null(text);
	memset(text, ':', size);
	text[size] = '\0';
	check_home(text, 0, "/");
	memset(text, '\n', size);
	check_home(text, 0, "/");
	free(text);
}

static void check_other_kind(int fd)
{
	char *home = passwd_home(fd, 0), *name = passwd_name(fd, 0);

	assert_string_equal(home, "/");
	assert_null(name);
	free(home);
	if (fd >= 0)
		close(fd);
}

static void what_is_no_file_is_not_read(void **state)
{
	int pipes[2];

	(void)state;
	check_other_kind(-1);
	check_other_kind(open("/", O_RDONLY | O_DIRECTORY | O_CLOEXEC));
	check_other_kind(open("/dev/zero", O_RDONLY | O_CLOEXEC));
	check_other_kind(open("/etc/passwd", O_PATH | O_CLOEXEC));
	/* Nobody writes: reading would wait for ever. */
	assert_int_equal(pipe2(pipes, O_CLOEXEC), 0);
	check_other_kind(pipes[0]);
	close(pipes[1]);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_user_is_found_by_id),
		cmocka_unit_test(an_unknown_user_lives_at_the_root),
		cmocka_unit_test(the_first_line_of_an_id_counts),
		cmocka_unit_test(the_last_line_needs_no_newline),
		cmocka_unit_test(broken_lines_are_passed_over),
		cmocka_unit_test(a_home_must_be_an_absolute_path_of_plain_characters),
		cmocka_unit_test(zero_bytes_end_the_file_and_nothing_else),
		cmocka_unit_test(a_huge_file_is_not_read),
		cmocka_unit_test(a_line_without_end_is_survived),
		cmocka_unit_test(what_is_no_file_is_not_read),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
