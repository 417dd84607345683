/* Header blocks of tars: numbers, names, extensions, and blocks that are none. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "imgtool/image/archive_header.h"

static struct archive_extension extension;
static const char posix[8] = { 'u', 's', 't', 'a', 'r', 0, '0', '0' };

/* A ustar block of a file "name" of 5 bytes. */
static void make_block(unsigned char block[ARCHIVE_BLOCK])
{
	char *text = (char *)block;

	memset(block, 0, ARCHIVE_BLOCK);
	snprintf(text, 100, "name");
	snprintf(text + 124, 12, "00000000005");
	block[156] = '0';
	snprintf(text + 157, 100, "target");
	memcpy(text + 257, posix, sizeof posix);
}

static void seal(unsigned char block[ARCHIVE_BLOCK])
{
	char digits[8];
	unsigned sum = 0;

	memset(block + 148, ' ', 8);
	for (size_t i = 0; i < ARCHIVE_BLOCK; i++)
		sum += block[i];
	snprintf(digits, sizeof digits, "%06o", sum);
	memcpy(block + 148, digits, 7);
}

static void a_plain_header(void **unused)
{
	unsigned char block[ARCHIVE_BLOCK];
	struct archive_header header;

	(void)unused;
	make_block(block);
	seal(block);
	assert_false(archive_block_is_zero(block));
	assert_int_equal(archive_header_parse(block, &extension, &header, NULL), 0);
	assert_string_equal(header.name, "name");
	assert_string_equal(header.link, "target");
	assert_int_equal(header.size, 5);
	assert_int_equal(header.type, '0');
	assert_false(header.sparse);
	archive_header_finish(&header);
	memset(block, 0, sizeof block);
	assert_true(archive_block_is_zero(block));
	block[511] = 1;
	assert_false(archive_block_is_zero(block));
}

static void a_prefix_is_posix_alone(void **unused)
{
	unsigned char block[ARCHIVE_BLOCK];
	struct archive_header header;

	(void)unused;
	make_block(block);
	snprintf((char *)block + 345, 155, "prefix");
	seal(block);
	assert_int_equal(archive_header_parse(block, &extension, &header, NULL), 0);
	assert_string_equal(header.name, "prefix/name");
	archive_header_finish(&header);
	memcpy(block + 257, "ustar  ", 8);
	seal(block);
	assert_int_equal(archive_header_parse(block, &extension, &header, NULL), 0);
	assert_string_equal(header.name, "name");
	archive_header_finish(&header);
}

static void names_need_no_end(void **unused)
{
	unsigned char block[ARCHIVE_BLOCK];
	struct archive_header header;

	(void)unused;
	make_block(block);
	memset(block, 'n', 100);
	memset(block + 157, 'l', 100);
	memset(block + 345, 'p', 155);
	seal(block);
	assert_int_equal(archive_header_parse(block, &extension, &header, NULL), 0);
	assert_int_equal(strlen(header.name), 256);
	assert_int_equal(strlen(header.link), 100);
	archive_header_finish(&header);
}

static void sizes(void **unused)
{
	static const struct {
		const char *field;
		int64_t size; /* -1: refused */
	} cases[] = {
		{ "00000000017\0", 15 },
		{ "         17 ", 15 },
		{ "777777777777", 077777777777 * 8LL + 7 },
		{ "\0\0\0\0\0\0\0\0\0\0\0\0", 0 },
		{ "\x80\0\0\0\0\0\0\x01\0\0\0\0", 1LL << 32 },
		{ "\x80\0\0\0\x7f\xff\xff\xff\xff\xff\xff\xff", INT64_MAX },
		{ "\x80\x01\0\0\0\0\0\0\0\0\0\0", -1 },
		{ "\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff", -1 },
		{ "00000000008\0", -1 },
		{ "-0000000017\0", -1 },
		{ "17x         ", -1 },
	};

	(void)unused;
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		unsigned char block[ARCHIVE_BLOCK];
		struct archive_header header;

		make_block(block);
		memcpy(block + 124, cases[i].field, 12);
		seal(block);
		int result = archive_header_parse(block, &extension, &header, NULL);
		assert_int_equal(result, cases[i].size < 0 ? -1 : 0);
		if (result)
			continue;
		assert_true(header.size == (uint64_t)cases[i].size);
		archive_header_finish(&header);
	}
}

static void a_wrong_checksum(void **unused)
{
	unsigned char block[ARCHIVE_BLOCK];
	struct archive_header header;
	struct error err = { 0 };

	(void)unused;
	make_block(block);
	seal(block);
	block[0] ^= 1;
	assert_int_equal(archive_header_parse(block, &extension, &header, &err), -1);
	assert_non_null(strstr(err.msg, "its checksum is wrong"));
	block[0] ^= 1;
	memset(block + 148, 'x', 8);
	assert_int_equal(archive_header_parse(block, &extension, &header, &err), -1);
}

static void links_have_no_content_whatever_they_say(void **unused)
{
	unsigned char block[ARCHIVE_BLOCK];
	struct archive_header header;

	(void)unused;
	for (const char *type = "123456"; *type; type++) {
		make_block(block);
		block[156] = (unsigned char)*type;
		seal(block);
		assert_int_equal(archive_header_parse(block, &extension, &header, NULL), 0);
		assert_int_equal(header.size, 0);
		archive_header_finish(&header);
	}
}

static void add(char type, const char *text, size_t length, int expected)
{
	struct error err = { 0 };

	if (archive_extension_add(&extension, type, text, length, &err) != expected)
		fail_msg("'%s': %s", text, err.msg);
}

static void extensions_say_more_of_the_next_member(void **unused)
{
	static const char records[] =
		"16 path=a/b/c/d\n17 linkpath=../x\n15 size=123456\n19 mtime=1234567.8\n";
	unsigned char block[ARCHIVE_BLOCK];
	struct archive_header header;

	(void)unused;
	make_block(block);
	seal(block);
	add('x', records, strlen(records), 0);
	assert_int_equal(archive_header_parse(block, &extension, &header, NULL), 0);
	assert_string_equal(header.name, "a/b/c/d");
	assert_string_equal(header.link, "../x");
	assert_int_equal(header.size, 123456);
	archive_header_finish(&header);
	/* Of the next one alone. */
	assert_int_equal(archive_header_parse(block, &extension, &header, NULL), 0);
	assert_string_equal(header.name, "name");
	assert_int_equal(header.size, 5);
	archive_header_finish(&header);
	add('L', "long\0", 6, 0);
	add('K', "long link", 9, 0);
	assert_int_equal(archive_header_parse(block, &extension, &header, NULL), 0);
	assert_string_equal(header.name, "long");
	assert_string_equal(header.link, "long link");
	archive_header_finish(&header);
}

static void sparse_files_are_marked(void **unused)
{
	unsigned char block[ARCHIVE_BLOCK];
	struct archive_header header;

	(void)unused;
	make_block(block);
	seal(block);
	add('x', "22 GNU.sparse.major=1\n", 22, 0);
	assert_int_equal(archive_header_parse(block, &extension, &header, NULL), 0);
	assert_true(header.sparse);
	archive_header_finish(&header);
	block[156] = 'S';
	seal(block);
	assert_int_equal(archive_header_parse(block, &extension, &header, NULL), 0);
	assert_true(header.sparse);
	archive_header_finish(&header);
}

static void wrong_records_are_refused(void **unused)
{
	static const char *const records[] = {
		"x",
		"5",
		"0 \n",
		"3 \n",
		"7 path=x\n",
		"8 path=xx\n",
		"99 path=x\n",
		"9999999999 path=x\n",
		"-8 path=x",
		"9 path x\n",
		"11 size=-1\n",
		"12 size=0x1\n",
		"32 size=99999999999999999999999\n",
		"8 size=\n",
	};

	(void)unused;
	for (size_t i = 0; i < sizeof records / sizeof *records; i++) {
		add('x', records[i], strlen(records[i]), -1);
		archive_extension_finish(&extension);
	}
	add('x', "12 path=a\0b\n", 12, -1);
	add('x', "", 0, 0);
	archive_extension_finish(&extension);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_plain_header),
		cmocka_unit_test(a_prefix_is_posix_alone),
		cmocka_unit_test(names_need_no_end),
		cmocka_unit_test(sizes),
		cmocka_unit_test(a_wrong_checksum),
		cmocka_unit_test(links_have_no_content_whatever_they_say),
		cmocka_unit_test(extensions_say_more_of_the_next_member),
		cmocka_unit_test(sparse_files_are_marked),
		cmocka_unit_test(wrong_records_are_refused),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
