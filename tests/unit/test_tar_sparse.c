/* Sparse files in every form, and maps that lie or do not end. */
#include "tests/unit/tars.h"

static char sparse_content[5000]; /* "head" at 0, "tail" at 4996 */

static void fill_sparse_content(void)
{
	memset(sparse_content, 0, sizeof sparse_content);
	put_field((unsigned char *)sparse_content, 0, 4, "head");
	put_field((unsigned char *)sparse_content, 4996, 4, "tail");
}

static void add_sparse_0(void)
{
	record("GNU.sparse.size", "5000");
	record("GNU.sparse.numblocks", "2");
	record("GNU.sparse.offset", "0");
	record("GNU.sparse.numbytes", "4");
	record("GNU.sparse.offset", "4996");
	record("GNU.sparse.numbytes", "4");
	add_x();
	add_member(&bytes, (struct block){ .name = "sparse" }, "headtail", 8);
}

static void add_sparse_01(const char *map, const char *size, const char *data)
{
	record("GNU.sparse.size", size);
	record("GNU.sparse.numblocks", "2");
	record("GNU.sparse.map", map);
	record("GNU.sparse.name", "sparse");
	add_x();
	add_member(&bytes, (struct block){ .name = "other" }, data, strlen(data));
}

static void add_sparse_1(const char *map, const char *data)
{
	struct buffer content = { 0 };

	record("GNU.sparse.major", "1");
	record("GNU.sparse.minor", "0");
	record("GNU.sparse.name", "sparse");
	record("GNU.sparse.realsize", "5000");
	add_x();
	add_content(&content, map, strlen(map));
	buffer_add(&content, data, strlen(data));
	add_member(&bytes, (struct block){ .name = "other" }, content.text, content.length);
	buffer_finish(&content);
}

/* The fields behind the usual ones: four pieces, whether more follow, and the size. */
static void put_old_map(char gnu[167], int64_t step, int n, bool more, int64_t size)
{
	memset(gnu, 0, 167);
	for (int i = 0; i < n; i++) {
		snprintf(gnu + 41 + (size_t)24 * (size_t)i, 13, "%011lo",
			 (unsigned long)(i * step));
		snprintf(gnu + 53 + (size_t)24 * (size_t)i, 12, "%010o", 4u);
	}
	gnu[137] = (char)more;
	snprintf(gnu + 138, 13, "%011lo", (unsigned long)size);
}

static void sparse_files_of_every_form(void **state)
{
	char gnu[167];

	(void)state;
	fill_sparse_content();
	add_sparse_0();
	add_sparse_01("0,4,4996,4", "5000", "headtail");
	add_sparse_1("2\n0\n4\n4996\n4\n", "headtail");
	put_old_map(gnu, 4996, 2, false, 5000);
	add_member(&bytes,
		   (struct block){ .type = 'S', .name = "sparse", .magic = "ustar  ", .gnu = gnu },
		   "headtail", 8);
	add((struct block){ .name = "next" });
	add_end(&bytes);
	open_tar();
	for (int i = 0; i < 4; i++) {
		expect_entry("sparse");
		assert_true(entry->sparse);
		expect_data(sparse_content, sizeof sparse_content);
	}
	expect_entry("next");
	assert_false(entry->sparse);
	expect_end();
}

/* More pieces than a header has room for: 4, then 21 in a block of their own. */
static void old_sparse_file_of_many_pieces(void **state)
{
	char gnu[167], extension[BLOCK] = { 0 }, content[2500] = { 0 };
	struct buffer data = { 0 };

	(void)state;
	put_old_map(gnu, 100, 4, true, 2500);
	for (unsigned i = 0; i < 21; i++) {
		snprintf(extension + (size_t)24 * i, 13, "%011o", (i + 4) * 100);
		snprintf(extension + (size_t)24 * i + 12, 12, "%010o", 4u);
	}
	for (int i = 0; i < 25; i++) {
		put_field((unsigned char *)content, (size_t)i * 100, 4, "data");
		buffer_add(&data, "data", 4);
	}
	add((struct block){ .type = 'S',
			    .name = "sparse",
			    .size = "00000000144",
			    .magic = "ustar  ",
			    .gnu = gnu });
	buffer_add(&bytes, extension, sizeof extension);
	add_content(&bytes, data.text, data.length);
	add_end(&bytes);
	open_tar();
	expect_entry("sparse");
	expect_data(content, sizeof content);
	expect_end();
	buffer_finish(&data);
}

static void holes_alone(void **state)
{
	(void)state;
	add_sparse_1("1\n5000\n0\n", "");
	add_end(&bytes);
	open_tar();
	expect_entry("sparse");
	assert_true(entry->sparse);
	assert_int_equal(entry->size, 5000);
	expect_no_data();
	expect_end();
}

static void sparse_maps_that_lie(void **state)
{
	static const char *const maps[] = {
		"4996,4,0,4",		     /* backwards */
		"0,4,2,4",		     /* one over the other */
		"0,4,4998,4",		     /* beyond the end */
		"0,4,6000,4",		     /* far beyond it */
		"0,4,4996,5",		     /* more than there is */
		"0,4,9223372036854775807,4", /* no file is so large */
	};

	(void)state;
	for (size_t i = 0; i < sizeof maps / sizeof *maps; i++) {
		add_sparse_01(maps[i], "5000", "headtail");
		add((struct block){ .name = "next" });
		add_end(&bytes);
		open_tar();
		if (tar_next(tar, &entry, &err) == 1)
			expect_bad_data("");
		else
			expect_message(EBADMSG, "");
		finish(NULL);
		prepare(NULL);
	}
}

/* Bytes that the map leaves over are no header, whether libarchive says so or passes over them. */
static void sparse_map_of_less_than_there_is(void **state)
{
	(void)state;
	add_sparse_01("0,4,10,4", "5000", "headtailmore");
	add((struct block){ .name = "next" });
	add_end(&bytes);
	open_tar();
	expect_entry("sparse");
	if (tar_next(tar, &entry, &err) == 1)
		assert_string_equal(entry->path, "next");
	else
		expect_message(EBADMSG, "sparse map of less");
}

/* Holes cost nothing here, but whoever copies the file. */
static void holes_count_as_size(void **state)
{
	(void)state;
	options.max_size = 12000;
	add_sparse_01("0,4,5996,4", "6000", "headtail");
	add_sparse_01("0,4,5996,4", "6000", "headtail");
	add((struct block){ .name = "next" });
	add_sparse_01("0,1", "1", "h");
	add_end(&bytes);
	open_tar();
	expect_entry("sparse");
	expect_entry("sparse");
	expect_entry("next");
	expect_failure(EFBIG, "holes included");
}

/* Version 1.0 has its map before the content: any number of pieces, of which libarchive keeps a list. */
static void sparse_map_without_end(void **state)
{
	struct buffer map = { 0 };

	(void)state;
	buffer_print(&map, "5000000\n");
	for (int i = 0; i < 5000000; i++)
		buffer_add(&map, "0\n0\n", 4);
	add_sparse_1(map.text, "");
	add_end(&bytes);
	buffer_finish(&map);
	expect_refused_cheaply();
	expect_message(E2BIG, "one entry");
}

static void old_sparse_map_without_end(void **state)
{
	char gnu[167], extension[BLOCK] = { 0 };

	(void)state;
	put_old_map(gnu, 100, 4, true, 2500);
	for (size_t i = 0; i < 21; i++) {
		memcpy(extension + 24 * i, "00000000000", 12);
		memcpy(extension + 24 * i + 12, "00000000000", 12);
	}
	extension[504] = 1;
	add((struct block){ .type = 'S', .name = "sparse", .magic = "ustar  ", .gnu = gnu });
	for (int i = 0; i < 40000; i++)
		buffer_add(&bytes, extension, sizeof extension);
	expect_refused_cheaply();
	expect_message(E2BIG, "one entry");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		CASE(sparse_files_of_every_form),
		CASE(old_sparse_file_of_many_pieces),
		CASE(holes_alone),
		CASE(sparse_maps_that_lie),
		CASE(sparse_map_of_less_than_there_is),
		CASE(holes_count_as_size),
		CASE(sparse_map_without_end),
		CASE(old_sparse_map_without_end),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
