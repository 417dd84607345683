/* A layer's attributes: those of its files are set, those that would mean something to the host are not. */
#include "imgtool/layer/xattrs.h"

#include "tests/unit/made_tree.h"

/* linux/capability.h: revision 2, effective, cap_net_raw permitted. */
static const char capability[] = "\1\0\0\2\0\40\0\0\0\0\0\0\0\0\0\0\0\0\0\0";
#define CAPABILITY capability, sizeof capability - 1

/* u::rw-, u:12:rw-, g::r--, m::rw-, o::r-- */
static const char acl[] = "\2\0\0\0"
			  "\1\0\6\0\377\377\377\377"
			  "\2\0\6\0\14\0\0\0"
			  "\4\0\4\0\377\377\377\377"
			  "\20\0\6\0\377\377\377\377"
			  "\40\0\4\0\377\377\377\377";
#define ACCESS "system.posix_acl_access"

static void only_what_a_container_can_use_is_taken(void **state)
{
	static const struct {
		const char *name;
		enum layer_xattr kind, recorded;
	} names[] = {
		{ "user.mime_type", LAYER_XATTR_USER, LAYER_XATTR_USER },
		{ "user.overlayed", LAYER_XATTR_USER, LAYER_XATTR_USER },
		{ "user.rootlesscontainers", LAYER_XATTR_USER, LAYER_XATTR_PASSED_OVER },
		{ "security.capability", LAYER_XATTR_CAPABILITY, LAYER_XATTR_CAPABILITY },
		{ ACCESS, LAYER_XATTR_ACL, LAYER_XATTR_PASSED_OVER },
		{ "system.posix_acl_default", LAYER_XATTR_ACL_DEFAULT, LAYER_XATTR_PASSED_OVER },
		{ "user.overlay.opaque", LAYER_XATTR_PASSED_OVER, LAYER_XATTR_PASSED_OVER },
		{ "user.overlay.whiteout", LAYER_XATTR_PASSED_OVER, LAYER_XATTR_PASSED_OVER },
		{ "trusted.overlay.opaque", LAYER_XATTR_PASSED_OVER, LAYER_XATTR_PASSED_OVER },
		{ "trusted.overlay.redirect", LAYER_XATTR_PASSED_OVER, LAYER_XATTR_PASSED_OVER },
		{ "trusted.overlay.overlay.opaque", LAYER_XATTR_PASSED_OVER,
		  LAYER_XATTR_PASSED_OVER },
		{ "trusted.gfid", LAYER_XATTR_PASSED_OVER, LAYER_XATTR_PASSED_OVER },
		{ "security.selinux", LAYER_XATTR_PASSED_OVER, LAYER_XATTR_PASSED_OVER },
		{ "security.SMACK64EXEC", LAYER_XATTR_PASSED_OVER, LAYER_XATTR_PASSED_OVER },
		{ "security.ima", LAYER_XATTR_PASSED_OVER, LAYER_XATTR_PASSED_OVER },
		{ "system.nfs4_acl", LAYER_XATTR_PASSED_OVER, LAYER_XATTR_PASSED_OVER },
		{ "com.apple.provenance", LAYER_XATTR_PASSED_OVER, LAYER_XATTR_PASSED_OVER },
		{ "", LAYER_XATTR_PASSED_OVER, LAYER_XATTR_PASSED_OVER },
	};

	(void)state;
	for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
		if (layer_xattr_kind(names[i].name, false) != names[i].kind ||
		    layer_xattr_kind(names[i].name, true) != names[i].recorded)
			fail_msg("%s", names[i].name);
	}
}

static void a_files_attributes_are_set(void **state)
{
	char found[sizeof capability];

	(void)state;
	NEED_SANDBOX();
	if (!has_xattrs("user.x", "x", 1))
		SKIP("this file system has no user attributes");
	begin_tree();
	/* Neither the chown nor the write takes the capability away, nor the mode the attribute. */
	makes_content(with_xattr(with_xattr(owned_by(entry_of("ping", S_IFREG | 0555), 12, 34),
					    XATTR_CAPABILITY, CAPABILITY),
				 "user.a", "\0b", 2),
		      "program");
	end_tree();
	assert_int_equal(xattr_of("ping", XATTR_CAPABILITY, found, sizeof found),
			 sizeof capability - 1);
	assert_memory_equal(found, capability, sizeof capability - 1);
	assert_int_equal(xattr_of("ping", "user.a", found, sizeof found), 2);
	assert_memory_equal(found, "\0b", 2);
	check_mode("ping", 0555);
	check_time("ping", THEN, 123456789);
	assert_int_equal(counts.xattrs_left_out, 0);
}

static void the_last_of_a_name_counts(void **state)
{
	struct entry entry = with_xattr(
		with_xattr(with_xattr(with_xattr(entry_of("f", S_IFREG | 0644), "user.a", "1", 1),
				      XATTR_CAPABILITY, "none", 4),
			   "user.a", "2", 1),
		XATTR_CAPABILITY, CAPABILITY);

	(void)state;
	NEED_SANDBOX();
	if (!has_xattrs("user.x", "x", 1))
		SKIP("this file system has no user attributes");
	begin_tree();
	makes(entry);
	end_tree();
	check_xattr("f", "user.a", "2");
	assert_int_equal(xattr_of("f", XATTR_CAPABILITY, NULL, 0), sizeof capability - 1);
}

static void a_forged_mark_is_not_set(void **state)
{
	static const char *const names[] = { "trusted.overlay.opaque", "user.overlay.opaque",
					     "security.selinux", "trusted.md5" };

	(void)state;
	for (size_t i = 0; i < 4; i++) {
		begin_tree();
		makes(with_xattr(entry_of("d", S_IFDIR | 0755), names[i], "y", 1));
		makes(with_xattr(entry_of("f", S_IFREG | 0644), names[i], "y", 1));
		makes(with_xattr(entry_of("fifo", S_IFIFO | 0644), names[i], "y", 1));
		makes(with_xattr(symlink_entry("l", "f"), names[i], "y", 1));
		end_tree();
		assert_int_equal(xattr_of("d", names[i], NULL, 0), -1);
		assert_int_equal(xattr_of("f", names[i], NULL, 0), -1);
		assert_int_equal(xattr_of("fifo", names[i], NULL, 0), -1);
		assert_int_equal(xattr_of("l", names[i], NULL, 0), -1);
	}
}

static void a_device_may_have_an_acl(void **state)
{
	char found[sizeof acl];

	(void)state;
	NEED_SANDBOX();
	if (!has_xattrs(ACCESS, acl, sizeof acl - 1))
		SKIP("this file system has no ACLs");
	begin_tree();
	makes(with_xattr(entry_of("tty", S_IFCHR | 0664), ACCESS, acl, sizeof acl - 1));
	makes(with_xattr(entry_of("f", S_IFREG | 0664), ACCESS, acl, sizeof acl - 1));
	end_tree();
	assert_int_equal(xattr_of("tty", ACCESS, found, sizeof found), sizeof acl - 1);
	assert_memory_equal(found, acl, sizeof acl - 1);
	assert_int_equal(xattr_of("f", ACCESS, NULL, 0), sizeof acl - 1);
	check_mode("f", 0664);
}

static void a_bad_value_is_an_error(void **state)
{
	static char large[100];

	(void)state;
	NEED_SANDBOX();
	begin_tree();
	FAILS(make(with_xattr(entry_of("f", S_IFREG | 0644), XATTR_CAPABILITY, large,
			      sizeof large)),
	      EINVAL, "security.capability of 100 bytes");
	if (has_xattrs(ACCESS, acl, sizeof acl - 1))
		FAILS(make(with_xattr(entry_of("f", S_IFREG | 0644), ACCESS, acl, 7)), EINVAL,
		      "set attribute 'system.posix_acl_access'");
	makes(with_xattr(entry_of("g", S_IFREG | 0644), XATTR_CAPABILITY, large, 5));
	FAILS(make(entry_of("h", S_IFREG | 0644)), EINVAL, "security.capability");
}

/* ---- what the caller may not set ---- */

static void as_user(void *context)
{
	(void)context;
	EXPECT(setgid(1000) == 0 && setuid(1000) == 0);
	tree = tree_open(root, &options, &err);
	EXPECT(tree);
	struct entry entry =
		with_xattr(entry_of("f", S_IFREG | 0755), XATTR_CAPABILITY, CAPABILITY);
	EXPECT_SUCCESS(tree_make(tree, &entry, &err));
	EXPECT_SUCCESS(tree_finish(tree, &counts, &err));
	EXPECT(counts.xattrs_left_out == 1);
}

static void a_user_does_without_capabilities(void **state)
{
	(void)state;
	NEED_SANDBOX();
	assert_int_equal(fchownat(root, "", 1000, 1000, AT_EMPTY_PATH), 0);
	in_child(as_user, NULL);
	assert_true(is_there("f"));
	assert_int_equal(xattr_of("f", XATTR_CAPABILITY, NULL, 0), -1);
}

static void a_file_system_without_attributes_is_no_error(void **state)
{
	(void)state;
	NEED_SANDBOX();
	folder("ramfs");
	char path[100];
	int place = openat(root, "ramfs", O_PATH | O_DIRECTORY | O_CLOEXEC);

	snprintf(path, sizeof path, "/proc/self/fd/%d", place);
	assert_int_equal(mount("ramfs", path, "ramfs", 0, NULL), 0);
	int other = openat(root, "ramfs", O_PATH | O_DIRECTORY | O_CLOEXEC);
	tree = tree_open(other, &options, &err);
	assert_non_null(tree);
	makes(with_xattr(with_xattr(entry_of("d", S_IFDIR | 0755), "user.a", "b", 1), ACCESS, acl,
			 sizeof acl - 1));
	makes(with_xattr(entry_of("f", S_IFREG | 0755), XATTR_CAPABILITY, CAPABILITY));
	end_tree();
	assert_in_range(counts.xattrs_left_out, 2, 3);
	close(other);
	assert_int_equal(umount2(path, MNT_DETACH), 0);
	close(place);
}

/* ---- owners that are recorded ---- */

/* In a child, where cmocka must not judge. */
static void user_begins(void)
{
	tree = tree_open(root, &options, &err);
	if (!tree)
		child_fail(__FILE__, __LINE__, "tree_open", err.msg);
}

static void user_makes(const char *path, mode_t mode, uint32_t uid, uint32_t gid)
{
	struct entry entry = owned_by(entry_of(path, mode), uid, gid);

	entry.link = S_ISLNK(mode) ? text("others") : NULL;
	entry.size = S_ISREG(mode) ? 4 : 0;
	if (strcmp(path, "forged") == 0)
		entry = with_xattr(entry, "user.rootlesscontainers", "\10\7", 2);
	if (make(entry))
		child_fail(__FILE__, __LINE__, path, err.msg);
	if (S_ISREG(mode))
		EXPECT_SUCCESS(tree_write(tree, "text", 4, 0, &err));
}

static void record(void *context)
{
	(void)context;
	EXPECT(setgid(1000) == 0 && setuid(1000) == 0);
	options.ownership = TREE_OWNERSHIP_RECORDED;
	options.leave_out_devices = true;
	for (unsigned layer = 0; layer < 2; layer++) {
		user_begins();
		user_makes("", S_IFDIR | 0500, 0, 0);
		user_makes("roots", S_IFREG | 0000, 0, 0);
		user_makes("others", S_IFREG | 04444, 12, 300);
		user_makes("forged", S_IFREG | 0444, 0, 0);
		user_makes("locked", S_IFDIR | 0000, 5, 0);
		user_makes("locked/f", S_IFREG | 0400, 0, 7);
		user_makes("locked/d/f", S_IFREG | 0400, 0, 0);
		user_makes("readable", S_IFDIR | 0444, 0, 0);
		user_makes("readable/f", S_IFREG | 0400, 0, 0);
		user_makes("away", S_IFDIR | 0000, 0, 0);
		user_makes("away/locked", S_IFDIR | 0000, 0, 0);
		user_makes("away/locked/f", S_IFREG | 0000, 0, 0);
		user_makes("link", S_IFLNK | 0777, 12, 34);
		user_makes("null", S_IFCHR | 0666, 0, 0);
		user_makes("fifo", S_IFIFO | 0000, 12, 34);
		EXPECT_SUCCESS(tree_finish(tree, &counts, &err));
	}
	/* Without entries of their own, directories that keep us out are left as they were. */
	user_begins();
	user_makes("locked/g", S_IFREG | 0400, 0, 0);
	EXPECT_SUCCESS(tree_remove(tree, "readable/f", &err));
	EXPECT_SUCCESS(tree_remove(tree, "away", &err));
	user_makes("readable/g", S_IFREG | 0400, 0, 0);
	EXPECT_SUCCESS(tree_finish(tree, &counts, &err));
}

static void owners_of_others_are_recorded(void **state)
{
	(void)state;
	NEED_SANDBOX();
	if (!has_xattrs("user.x", "x", 1))
		SKIP("this file system has no user attributes");
	assert_int_equal(fchownat(root, "", 1000, 1000, AT_EMPTY_PATH), 0);
	in_child(record, NULL);
	assert_int_equal(stat_of("others").st_uid, 1000);
	/* Field 1: 12, field 2: 300. */
	check_xattr("others", "user.rootlesscontainers", "\10\14\20\254\2");
	check_xattr("locked", "user.rootlesscontainers", "\10\5");
	check_xattr("locked/f", "user.rootlesscontainers", "\20\7");
	assert_int_equal(xattr_of("roots", "user.rootlesscontainers", NULL, 0), -1);
	assert_int_equal(xattr_of("forged", "user.rootlesscontainers", NULL, 0), -1);
	check_mode(".", 0500);
	check_mode("roots", 0000);
	check_mode("others", 04444);
	check_mode("locked", 0000);
	check_mode("locked/f", 0400);
	check_mode("readable", 0444);
	check_mode("fifo", 0000);
	assert_true(is_there("locked/g"));
	assert_true(is_there("readable/g"));
	assert_false(is_there("readable/f"));
	assert_false(is_there("away"));
	assert_false(is_there("null"));
	check_time("locked", THEN, 123456789);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		TREE_CASE(only_what_a_container_can_use_is_taken),
		TREE_CASE(a_files_attributes_are_set),
		TREE_CASE(the_last_of_a_name_counts),
		TREE_CASE(a_forged_mark_is_not_set),
		TREE_CASE(a_device_may_have_an_acl),
		TREE_CASE(a_bad_value_is_an_error),
		TREE_CASE(a_user_does_without_capabilities),
		TREE_CASE(a_file_system_without_attributes_is_no_error),
		TREE_CASE(owners_of_others_are_recorded),
	};

	return cmocka_run_group_tests(tests, sandbox_setup, sandbox_teardown);
}
