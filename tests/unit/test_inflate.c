/* gzip and zstd: whole, in parts, cut and damaged streams, however they are cut into pieces. */
#include "imgtool/layer/inflate.h"

#include "tests/unit/layers.h"

static char text[300000]; /* what is compressed: compressible, with a match far behind */
static struct buffer stream;

static int make_text(void **state)
{
	unsigned seed = 1;

	(void)state;
	for (size_t i = 0; i < sizeof text; i++) {
		seed = seed * 1103515245 + 12345;
		text[i] = (char)(i % 7 && i > 40000 ? (unsigned char)text[i - 32000] : seed >> 16);
	}
	return 0;
}

static int drop_stream(void **state)
{
	(void)state;
	buffer_finish(&stream);
	stream = (struct buffer){ 0 };
	return 0;
}

struct result {
	struct buffer plain;
	struct error err; /* code 0: the stream was whole */
};

/* With at most @in bytes of input, in memory of their own so that a sanitizer sees who reads beyond, and
 * @out bytes of room at a time. */
static struct result inflate(const struct inflate_method *method, size_t in, size_t out)
{
	struct result result = { 0 };
	void *state = method->open(&result.err), *piece = NULL, *room = malloc(out);
	struct inflate_input input = { 0 };
	size_t given = 0;
	ssize_t got;

	assert_non_null(state);
	assert_non_null(room);
	while ((got = method->run(state, &input, room, out, &result.err)) >= 0) {
		buffer_add(&result.plain, room, (size_t)got);
		if ((size_t)got == out)
			continue;
		assert_int_equal(input.left, 0);
		size_t more = stream.length - given < in ? stream.length - given : in;
		if (!more)
			break;
		free(piece);
		piece = malloc(more);
		assert_non_null(piece);
		memcpy(piece, stream.text + given, more);
		input = (struct inflate_input){ piece, more };
		given += more;
	}
	if (got >= 0)
		(void)method->end(state, &result.err);
	method->close(state);
	free(piece);
	free(room);
	return result;
}

static const size_t steps[][2] = {
	{ 1 << 20, 1 << 20 }, { 1 << 20, 1000 }, { 1, 1 << 20 }, { 1, 1 }, { 3, 7 },
	{ 4096, 4096 },	      { 8, 100000 },	 { 17, 1 },
};

static void expect_text(const struct inflate_method *method, const void *expected, size_t length)
{
	for (size_t i = 0; i < sizeof steps / sizeof *steps; i++) {
		struct result result = inflate(method, steps[i][0], steps[i][1]);

		if (result.err.code)
			fail_msg("in pieces of %zu to %zu: %s", steps[i][0], steps[i][1],
				 result.err.msg);
		assert_int_equal(result.plain.length, length);
		if (length)
			assert_memory_equal(result.plain.text, expected, length);
		buffer_finish(&result.plain);
	}
}

static void expect_failure(const struct inflate_method *method, int code, const char *words)
{
	for (size_t i = 0; i < sizeof steps / sizeof *steps; i++) {
		struct result result = inflate(method, steps[i][0], steps[i][1]);

		if (result.err.code != code || !strstr(result.err.msg, words))
			fail_msg("in pieces of %zu to %zu: %d '%s' and not '%s'", steps[i][0],
				 steps[i][1], result.err.code, result.err.msg, words);
		buffer_finish(&result.plain);
	}
}

/* Every way to cut @stream off before @whole bytes fails, and what comes out is no more than a beginning. */
static void expect_cut_fails(const struct inflate_method *method, const char *expected)
{
	size_t whole = stream.length;

	for (size_t length = 1; length < whole;
	     length += length < 40 || whole - length < 40 ? 1 : 997) {
		stream.length = length;
		struct result result = inflate(method, 64, 4096);
		if (result.err.code != EBADMSG)
			fail_msg("%zu of %zu bytes: %d '%s'", length, whole, result.err.code,
				 result.err.msg);
		if (result.plain.length)
			assert_memory_equal(result.plain.text, expected, result.plain.length);
		buffer_finish(&result.plain);
	}
	stream.length = whole;
}

static size_t count_undetected_flips(const struct inflate_method *method, size_t from, size_t to,
				     size_t length)
{
	size_t undetected = 0;

	for (size_t at = from; at < to; at += 1 + (to - from) / 500) {
		stream.text[at] ^= 0x10;
		struct result result = inflate(method, 512, 65536);
		if (!result.err.code &&
		    (result.plain.length != length || memcmp(result.plain.text, text, length) != 0))
			undetected++;
		buffer_finish(&result.plain);
		stream.text[at] ^= 0x10;
	}
	return undetected;
}

/* ---- what it is ---- */

static void expect_detected(const void *start, size_t length, enum compression expected)
{
	enum compression got = COMPRESSION_NONE;
	struct error err = { 0 };

	assert_int_equal(inflate_detect(start, length, &got, &err), 0);
	assert_int_equal(got, expected);
}

static void detects_by_the_first_bytes(void **state)
{
	(void)state;
	expect_detected("\x1f\x8b\x08\0\0\0", 6, COMPRESSION_GZIP);
	expect_detected("\x28\xb5\x2f\xfd\0\0", 6, COMPRESSION_ZSTD);
	expect_detected("\x50\x2a\x4d\x18\0\0", 6, COMPRESSION_ZSTD);
	expect_detected("\x5f\x2a\x4d\x18\0\0", 6, COMPRESSION_ZSTD);
	expect_detected("bin/sh", 6, COMPRESSION_NONE);
	expect_detected("\x1f\x8b\x07\0\0\0", 6, COMPRESSION_NONE);
	expect_detected("\x1f\x8b", 2, COMPRESSION_NONE);
	expect_detected("", 0, COMPRESSION_NONE);
}

static void names_the_compression_that_no_image_may_have(void **state)
{
	enum compression got;
	struct error err = { 0 };

	(void)state;
	assert_int_equal(inflate_detect((const unsigned char *)"\xfd"
							       "7zXZ\0",
					6, &got, &err),
			 -1);
	assert_int_equal(err.code, EPROTONOSUPPORT);
	assert_non_null(strstr(err.msg, "xz"));
	assert_int_equal(inflate_detect((const unsigned char *)"BZh91A", 6, &got, &err), -1);
	assert_non_null(strstr(err.msg, "bzip2"));
}

/* ---- gzip ---- */

static void gzip_one_member(void **state)
{
	(void)state;
	add_gzip(&stream, text, sizeof text);
	expect_text(&inflate_gzip, text, sizeof text);
}

static void gzip_of_nothing(void **state)
{
	(void)state;
	add_gzip(&stream, text, 0);
	expect_text(&inflate_gzip, "", 0);
}

static void gzip_many_members(void **state)
{
	size_t length = 0;

	(void)state;
	/* Of all small lengths, so that they end at every place of a word. */
	for (size_t i = 0; i < 100; i++) {
		add_gzip(&stream, text + length, i);
		length += i;
	}
	expect_text(&inflate_gzip, text, length);
}

static void gzip_with_every_optional_field(void **state)
{
	/* RFC 1952: FEXTRA, FNAME, FCOMMENT; an empty final block of stored data; CRC and length 0. */
	static const char member[] =
		"\x1f\x8b\x08\x1c\0\0\0\0\0\x03\x05\0extraname\0comment\0\x01\0\0\xff\xff"
		"\0\0\0\0\0\0\0";

	(void)state;
	buffer_add(&stream, member, sizeof member);
	expect_text(&inflate_gzip, "", 0);
}

static void gzip_padded_with_zeros(void **state)
{
	(void)state;
	add_gzip(&stream, text, 1000);
	add_zeros(&stream, 10000);
	expect_text(&inflate_gzip, text, 1000);
}

static void gzip_followed_by_anything_else(void **state)
{
	(void)state;
	add_gzip(&stream, text, 1000);
	size_t whole = stream.length;
	buffer_add(&stream, "x", 1);
	expect_failure(&inflate_gzip, EBADMSG, "something else follows");

	stream.length = whole;
	add_zeros(&stream, 3);
	add_gzip(&stream, text, 1000);
	expect_failure(&inflate_gzip, EBADMSG, "something else follows");

	stream.length = whole;
	buffer_add(&stream, "\x1fgarbage garbage", 16);
	expect_failure(&inflate_gzip, EBADMSG, "bad header");

	/* The first byte of a header alone. */
	stream.length = whole + 1;
	expect_failure(&inflate_gzip, EBADMSG, "ends early");
}

static void gzip_cut_off(void **state)
{
	(void)state;
	add_gzip(&stream, text, sizeof text);
	expect_cut_fails(&inflate_gzip, text);
}

static void gzip_damaged(void **state)
{
	(void)state;
	add_gzip(&stream, text, sizeof text);
	/* The header has no check but its magic. */
	assert_int_equal(count_undetected_flips(&inflate_gzip, 10, stream.length, sizeof text), 0);
}

static void gzip_with_a_wrong_crc_or_length(void **state)
{
	(void)state;
	add_gzip(&stream, text, 5000);
	stream.text[stream.length - 1] ^= 1;
	expect_failure(&inflate_gzip, EBADMSG, "CRC or length");
	stream.text[stream.length - 1] ^= 1;
	stream.text[stream.length - 5] ^= 1;
	expect_failure(&inflate_gzip, EBADMSG, "CRC or length");
}

/* ---- zstd ---- */

static void add_skippable(size_t length)
{
	static const unsigned char magic[] = { 0x53, 0x2a, 0x4d, 0x18 };
	const unsigned char size[] = { (unsigned char)length, (unsigned char)(length >> 8), 0, 0 };

	buffer_add(&stream, magic, sizeof magic);
	buffer_add(&stream, size, sizeof size);
	buffer_add(&stream, text, length);
}

static void zstd_one_frame(void **state)
{
	(void)state;
	add_zstd(&stream, text, sizeof text, 0);
	expect_text(&inflate_zstd, text, sizeof text);
}

static void zstd_many_frames_and_skippable_ones(void **state)
{
	(void)state;
	add_skippable(0);
	add_zstd(&stream, text, 5000, 0);
	add_skippable(3000);
	add_zstd(&stream, text + 5000, 0, 0);
	add_zstd(&stream, text + 5000, 70000, 0);
	add_skippable(70);
	expect_text(&inflate_zstd, text, 75000);
}

static void zstd_followed_by_anything_else(void **state)
{
	(void)state;
	add_zstd(&stream, text, 1000, 0);
	size_t whole = stream.length;
	add_zeros(&stream, 4);
	expect_failure(&inflate_zstd, EBADMSG, "something else follows");
	stream.length = whole;
	buffer_add(&stream, "\x28\xb5\x2f\xfe", 4);
	expect_failure(&inflate_zstd, EBADMSG, "something else follows");
}

static void zstd_of_before_version_0_8(void **state)
{
	(void)state;
	/* Version 0.7's magic number, which libzstd may know. */
	buffer_add(&stream, "\x27\xb5\x2f\xfd\0\0\0\0\0\0\0\0", 12);
	expect_failure(&inflate_zstd, EBADMSG, "something else follows");
}

static void zstd_cut_off(void **state)
{
	(void)state;
	add_zstd(&stream, text, sizeof text, 0);
	expect_cut_fails(&inflate_zstd, text);
}

static void zstd_damaged(void **state)
{
	(void)state;
	add_zstd(&stream, text, sizeof text, 0);
	/* Behind magic and frame header all is under the checksum. */
	assert_int_equal(count_undetected_flips(&inflate_zstd, 6, stream.length, sizeof text), 0);
}

static void zstd_window_of_32_mib_and_no_more(void **state)
{
	(void)state;
	add_zstd(&stream, text, sizeof text, 25);
	expect_text(&inflate_zstd, text, sizeof text);
	drop_stream(NULL);
	add_zstd(&stream, text, sizeof text, 26);
	expect_failure(&inflate_zstd, EFBIG, "larger than 32 MiB");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(detects_by_the_first_bytes),
		cmocka_unit_test(names_the_compression_that_no_image_may_have),
		cmocka_unit_test_teardown(gzip_one_member, drop_stream),
		cmocka_unit_test_teardown(gzip_of_nothing, drop_stream),
		cmocka_unit_test_teardown(gzip_many_members, drop_stream),
		cmocka_unit_test_teardown(gzip_with_every_optional_field, drop_stream),
		cmocka_unit_test_teardown(gzip_padded_with_zeros, drop_stream),
		cmocka_unit_test_teardown(gzip_followed_by_anything_else, drop_stream),
		cmocka_unit_test_teardown(gzip_cut_off, drop_stream),
		cmocka_unit_test_teardown(gzip_damaged, drop_stream),
		cmocka_unit_test_teardown(gzip_with_a_wrong_crc_or_length, drop_stream),
		cmocka_unit_test_teardown(zstd_one_frame, drop_stream),
		cmocka_unit_test_teardown(zstd_many_frames_and_skippable_ones, drop_stream),
		cmocka_unit_test_teardown(zstd_followed_by_anything_else, drop_stream),
		cmocka_unit_test_teardown(zstd_of_before_version_0_8, drop_stream),
		cmocka_unit_test_teardown(zstd_cut_off, drop_stream),
		cmocka_unit_test_teardown(zstd_damaged, drop_stream),
		cmocka_unit_test_teardown(zstd_window_of_32_mib_and_no_more, drop_stream),
	};

	return cmocka_run_group_tests(tests, make_text, NULL);
}
