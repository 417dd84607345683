/* What directories have for themselves is theirs at the end, and nothing that is made in them inherits it. */
#include "tests/unit/made_tree.h"

/* linux/posix_acl_xattr.h: version 2, then tag, permissions and id, all little-endian. Here u::rwx, u:12:rwx, g::r-x, m::rwx,
 * o::r-x. */
static const char acl[] = "\2\0\0\0"
			  "\1\0\7\0\377\377\377\377"
			  "\2\0\7\0\14\0\0\0"
			  "\4\0\5\0\377\377\377\377"
			  "\20\0\7\0\377\377\377\377"
			  "\40\0\5\0\377\377\377\377";
#define ACL acl, sizeof acl - 1
#define ACCESS "system.posix_acl_access"
#define DEFAULT "system.posix_acl_default"

static void a_directory_has_its_own_time_whatever_is_made_in_it(void **state)
{
	struct entry later = entry_of("d", S_IFDIR | 0755);

	(void)state;
	later.mtime = (struct timespec){ THEN + 5, 999999999 };
	begin_tree();
	makes_directory("d", 0755);
	makes_directory("d/e", 0755);
	makes_file("d/e/f", "text");
	makes(later);
	makes_file("d/g", "text");
	end_tree();
	check_time("d", THEN + 5, 999999999);
	check_time("d/e", THEN, 123456789);
}

static void a_directory_without_an_entry_keeps_its_time(void **state)
{
	(void)state;
	begin_tree();
	makes_directory("", 0755);
	makes_directory("d", 0755);
	makes_directory("d/e", 0755);
	makes_directory("gone", 0755);
	makes_file("d/e/old", "text");
	next_tree();
	makes_file("d/e/new", "text");
	makes_file("d/e/f/g", "text");
	SUCCEEDS(tree_remove(tree, "d/e/old", &err));
	SUCCEEDS(tree_remove(tree, "gone", &err));
	end_tree();
	check_time(".", THEN, 123456789);
	check_time("d", THEN, 123456789);
	check_time("d/e", THEN, 123456789);
	assert_false(is_there("d/e/old"));
}

static void a_directory_over_a_directory_changes_its_attributes(void **state)
{
	struct entry entry =
		owned_by(entry_of("d", S_IFDIR | 01770), geteuid() ? getuid() : 12, getegid());

	(void)state;
	entry.mtime.tv_sec++;
	begin_tree();
	makes(with_xattr(with_xattr(entry_of("d", S_IFDIR | 0755), "user.old", "1", 1), "user.both",
			 "1", 1));
	makes_file("d/f", "text");
	next_tree();
	makes(with_xattr(with_xattr(entry, "user.new", "2", 1), "user.both", "2", 1));
	end_tree();
	check_text("d/f", "text");
	check_mode("d", 01770);
	check_time("d", THEN + 1, 123456789);
	assert_int_equal(stat_of("d").st_uid, entry.uid);
	if (!has_xattrs("user.x", "x", 1))
		return;
	check_xattr("d", "user.new", "2");
	check_xattr("d", "user.both", "2");
	assert_int_equal(xattr_of("d", "user.old", NULL, 0), -1);
}

static void nothing_inherits_a_setgid_bit_or_a_group(void **state)
{
	(void)state;
	NEED_SANDBOX();
	begin_tree();
	makes(owned_by(entry_of("d", S_IFDIR | 02775), 0, 50));
	makes_directory("d/e", 0755);
	makes_file("d/f", "text");
	next_tree();
	makes_directory("d/e2", 0755);
	makes_file("d/f2", "text");
	makes_file("d/implied/f", "text");
	makes(symlink_entry("d/l", "f"));
	makes(entry_of("d/fifo", S_IFIFO | 0644));
	end_tree();
	check_mode("d", 02775);
	assert_int_equal(stat_of("d").st_gid, 50);
	check_mode("d/e", 0755);
	check_mode("d/e2", 0755);
	check_mode("d/implied", 0755);
	assert_int_equal(stat_of("d/e2").st_gid, 0);
	assert_int_equal(stat_of("d/f2").st_gid, 0);
	assert_int_equal(stat_of("d/l").st_gid, 0);
	assert_int_equal(stat_of("d/fifo").st_gid, 0);
}

static void nothing_inherits_a_default_acl(void **state)
{
	char found[sizeof acl];

	(void)state;
	if (!has_xattrs(DEFAULT, ACL))
		SKIP("this file system has no ACLs");
	begin_tree();
	makes(with_xattr(entry_of("d", S_IFDIR | 0755), DEFAULT, ACL));
	makes(with_xattr(entry_of("other", S_IFDIR | 0755), DEFAULT, ACL));
	makes_directory("d/e", 0700);
	makes_file("d/f", "text");
	next_tree();
	makes_directory("d/e2", 0700);
	makes_file("d/f2", "text");
	makes(entry_of("d/fifo", S_IFIFO | 0600));
	/* An entry without one takes it away. */
	makes_file("other/f", "text");
	makes_directory("other", 0755);
	end_tree();
	assert_int_equal(xattr_of("d", DEFAULT, found, sizeof found), sizeof acl - 1);
	assert_memory_equal(found, acl, sizeof acl - 1);
	assert_int_equal(xattr_of("other", DEFAULT, NULL, 0), -1);
	for (size_t i = 0; i < 5; i++) {
		const char *names[] = { "d/e", "d/f", "d/e2", "d/f2", "d/fifo" };

		assert_int_equal(xattr_of(names[i], ACCESS, NULL, 0), -1);
		assert_int_equal(xattr_of(names[i], DEFAULT, NULL, 0), -1);
	}
	check_mode("d/e2", 0700);
	check_mode("d/f2", 0644);
	check_mode("d/fifo", 0600);
}

static void acls_of_many_directories_are_bounded(void **state)
{
	static char value[65000];
	char name[32];
	int status = 0;

	(void)state;
	memcpy(value, ACL);
	begin_tree();
	for (unsigned i = 0; i < 1000 && !status; i++) {
		struct entry entry;
		struct entry_xattr xattr = { text(DEFAULT), value, sizeof value };

		snprintf(name, sizeof name, "d%u", i);
		entry = entry_of(name, S_IFDIR | 0755);
		entry.xattrs = &xattr;
		entry.n_xattrs = 1;
		status = make(entry);
	}
	assert_int_equal(status, -1);
	assert_int_equal(err.code, EFBIG);
}

static void what_was_removed_is_not_settled(void **state)
{
	(void)state;
	begin_tree();
	makes_directory("d", 02755);
	makes_directory("d/e", 02755);
	makes_file("d/e/f", "text");
	makes(symlink_entry("d", "../outside"));
	end_tree();
	assert_true(S_ISLNK(stat_of("d").st_mode));
	begin_tree();
	makes_directory("a", 0711);
	makes_directory("a/b", 0711);
	makes_file("a", "text");
	makes_directory("a", 0700);
	end_tree();
	check_mode("a", 0700);
	check_time("a", THEN, 123456789);
	assert_false(is_there("a/b"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		TREE_CASE(a_directory_has_its_own_time_whatever_is_made_in_it),
		TREE_CASE(a_directory_without_an_entry_keeps_its_time),
		TREE_CASE(a_directory_over_a_directory_changes_its_attributes),
		TREE_CASE(nothing_inherits_a_setgid_bit_or_a_group),
		TREE_CASE(nothing_inherits_a_default_acl),
		TREE_CASE(acls_of_many_directories_are_bounded),
		TREE_CASE(what_was_removed_is_not_settled),
	};

	return cmocka_run_group_tests(tests, sandbox_setup, sandbox_teardown);
}
