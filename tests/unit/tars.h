/* For tests of tar.h: one archive at a time, made block by block and read entry by entry. */
#pragma once

#include "imgtool/layer/tar.h"

#include "tests/unit/layers.h"

#include <locale.h>
#include <sys/resource.h>

static struct buffer bytes, records;
static struct layer layer;
static struct plain *plain;
static struct tar *tar;
static const struct entry *entry;
static struct error err;
static struct plain_options options;

static inline int prepare(void **state)
{
	(void)state;
	err = (struct error){ 0 };
	options = (struct plain_options){ .max_size = 1ull << 30 };
	layer = (struct layer){ .blob.fd = -1 };
	return 0;
}

static inline int finish(void **state)
{
	(void)state;
	tar_close(tar);
	plain_close(plain);
	layer_finish(&layer);
	buffer_finish(&bytes);
	buffer_finish(&records);
	bytes = records = (struct buffer){ 0 };
	tar = NULL;
	plain = NULL;
	layer = (struct layer){ .blob.fd = -1 };
	setlocale(LC_ALL, "C");
	return 0;
}

static inline void add(struct block block)
{
	add_block(&bytes, &block);
}

static inline void add_x(void)
{
	add_pax(&bytes, 'x', &records);
}

static inline void record(const char *key, const char *value)
{
	add_text_record(&records, key, value);
}

static inline void open_plain(void)
{
	layer = make_layer(&bytes, &bytes);
	plain = plain_open(&layer, &options, &err);
	if (!plain)
		fail_msg("%s", err.msg);
}

static inline void open_tar(void)
{
	open_plain();
	tar = tar_open(plain, &err);
	if (!tar)
		fail_msg("%s", err.msg);
}

static inline void expect_entry(const char *path)
{
	if (tar_next(tar, &entry, &err) != 1)
		fail_msg("'%s': %s", path, err.msg);
	assert_string_equal(entry->path, path);
}

static inline void expect_end(void)
{
	if (tar_next(tar, &entry, &err) != 0)
		fail_msg("no end, but %s", err.msg[0] ? err.msg : entry->path);
	assert_int_equal(tar_next(tar, &entry, &err), 0);
}

static inline void expect_message(int code, const char *words)
{
	if (err.code != code || !strstr(err.msg, words))
		fail_msg("%d \"%s\" and not %d \"%s\"", err.code, err.msg, code, words);
}

static inline void expect_failure(int code, const char *words)
{
	assert_int_equal(tar_next(tar, &entry, &err), -1);
	expect_message(code, words);
}

/* For what versions of libarchive have different words. */
static inline void expect_refused(void)
{
	assert_int_equal(tar_next(tar, &entry, &err), -1);
	assert_int_not_equal(err.code, 0);
	assert_string_not_equal(err.msg, "");
}

static inline void expect_no_data(void)
{
	const void *piece;
	size_t length;
	int64_t offset;

	if (tar_data(tar, &piece, &length, &offset, &err) != 0)
		fail_msg("data, or %s", err.msg);
}

/* The entry's whole content, put together as a file would be. */
static inline void expect_data(const char *expected, size_t size)
{
	char *file = calloc(1, size + 1);
	const void *piece;
	size_t length;
	int64_t offset;
	int result;

	assert_non_null(file);
	assert_int_equal(entry->size, size);
	while ((result = tar_data(tar, &piece, &length, &offset, &err)) == 1) {
		assert_true(offset >= 0 && (uint64_t)offset + length <= size);
		memcpy(file + offset, piece, length);
	}
	if (result)
		fail_msg("%s", err.msg);
	assert_memory_equal(file, expected, size);
	free(file);
}

static inline void expect_bad_data(const char *words)
{
	const void *piece;
	size_t length;
	int64_t offset;
	int result;

	while ((result = tar_data(tar, &piece, &length, &offset, &err)) == 1)
		assert_true(offset + (int64_t)length <= entry->size);
	assert_int_equal(result, -1);
	expect_message(EBADMSG, words);
}

/* What the reading of @size bytes more, that are not there but as a size, costs in memory. */
static inline void expect_refused_cheaply(void)
{
	struct rusage before, after;

	getrusage(RUSAGE_SELF, &before);
	open_tar();
	assert_int_equal(tar_next(tar, &entry, &err), -1);
	getrusage(RUSAGE_SELF, &after);
	assert_true(after.ru_maxrss - before.ru_maxrss < 64 << 10);
}

#define CASE(function) cmocka_unit_test_setup_teardown(function, prepare, finish)
