/* Names, owners, devices and times, in every form that an archive may have them. */
#include "tests/unit/tars.h"

static const char *const odd_names[] = {
	"plain",
	"gr\xc3\xbc\xc3\x9f",	     /* UTF-8 */
	"gr\xfc\xdf",		     /* the same in Latin-1 */
	"\xed\xa0\xbd\xed\xb8\x80",  /* surrogates, which are no UTF-8 */
	"\xc0\xaf",		     /* an overlong slash */
	"\xf0\x9f\x98\x80\xff\x01a", /* beyond the basic plane, and no character at all */
	"u\xcc\x88",		     /* not composed */
	"tab\tnewline\nend",
};

/* In every format, whatever the locale. */
static void names_are_bytes(void **state)
{
	static const char *const locales[] = { "C", "C.UTF-8", "POSIX" };

	(void)state;
	for (size_t l = 0; l < 3; l++) {
		assert_non_null(setlocale(LC_ALL, locales[l]));
		for (size_t i = 0; i < sizeof odd_names / sizeof *odd_names; i++) {
			const char *name = odd_names[i];

			add((struct block){ .name = name });
			add((struct block){ .name = name, .magic = "" });
			add_member(&bytes, (struct block){ .type = 'L', .magic = "ustar  " }, name,
				   strlen(name) + 1);
			add_member(&bytes, (struct block){ .type = 'K', .magic = "ustar  " }, name,
				   strlen(name) + 1);
			add((struct block){
				.type = '2', .name = "x", .link = "y", .magic = "ustar  " });
			record("path", name);
			record("linkpath", name);
			add_x();
			add((struct block){ .type = '2', .name = "x", .link = "y" });
			record("linkpath", name);
			record("hdrcharset", "BINARY");
			record("path", name);
			add_x();
			add((struct block){ .type = '1', .name = "x", .link = "y" });
		}
		add_end(&bytes);
		open_tar();
		for (size_t i = 0; i < sizeof odd_names / sizeof *odd_names; i++)
			for (int form = 0; form < 5; form++) {
				expect_entry(odd_names[i]);
				if (form >= 2)
					assert_string_equal(entry->link, odd_names[i]);
				assert_int_equal(entry->hardlink, form == 4);
			}
		expect_end();
		finish(NULL);
	}
}

static void paths_are_cut(void **state)
{
	static const char *const paths[][2] = {
		{ "./a/b", "a/b" },	{ "/a//b/./c", "a/b/c" },
		{ "a/../b", "a/../b" }, { "../../a", "../../a" },
		{ "///././a/.", "a" },	{ ".hidden/..x", ".hidden/..x" },
		{ "a/...", "a/..." },	{ "a", "a" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof paths / sizeof *paths; i++) {
		add((struct block){ .name = paths[i][0] });
		add((struct block){ .type = '1', .name = "l", .link = paths[i][0] });
		add((struct block){ .type = '2', .name = "l", .link = paths[i][0] });
	}
	add((struct block){ .type = '5', .name = "./" });
	add((struct block){ .type = '5', .name = "/" });
	add((struct block){ .type = '5', .name = "dir//" });
	add_end(&bytes);
	open_tar();
	for (size_t i = 0; i < sizeof paths / sizeof *paths; i++) {
		expect_entry(paths[i][1]);
		expect_entry("l");
		assert_string_equal(entry->link, paths[i][1]);
		expect_entry("l");
		assert_string_equal(entry->link, paths[i][0]);
	}
	expect_entry("");
	expect_entry("");
	expect_entry("dir");
	expect_end();
}

static void long_names(void **state)
{
	char *name = malloc(ENTRY_NAME_MAX + 2), hundred[101], prefix[156];

	(void)state;
	assert_non_null(name);
	memset(name, 'n', ENTRY_NAME_MAX + 1);
	name[ENTRY_NAME_MAX + 1] = '\0';
	memset(hundred, 'h', 100);
	memset(prefix, 'p', 155);
	hundred[100] = prefix[155] = '\0';
	/* Fields without a NUL behind them. */
	add((struct block){ .name = hundred, .prefix = prefix });
	add((struct block){ .type = '2', .name = hundred, .link = hundred });
	record("path", name + 1);
	add_x();
	add((struct block){ .name = "x" });
	record("path", name);
	add_x();
	add((struct block){ .name = "x" });
	add_end(&bytes);
	open_tar();
	assert_int_equal(tar_next(tar, &entry, &err), 1);
	assert_int_equal(strlen(entry->path), 256);
	expect_entry(hundred);
	assert_string_equal(entry->link, hundred);
	expect_entry(name + 1);
	expect_failure(ENAMETOOLONG, "32769 bytes");
	free(name);
}

static void long_link(void **state)
{
	char *name = malloc(100001);

	(void)state;
	assert_non_null(name);
	memset(name, 'n', 100000);
	name[100000] = '\0';
	add_member(&bytes, (struct block){ .type = 'K', .magic = "ustar  " }, name, 100001);
	add((struct block){ .type = '2', .name = "x", .link = "y", .magic = "ustar  " });
	add_end(&bytes);
	open_tar();
	expect_failure(ENAMETOOLONG, "link of 100000 bytes");
	free(name);
}

/* ---- numbers ---- */

static void owners(void **state)
{
	static const unsigned char number[8] = { 0x80, 0, 0, 0, 0xb2, 0xd0, 0x5e, 0 };
	unsigned char block[BLOCK];

	(void)state;
	/* Base 256, as GNU tar has what is too large for octal digits. */
	fill_block(block, &(struct block){ .name = "binary", .gid = "7777777" });
	memcpy(block + 108, number, 8);
	set_checksum(block);
	buffer_add(&bytes, block, sizeof block);
	record("uid", "4294967294");
	record("gid", "65534");
	add_x();
	add((struct block){ .name = "pax" });
	add_end(&bytes);
	open_tar();
	expect_entry("binary");
	assert_int_equal(entry->uid, 3000000000);
	assert_int_equal(entry->gid, 07777777);
	expect_entry("pax");
	assert_int_equal(entry->uid, 4294967294);
	assert_int_equal(entry->gid, 65534);
	expect_end();
}

static void owners_that_cannot_be(void **state)
{
	static const char *const ids[] = { "4294967295", "4294967296", "-1",
					   "99999999999999999999" };
	static const char *const keys[] = { "uid", "gid" };

	(void)state;
	for (size_t i = 0; i < sizeof ids / sizeof *ids; i++)
		for (size_t k = 0; k < 2; k++) {
			record(keys[k], ids[i]);
			add_x();
			add((struct block){ .name = "file" });
			add_end(&bytes);
			open_tar();
			expect_refused();
			finish(NULL);
			prepare(NULL);
		}
}

static void devices_that_cannot_be(void **state)
{
	static const char *const keys[] = { "SCHILY.devmajor", "SCHILY.devminor" };
	static const char *const numbers[] = { "4096", "1048576" };

	(void)state;
	for (size_t i = 0; i < 2; i++) {
		record(keys[i], numbers[i]);
		add_x();
		add((struct block){ .type = '3', .name = "device", .major = "0", .minor = "0" });
		add_end(&bytes);
		open_tar();
		expect_failure(ERANGE, "cannot be");
		finish(NULL);
		prepare(NULL);
	}
}

static void times(void **state)
{
	static const struct {
		const char *text;
		struct timespec time;
	} cases[] = {
		{ "1577836800.123456789", { 1577836800, 123456789 } },
		{ "1.5", { 1, 500000000 } },
		{ "0", { 0, 0 } },
		{ "-1.25", { -2, 750000000 } },
		{ "-2", { -2, 0 } },
		{ "4294967296.000000001", { 4294967296, 1 } },
	};

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		record("mtime", cases[i].text);
		add_x();
		add((struct block){ .name = "file", .mtime = "00000000001" });
	}
	add((struct block){ .name = "octal", .mtime = "13552027400" });
	add_end(&bytes);
	open_tar();
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		expect_entry("file");
		assert_int_equal(entry->mtime.tv_sec, cases[i].time.tv_sec);
		assert_int_equal(entry->mtime.tv_nsec, cases[i].time.tv_nsec);
	}
	expect_entry("octal");
	assert_int_equal(entry->mtime.tv_sec, 013552027400);
	expect_end();
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		CASE(names_are_bytes),
		CASE(paths_are_cut),
		CASE(long_names),
		CASE(long_link),
		CASE(owners),
		CASE(owners_that_cannot_be),
		CASE(devices_that_cannot_be),
		CASE(times),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
