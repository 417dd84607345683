/* Archives as a whole: kinds of entries, their content, ends, damage, and headers without end. */
#include "tests/unit/tars.h"

static void kinds(void **state)
{
	(void)state;
	add_member(&bytes, (struct block){ .name = "file", .mode = "0104755" }, "content", 7);
	add((struct block){ .type = '1', .name = "hard", .link = "./file" });
	add((struct block){ .type = '2', .name = "soft", .link = "/file", .mode = "0000777" });
	add((struct block){ .type = '3', .name = "char", .major = "0000001", .minor = "0000003" });
	add((struct block){ .type = '4', .name = "block", .major = "0007777", .minor = "3777777" });
	add((struct block){ .type = '5', .name = "dir/", .mode = "0041777" });
	add((struct block){ .type = '6', .name = "fifo" });
	add_member(&bytes, (struct block){ .type = '7', .name = "contiguous" }, "x", 1);
	add((struct block){ .name = "old-dir/", .magic = "" });
	add((struct block){ .name = "\xfc/" });
	add_end(&bytes);
	open_tar();

	expect_entry("file");
	assert_int_equal(entry->mode, S_IFREG | 04755);
	expect_data("content", 7);
	expect_entry("hard");
	assert_true(entry->hardlink && S_ISREG(entry->mode));
	assert_string_equal(entry->link, "file");
	expect_entry("soft");
	assert_int_equal(entry->mode, S_IFLNK | 0777);
	assert_false(entry->hardlink);
	assert_string_equal(entry->link, "/file");
	expect_entry("char");
	assert_int_equal(entry->mode, S_IFCHR | 0644);
	assert_int_equal(entry->major, 1);
	assert_int_equal(entry->minor, 3);
	assert_null(entry->link);
	expect_entry("block");
	assert_int_equal(entry->mode, S_IFBLK | 0644);
	assert_int_equal(entry->major, 4095);
	assert_int_equal(entry->minor, 1048575);
	expect_entry("dir");
	assert_int_equal(entry->mode, S_IFDIR | 01777);
	expect_entry("fifo");
	assert_int_equal(entry->mode, S_IFIFO | 0644);
	expect_entry("contiguous");
	expect_data("x", 1);
	expect_entry("old-dir");
	assert_true(S_ISDIR(entry->mode));
	expect_entry("\xfc");
	assert_true(S_ISDIR(entry->mode));
	expect_end();
}

/* The block named "hidden" is an entry, or a file's content, or the archive is refused, as versions of libarchive have it:
 * nobody passes it over. */
static void expect_nothing_hidden(void)
{
	const void *piece;
	size_t length;
	int64_t offset;
	int result;

	while ((result = tar_next(tar, &entry, &err)) == 1) {
		if (strcmp(entry->path, "hidden") == 0)
			return;
		if (entry->size == BLOCK && tar_data(tar, &piece, &length, &offset, &err) == 1) {
			assert_int_equal(length, BLOCK);
			assert_memory_equal(piece, "hidden", 7);
			return;
		}
	}
	assert_int_equal(result, -1);
	expect_message(EBADMSG, "content of what should have none");
}

static void content_of_what_is_no_file(void **state)
{
	static const struct block blocks[] = {
		{ .type = '5', .name = "dir", .mode = "0000755" },
		{ .type = '2', .name = "link", .link = "x" },
		{ .type = '1', .name = "hard", .link = "x" },
		{ .type = '6', .name = "fifo" },
		{ .name = "file-with-slash/" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof blocks / sizeof *blocks; i++) {
		/* In an extension, so that libarchive believes it of all types. */
		record("size", "512");
		add_x();
		add_member(&bytes, blocks[i], "", 0);
		add((struct block){ .name = "hidden" });
		add_end(&bytes);
		open_tar();
		expect_nothing_hidden();
		finish(NULL);
		prepare(NULL);
	}
}

/* libarchive shows a size of 0 and would skip a block. */
static void content_that_an_extension_hides(void **state)
{
	(void)state;
	for (const char *type = "012345"; *type; type++) {
		record("size", "512");
		record("SCHILY.realsize", "0");
		add_x();
		add((struct block){ .type = *type, .name = "name", .link = "link" });
		add((struct block){ .name = "hidden" });
		add_end(&bytes);
		open_tar();
		expect_nothing_hidden();
		finish(NULL);
		prepare(NULL);
	}
}

static void link_to_nothing(void **state)
{
	(void)state;
	add((struct block){ .type = '2', .name = "link" });
	add_end(&bytes);
	open_tar();
	expect_failure(EBADMSG, "link to nothing");
}

static void content_and_its_skipping(void **state)
{
	size_t size = 3000000;
	char *content = malloc(size);

	(void)state;
	assert_non_null(content);
	for (size_t i = 0; i < size; i++)
		content[i] = (char)(i * 31 >> 3);
	add_member(&bytes, (struct block){ .name = "read" }, content, size);
	add_member(&bytes, (struct block){ .name = "left" }, content, size);
	add_member(&bytes, (struct block){ .name = "begun" }, content, size);
	add((struct block){ .name = "empty" });
	add_member(&bytes, (struct block){ .name = "small" }, "x", 1);
	add_end(&bytes);
	open_tar();
	expect_entry("read");
	expect_data(content, size);
	expect_no_data();
	expect_entry("left");
	expect_entry("begun");
	const void *piece;
	size_t length;
	int64_t offset;
	assert_int_equal(tar_data(tar, &piece, &length, &offset, &err), 1);
	expect_entry("empty");
	expect_no_data();
	expect_entry("small");
	expect_data("x", 1);
	expect_end();
	free(content);
}

static void size_that_an_extension_says(void **state)
{
	(void)state;
	record("size", "5");
	add_x();
	add((struct block){ .name = "file" });
	add_content(&bytes, "12345", 5);
	add_end(&bytes);
	open_tar();
	expect_entry("file");
	expect_data("12345", 5);
	expect_end();
}

static void size_of_another_number_than_the_content(void **state)
{
	(void)state;
	record("SCHILY.realsize", "600");
	add_x();
	add_member(&bytes, (struct block){ .name = "file" }, "12345", 5);
	add_end(&bytes);
	open_tar();
	expect_entry("file");
	expect_bad_data("not as long as it says");
}

static void sizes_that_cannot_be(void **state)
{
	(void)state;
	record("size", "9223372036854775806");
	add_x();
	add((struct block){ .name = "file" });
	add_end(&bytes);
	open_tar();
	expect_refused();
	finish(NULL);
	prepare(NULL);

	record("size", "1099511627776");
	add_x();
	add((struct block){ .name = "file" });
	add_end(&bytes);
	open_tar();
	expect_failure(EFBIG, "--max-size");
	finish(NULL);
	prepare(NULL);

	record("size", "-5");
	add_x();
	add((struct block){ .name = "file" });
	add_end(&bytes);
	open_tar();
	expect_refused();
}

static void ends(void **state)
{
	(void)state;
	/* Nothing at all. */
	open_tar();
	expect_end();
	finish(NULL);
	/* The two blocks alone. */
	add_end(&bytes);
	open_tar();
	expect_end();
	finish(NULL);
	/* None; as some writers do. */
	add_member(&bytes, (struct block){ .name = "file" }, "x", 1);
	open_tar();
	expect_entry("file");
	expect_end();
	finish(NULL);
	/* One. */
	add((struct block){ .name = "file" });
	add_zeros(&bytes, BLOCK);
	open_tar();
	expect_entry("file");
	expect_end();
	finish(NULL);
	/* What is behind the end does not count, but is hashed. */
	add((struct block){ .name = "file" });
	add_end(&bytes);
	add((struct block){ .name = "behind" });
	add_zeros(&bytes, 2000000);
	open_tar();
	expect_entry("file");
	expect_end();
}

static void behind_the_end_is_hashed(void **state)
{
	(void)state;
	add((struct block){ .name = "file" });
	add_end(&bytes);
	add_zeros(&bytes, 2000000);
	layer = make_layer(&bytes, &bytes);
	assert_int_equal(pwrite(layer.blob.fd, "x", 1, (off_t)bytes.length - 1), 1);
	plain = plain_open(&layer, &options, &err);
	tar = tar_open(plain, &err);
	assert_non_null(tar);
	expect_entry("file");
	expect_failure(EBADMSG, "digest");
	expect_failure(EBADMSG, "digest");
}

/* Every cut at other than a block's edge, and those within what a header promises. */
static void cut_off(void **state)
{
	(void)state;
	for (size_t cut = 1; cut < (size_t)8 * BLOCK; cut += 100) {
		record("path", "long");
		add_x(); /* two blocks */
		add_member(&bytes, (struct block){ .name = "file" },
			   "0123456789012345678901234567890123456789", 40); /* two */
		add_member(&bytes, (struct block){ .type = 'L', .magic = "ustar  " }, "n",
			   2); /* two */
		add((struct block){ .name = "x", .magic = "ustar  " });
		add((struct block){ .name = "y" });
		bytes.length = cut;
		open_plain();
		tar = tar_open(plain, &err);
		int result = tar ? 1 : -1;
		while (result == 1)
			result = tar_next(tar, &entry, &err);
		assert_int_equal(result, -1);
		assert_int_equal(err.code, EBADMSG);
		finish(NULL);
		prepare(NULL);
	}
}

static void garbage_between_entries(void **state)
{
	(void)state;
	add((struct block){ .name = "file" });
	add_content(&bytes, "garbage", 7);
	add((struct block){ .name = "next" });
	add_end(&bytes);
	open_tar();
	expect_entry("file");
	expect_failure(EBADMSG, "'file': Damaged");
}

static void no_tar(void **state)
{
	(void)state;
	buffer_print(&bytes, "%s", "#!/bin/sh\n");
	for (int i = 0; i < 100; i++)
		buffer_print(&bytes, "echo this is no archive\n");
	open_plain();
	tar = tar_open(plain, &err);
	assert_null(tar);
	expect_message(EBADMSG, "tar: ");
}

static void wrong_checksum(void **state)
{
	(void)state;
	add((struct block){ .name = "file" });
	add((struct block){ .name = "changed" });
	add_end(&bytes);
	bytes.text[BLOCK] = 'C';
	open_tar();
	expect_entry("file");
	expect_failure(EBADMSG, "Damaged");
}

/* A file that was damaged on its way is told from one that was made so. */
static void digest_comes_before_damage(void **state)
{
	(void)state;
	add((struct block){ .name = "file" });
	add((struct block){ .name = "changed" });
	add_end(&bytes);
	layer = make_layer(&bytes, &bytes);
	assert_int_equal(pwrite(layer.blob.fd, "C", 1, BLOCK), 1);
	plain = plain_open(&layer, &options, &err);
	tar = tar_open(plain, &err);
	assert_non_null(tar);
	expect_entry("file");
	expect_failure(EBADMSG, "digest");
}

static void malformed_extensions(void **state)
{
	static const char *const texts[] = {
		"99 path=x\n",
		"path=x\n",
		"5 a=b\n",
		"9 path=xyz",
		"999999999999999999999 a=b\n",
		"6 =ab\n",
		"10 pathxyz\n",
	};

	(void)state;
	for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
		add_member(&bytes, (struct block){ .type = 'x', .name = "pax" }, texts[i],
			   strlen(texts[i]));
		add((struct block){ .name = "gr\xc3\xbc" });
		add_end(&bytes);
		open_tar();
		expect_failure(EBADMSG, "tar: ");
		finish(NULL);
		prepare(NULL);
	}
}

static void global_headers_say_nothing(void **state)
{
	(void)state;
	record("comment", "4d6f6e6f");
	record("uid", "1000");
	record("path", "all-the-same");
	add_pax(&bytes, 'g', &records);
	add((struct block){ .name = "file", .uid = "0000012" });
	record("path", "by-its-own");
	add_x();
	add((struct block){ .name = "other" });
	add_member(&bytes, (struct block){ .type = 'V', .name = "volume" }, "", 0);
	add((struct block){ .name = "last" });
	add_end(&bytes);
	open_tar();
	expect_entry("file");
	assert_int_equal(entry->uid, 10);
	expect_entry("by-its-own");
	expect_entry("last");
	expect_end();
}

static void huge_special_headers(void **state)
{
	static const char types[] = "LKxgXAV";

	(void)state;
	for (size_t i = 0; i < sizeof types - 1; i++) {
		/* A gigabyte is said, and 20 MB of it are there. */
		add((struct block){ .type = types[i],
				    .name = "huge",
				    .size = "07777777777",
				    .magic = types[i] == 'L' || types[i] == 'K' ? "ustar  "
										: NULL });
		for (int block = 0; block < 40000; block++) {
			static const char nines[BLOCK] = "999999 path=";

			buffer_add(&bytes, nines, sizeof nines);
		}
		expect_refused_cheaply();
		finish(NULL);
		prepare(NULL);
	}
}

static void special_headers_without_end(void **state)
{
	(void)state;
	for (int i = 0; i < 40; i++)
		add_member(&bytes, (struct block){ .type = 'L', .magic = "ustar  " }, "name", 5);
	add((struct block){ .name = "file" });
	add_end(&bytes);
	open_tar();
	expect_refused();
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		CASE(kinds),
		CASE(content_of_what_is_no_file),
		CASE(content_that_an_extension_hides),
		CASE(link_to_nothing),
		CASE(content_and_its_skipping),
		CASE(size_that_an_extension_says),
		CASE(size_of_another_number_than_the_content),
		CASE(sizes_that_cannot_be),
		CASE(ends),
		CASE(behind_the_end_is_hashed),
		CASE(cut_off),
		CASE(garbage_between_entries),
		CASE(no_tar),
		CASE(wrong_checksum),
		CASE(digest_comes_before_damage),
		CASE(malformed_extensions),
		CASE(global_headers_say_nothing),
		CASE(huge_special_headers),
		CASE(special_headers_without_end),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
