/* Extended attributes and ACLs. */
#include "imgtool/layer/tar_acl.h"

#include "tests/unit/tars.h"

static void expect_xattr(size_t i, const char *name, const void *value, size_t size)
{
	assert_true(i < entry->n_xattrs);
	assert_string_equal(entry->xattrs[i].name, name);
	assert_int_equal(entry->xattrs[i].size, size);
	assert_memory_equal(entry->xattrs[i].value, value, size);
}

static void attributes(void **state)
{
	(void)state;
	add_record(&records, "SCHILY.xattr.user.binary", "\0=\n\xff", 4);
	record("SCHILY.xattr.user.twice", "first");
	record("SCHILY.xattr.user.gr\xc3\xbc", "");
	record("LIBARCHIVE.xattr.user.a%3Db", "AP8");
	record("SCHILY.xattr.user.twice", "last");
	add_x();
	add((struct block){ .name = "with" });
	add((struct block){ .name = "without" });
	add_end(&bytes);
	open_tar();
	expect_entry("with");
	assert_int_equal(entry->n_xattrs, 5);
	expect_xattr(0, "user.binary", "\0=\n\xff", 4);
	expect_xattr(1, "user.twice", "first", 5);
	expect_xattr(2, "user.gr\xc3\xbc", "", 0);
	expect_xattr(3, "user.a=b", "\0\xff", 2);
	expect_xattr(4, "user.twice", "last", 4);
	expect_entry("without");
	assert_int_equal(entry->n_xattrs, 0);
	expect_end();
}

static void attributes_up_to_the_bound(void **state)
{
	char *value = malloc(ENTRY_XATTRS_MAX);

	(void)state;
	assert_non_null(value);
	memset(value, 'v', ENTRY_XATTRS_MAX);
	add_record(&records, "SCHILY.xattr.user.a", value, ENTRY_XATTRS_MAX - 6);
	add_x();
	add((struct block){ .name = "large" });
	add_record(&records, "SCHILY.xattr.user.a", value, ENTRY_XATTRS_MAX - 12);
	record("SCHILY.xattr.user.b", "v");
	add_x();
	add((struct block){ .name = "larger" });
	add_end(&bytes);
	open_tar();
	expect_entry("large");
	expect_xattr(0, "user.a", value, ENTRY_XATTRS_MAX - 6);
	expect_failure(E2BIG, "more than");
	free(value);
}

static void acl_as_text(void **state)
{
	/* linux/posix_acl_xattr.h: version 2; tag, permissions, id. */
	static const unsigned char access[] = {
		2,    0, 0, 0, 0x01, 0,	   6,	 0,    0xff, 0xff, 0xff, 0xff, /* user */
		0x02, 0, 7, 0, 0xe8, 3,	   0,	 0,    0x02, 0,	   4,	 0,
		0xe9, 3, 0, 0,			       /* users 1000, 1001 */
		0x04, 0, 4, 0, 0xff, 0xff, 0xff, 0xff, /* group */
		0x08, 0, 5, 0, 0x64, 0,	   0,	 0,    /* group 100 */
		0x10, 0, 7, 0, 0xff, 0xff, 0xff, 0xff, /* mask */
		0x20, 0, 0, 0, 0xff, 0xff, 0xff, 0xff, /* others */
	};
	static const unsigned char inherited[] = {
		2, 0, 0,    0,	  0x01, 0,    7,    0, 0xff, 0xff, 0xff, 0xff, 0x04, 0,
		5, 0, 0xff, 0xff, 0xff, 0xff, 0x20, 0, 5,    0,	   0xff, 0xff, 0xff, 0xff,
	};

	(void)state;
	/* GNU tar's numbers in place of names, and star's behind them, in any order. */
	record("SCHILY.acl.access", "user::rw-\nuser:lisa:r--:1001\nuser:1000:rwx\ngroup::r--"
				    "\ngroup:100:r-x\nmask::rwx\nother::---");
	record("SCHILY.acl.default", "user::rwx,group::r-x,other::r-x");
	add_x();
	add((struct block){ .type = '5', .name = "dir", .mode = "0000670" });
	record("SCHILY.acl.access", "user::rw-,group::r--,other::---");
	add_x();
	add((struct block){ .name = "only-mode", .mode = "0000640" });
	add_end(&bytes);
	open_tar();
	expect_entry("dir");
	assert_int_equal(entry->n_xattrs, 2);
	expect_xattr(0, "system.posix_acl_access", access, sizeof access);
	expect_xattr(1, "system.posix_acl_default", inherited, sizeof inherited);
	assert_int_equal(entry->mode, S_IFDIR | 0670);
	expect_entry("only-mode");
	assert_int_equal(entry->n_xattrs, 0);
	assert_int_equal(entry->mode, S_IFREG | 0640);
	expect_end();
}

static void acls_that_cannot_be(void **state)
{
	static const struct {
		const char *text, *words;
	} cases[] = {
		{ "user::rw-,user:lisa:rw-,group::r--,mask::rw-,other::---",
		  "'lisa' has no number" },
		{ "user::rw-,user:4294967296:rw-,group::r--,mask::rw-,other::---", "" },
		{ "user::rw-,what:1:rw-,group::r--,other::---", "" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		record("SCHILY.acl.access", cases[i].text);
		add_x();
		add((struct block){ .name = "file" });
		add_end(&bytes);
		open_tar();
		assert_int_equal(tar_next(tar, &entry, &err), -1);
		assert_non_null(strstr(err.msg, cases[i].words));
		finish(NULL);
		prepare(NULL);
	}
}

static void acl_of_many(void **state)
{
	struct buffer text = { 0 };

	(void)state;
	buffer_print(&text, "user::rw-,group::r--,mask::rw-,other::---");
	for (int i = 0; i < 1100; i++)
		buffer_print(&text, ",user:%d:rw-", 1000 + i);
	record("SCHILY.acl.access", text.text);
	add_x();
	add((struct block){ .name = "file" });
	add_end(&bytes);
	open_tar();
	expect_failure(E2BIG, "more than 1024 entries");
	buffer_finish(&text);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		CASE(attributes),  CASE(attributes_up_to_the_bound),
		CASE(acl_as_text), CASE(acls_that_cannot_be),
		CASE(acl_of_many),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
