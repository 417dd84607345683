/* Users of images: digits are ids, names are looked up in the image and nowhere else. */
#include "imgtool/convert/users.h"

#include "spec/base/text.h"
#include "tests/unit/sandbox.h"

static struct account account;
static struct error err;
static int root = -1;

static void write_file(const char *name, const char *text)
{
	int fd = openat(root, name, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);

	assert_true(fd >= 0);
	assert_int_equal(write(fd, text, strlen(text)), strlen(text));
	close(fd);
}

static int begin(void **state)
{
	static unsigned number;
	char name[32];

	(void)state;
	err = (struct error){ 0 };
	snprintf(name, sizeof name, "root-%u", number++);
	root = open_new_folder(name);
	if (mkdirat(root, "etc", 0755))
		return -1;
	write_file("etc/passwd", "root:x:0:0:root:/root:/bin/sh\n"
				 "daemon:x:1:7:daemon:/usr/sbin:/bin/false\n"
				 "app:x:1000:1001:an app:/home/app:/bin/sh\n"
				 "1234:x:5:5:a name of digits:/x:/bin/sh\n"
				 "+::::::\n\n"
				 "short:x:77\n"
				 "homeless:x:1002:1002:::/bin/sh\n");
	write_file("etc/group", "root:x:0:\nwheel:x:10:root,app\napp:x:1001:app\n"
				"extra:x:2000:other,app\nothers:x:2001:apple,xapp\n55:x:3:\n");
	return 0;
}

static int end(void **state)
{
	(void)state;
	account_finish(&account);
	close(root);
	return 0;
}

static void check(const char *text, uint32_t uid, uint32_t gid, const char *home)
{
	account_finish(&account);
	SUCCEEDS(account_find(root, text, &account, &err));
	assert_int_equal(account.uid, uid);
	assert_int_equal(account.gid, gid);
	assert_string_equal(account.home, home);
}

static void check_fails(const char *text, int code, const char *words)
{
	account_finish(&account);
	FAILS(account_find(root, text, &account, &err), code, words);
	assert_false(text_has_control(err.msg));
}

static void names_are_looked_up(void **state)
{
	(void)state;
	check("app", 1000, 1001, "/home/app");
	check("app:extra", 1000, 2000, "/home/app");
	check("app:77", 1000, 77, "/home/app");
	check("5:app", 5, 1001, "/x");
	check("app:", 1000, 1001, "/home/app");
	check("homeless", 1002, 1002, "/");
}

static void digits_are_ids_even_where_a_name_has_them(void **state)
{
	(void)state;
	check("1234", 1234, 0, "/");
	check("1000:55", 1000, 55, "/home/app");
	check("007", 7, 0, "/");
}

static void an_id_alone_has_the_group_of_passwd(void **state)
{
	(void)state;
	check("1", 1, 7, "/usr/sbin");
	check("9999", 9999, 0, "/");
	check("", 0, 0, "/root");
}

static void only_a_name_has_supplementary_groups(void **state)
{
	(void)state;
	check("app", 1000, 1001, "/home/app");
	assert_int_equal(account.groups.n, 3);
	assert_int_equal(account.groups.v[0], 1001);
	assert_int_equal(account.groups.v[1], 10);
	assert_int_equal(account.groups.v[2], 2000);
	check("", 0, 0, "/root");
	assert_int_equal(account.groups.n, 2);
	assert_int_equal(account.groups.v[1], 10);
	check("1000", 1000, 1001, "/home/app");
	assert_int_equal(account.groups.n, 0);
	check("app:extra", 1000, 2000, "/home/app");
	assert_int_equal(account.groups.n, 0);
}

static void ids_beyond_31_bits_are_refused(void **state)
{
	static const char *const ids[] = { "2147483648", "4294967295", "4294967296",
					   "18446744073709551616", "99999999999999999999999999" };

	(void)state;
	check("2147483647:2147483647", 2147483647, 2147483647, "/");
	for (size_t i = 0; i < sizeof ids / sizeof *ids; i++) {
		char group[64];

		check_fails(ids[i], EINVAL, "out of range");
		snprintf(group, sizeof group, "0:%s", ids[i]);
		check_fails(group, EINVAL, "out of range");
	}
}

static void what_is_neither_name_nor_id_is_refused(void **state)
{
	(void)state;
	check_fails("-1", EINVAL, "is not in /etc/passwd");
	check_fails("+5", EINVAL, "is not in /etc/passwd");
	check_fails("0x0", EINVAL, "is not in /etc/passwd");
	check_fails(" 0", EINVAL, "is not in /etc/passwd");
	check_fails("nobody", EINVAL, "is not in /etc/passwd");
	check_fails("short", EINVAL, "is not in /etc/passwd");
	check_fails("app:none", ENOENT, "is not in /etc/group");
	check_fails("1:2:3", ENOENT, "is not in /etc/group");
	check_fails(":1000", EINVAL, "names a group only");
	check_fails(":", EINVAL, "names a group only");
	check_fails("app\n", EINVAL, "control character");
	check_fails("a\033[2Jpp", EINVAL, "control character");
}

static void passwd_cannot_give_ids_out_of_range(void **state)
{
	(void)state;
	write_file("etc/passwd", "big:x:4294967296:0::/:\nneg:x:-1:0::/:\nempty:x::0::/:\n"
				 "group:x:5:4294967295::/:\nok:x:6:6::/:\n");
	write_file("etc/group", "big:x:4294967296:ok\n");
	check_fails("big", ERANGE, "ids must be 0 to 2147483647");
	check_fails("neg", ERANGE, "ids must be");
	check_fails("empty", ERANGE, "ids must be");
	check_fails("group", ERANGE, "ids must be");
	check_fails("ok", ERANGE, "a group's id");
	check_fails("6:big", ERANGE, "ids must be");
}

static void a_home_has_no_control_characters(void **state)
{
	(void)state;
	write_file("etc/passwd",
		   "root:x:0:0::/root\rx:\napp:x:1:1::/h\033[0m:\nrel:x:2:2::home:\n");
	check_fails("", EINVAL, "control character in the home directory");
	check_fails("1", EINVAL, "control character in the home directory");
	check("rel", 2, 2, "/");
}

static void files_that_are_not_there_have_no_lines(void **state)
{
	(void)state;
	assert_int_equal(unlinkat(root, "etc/passwd", 0), 0);
	assert_int_equal(unlinkat(root, "etc/group", 0), 0);
	check("", 0, 0, "/");
	check("1000:1000", 1000, 1000, "/");
	check_fails("app", EINVAL, "is not in /etc/passwd");
	check_fails("0:app", ENOENT, "is not in /etc/group");
	assert_int_equal(unlinkat(root, "etc", AT_REMOVEDIR), 0);
	check("5", 5, 0, "/");
}

static void links_stay_in_the_root(void **state)
{
	(void)state;
	make_text(in_sandbox("outside"), "root:x:0:0::/outside:\nevil:x:0:0::/outside:\n");
	assert_int_equal(unlinkat(root, "etc/passwd", 0), 0);
	assert_int_equal(symlinkat(in_sandbox("outside"), root, "etc/passwd"), 0);
	check_fails("evil", EINVAL, "is not in /etc/passwd");
	assert_int_equal(unlinkat(root, "etc/passwd", 0), 0);
	assert_int_equal(symlinkat("../../outside", root, "etc/passwd"), 0);
	check("", 0, 0, "/");
	write_file("other", "app:x:8:8::/inside:\n");
	assert_int_equal(unlinkat(root, "etc/passwd", 0), 0);
	assert_int_equal(symlinkat("/other", root, "etc/passwd"), 0);
	check("app", 8, 8, "/inside");
}

static void what_is_no_regular_file_is_an_error(void **state)
{
	(void)state;
	assert_int_equal(unlinkat(root, "etc/passwd", 0), 0);
	assert_int_equal(mkfifoat(root, "etc/passwd", 0644), 0);
	check_fails("0", EINVAL, "not a regular file");
	assert_int_equal(unlinkat(root, "etc/passwd", 0), 0);
	assert_int_equal(mkdirat(root, "etc/passwd", 0755), 0);
	check_fails("", EINVAL, "not a regular file");
	assert_int_equal(unlinkat(root, "etc/passwd", AT_REMOVEDIR), 0);
	assert_int_equal(symlinkat("passwd", root, "etc/passwd"), 0);
	check_fails("0", ELOOP, "/etc/passwd");
}

static void a_large_file_is_an_error(void **state)
{
	int fd = openat(root, "etc/group", O_WRONLY | O_CLOEXEC);

	(void)state;
	assert_int_equal(ftruncate(fd, USERS_FILE_MAX), 0);
	check("app", 1000, 1001, "/home/app");
	assert_int_equal(ftruncate(fd, USERS_FILE_MAX + 1), 0);
	check_fails("app", EFBIG, "/etc/group");
	assert_int_equal(ftruncate(fd, 100 << 20), 0);
	check_fails("app", EFBIG, "/etc/group");
	close(fd);
}

static void groups_without_number_are_an_error(void **state)
{
	struct buffer text = { 0 };

	(void)state;
	for (int i = 0; i < USERS_GROUPS_MAX + 1; i++)
		buffer_print(&text, "g:x:%d:app\n", i);
	write_file("etc/group", text.text);
	buffer_finish(&text);
	check_fails("app", E2BIG, "more than 65536 groups");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(names_are_looked_up, begin, end),
		cmocka_unit_test_setup_teardown(digits_are_ids_even_where_a_name_has_them, begin,
						end),
		cmocka_unit_test_setup_teardown(an_id_alone_has_the_group_of_passwd, begin, end),
		cmocka_unit_test_setup_teardown(only_a_name_has_supplementary_groups, begin, end),
		cmocka_unit_test_setup_teardown(ids_beyond_31_bits_are_refused, begin, end),
		cmocka_unit_test_setup_teardown(what_is_neither_name_nor_id_is_refused, begin, end),
		cmocka_unit_test_setup_teardown(passwd_cannot_give_ids_out_of_range, begin, end),
		cmocka_unit_test_setup_teardown(a_home_has_no_control_characters, begin, end),
		cmocka_unit_test_setup_teardown(files_that_are_not_there_have_no_lines, begin, end),
		cmocka_unit_test_setup_teardown(links_stay_in_the_root, begin, end),
		cmocka_unit_test_setup_teardown(what_is_no_regular_file_is_an_error, begin, end),
		cmocka_unit_test_setup_teardown(a_large_file_is_an_error, begin, end),
		cmocka_unit_test_setup_teardown(groups_without_number_are_an_error, begin, end),
	};

	return cmocka_run_group_tests(tests, sandbox_setup, sandbox_teardown);
}
