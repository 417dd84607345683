/* A layer's way into its blob: what is inflated again is what was written, and the same bytes give the same blob. */
#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "imgtool/layer/plain.h"
#include "imgtool/pack/gzip.h"
#include "imgtool/pack/stream.h"
#include "spec/base/owned.h"

static const struct {
	enum compression compression;
	int level;
} ways[] = {
	{ COMPRESSION_NONE, -1 }, { COMPRESSION_GZIP, 0 },  { COMPRESSION_GZIP, 1 },
	{ COMPRESSION_GZIP, 2 },  { COMPRESSION_GZIP, 3 },  { COMPRESSION_GZIP, -1 },
	{ COMPRESSION_ZSTD, 1 },  { COMPRESSION_ZSTD, -1 }, { COMPRESSION_ZSTD, 19 },
};
enum { WAYS = sizeof ways / sizeof *ways };

#define BLOCK ((size_t)GZIP_BLOCK)

enum content { TEXT, NOISE, ZEROS };

/* For the caller to free. */
static char *make_content(enum content content, size_t length)
{
	char *bytes = calloc(1, length + 1);
	uint64_t random = 88172645463325252;

	assert_non_null(bytes);
	for (size_t i = 0; content != ZEROS && i < length; i++) {
		random ^= random << 13;
		random ^= random >> 7;
		random ^= random << 17;
		bytes[i] = content == NOISE ? (char)random : "the quick brown fox "[random % 20];
	}
	return bytes;
}

/* Writes in pieces of @piece bytes, 0: directly into the stream's room. */
static void write_pieces(struct pack_stream *stream, const char *data, size_t length, size_t piece)
{
	struct error err = { 0 };

	for (size_t at = 0, size = 0; at < length; at += size) {
		size = piece;
		if (piece == 0) {
			void *room = pack_stream_room(stream, &size);

			assert_true(size > 0);
			size = size < length - at ? size : length - at;
			memcpy(room, data + at, size);
			assert_int_equal(pack_stream_advance(stream, size, &err), 0);
			continue;
		}
		size = size < length - at ? size : length - at;
		assert_int_equal(pack_stream_write(stream, data + at, size, &err), 0);
	}
	assert_int_equal(pack_stream_length(stream), length);
}

static struct packed pack_to(int fd, uint64_t offset, size_t way, const char *data, size_t length,
			     size_t piece)
{
	struct error err = { 0 };
	struct packed packed;
	struct pack_stream *stream =
		pack_stream_open(fd, offset, ways[way].compression, ways[way].level, &err);

	assert_string_equal(err.msg, "");
	assert_non_null(stream);
	write_pieces(stream, data, length, piece);
	assert_int_equal(pack_stream_end(stream, &packed, &err), 0);
	return packed;
}

/* The reader checks both digests and the size. */
static void expect_content(int fd, uint64_t offset, const struct packed *packed, const char *data,
			   size_t length)
{
	struct error err = { 0 };
	struct layer layer = { .blob = { .fd = fd,
					 .offset = offset,
					 .size = packed->size,
					 .digest = (char *)packed->digest },
			       .diff_id = (char *)packed->diff_id };
	struct plain_options options = { .max_size = UINT64_MAX };
	struct plain *plain = plain_open(&layer, &options, &err);
	const void *piece;
	size_t at = 0;
	ssize_t got;

	assert_non_null(plain);
	while ((got = plain_read(plain, &piece, &err)) > 0) {
		assert_true((size_t)got <= length - at);
		assert_memory_equal(piece, data + at, (size_t)got);
		at += (size_t)got;
	}
	assert_string_equal(err.msg, "");
	assert_int_equal(got, 0);
	assert_int_equal(at, length);
	plain_close(plain);
}

static void check_content(enum content content, size_t length, size_t piece)
{
	owned_string data = make_content(content, length);

	for (size_t way = 0; way < WAYS; way++) {
		/* The highest level is slow, and its bytes take the same way. */
		if (ways[way].level == 19 && length > 100000)
			continue;
		owned_fd fd = memfd_create("blob", MFD_CLOEXEC);
		struct packed packed = pack_to(fd, 1000, way, data, length, piece);

		expect_content(fd, 1000, &packed, data, length);
	}
}

static void what_is_written_is_read_again(void **unused)
{
	static const size_t lengths[] = {
		0, 1, 511, 65535, BLOCK - 1, BLOCK, BLOCK + 1, 3 * BLOCK, 9 * BLOCK + 7,
	};

	(void)unused;
	for (size_t i = 0; i < sizeof lengths / sizeof *lengths; i++)
		check_content(TEXT, lengths[i], 100000);
}

static void noise_and_zeros_too(void **unused)
{
	(void)unused;
	check_content(NOISE, 2 * BLOCK + 99, 0);
	check_content(ZEROS, 5 * BLOCK + 99, 0);
}

static void the_same_bytes_give_the_same_blob(void **unused)
{
	const size_t length = 5 * BLOCK + 12345;
	owned_string data = make_content(TEXT, length);

	(void)unused;
	for (size_t way = 0; way < WAYS; way++) {
		owned_fd one = memfd_create("one", MFD_CLOEXEC);
		owned_fd other = memfd_create("other", MFD_CLOEXEC);

		if (ways[way].level == 19)
			continue;
		struct packed first = pack_to(one, 0, way, data, length, 777);
		struct packed second = pack_to(other, 0, way, data, length, 0);

		assert_string_equal(first.digest, second.digest);
		assert_string_equal(first.diff_id, second.diff_id);
		assert_int_equal(first.size, second.size);
	}
}

static void a_gzip_header_tells_nothing(void **unused)
{
	static const unsigned char header[10] = { 0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 0xff };
	owned_fd fd = memfd_create("blob", MFD_CLOEXEC);
	unsigned char found[10];

	(void)unused;
	pack_to(fd, 0, 5, "x", 1, 1);
	assert_int_equal(pread(fd, found, sizeof found, 0), sizeof found);
	assert_memory_equal(found, header, sizeof found);
}

static void an_uncompressed_blob_is_its_own_plain(void **unused)
{
	owned_fd fd = memfd_create("blob", MFD_CLOEXEC);
	struct packed packed = pack_to(fd, 0, 0, "abc", 3, 1);

	(void)unused;
	assert_string_equal(
		packed.digest,
		"sha256:ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
	assert_string_equal(packed.diff_id, packed.digest);
	assert_int_equal(packed.size, 3);
}

static void levels_have_limits(void **unused)
{
	struct error err = { 0 };

	(void)unused;
	assert_int_equal(pack_stream_check_level(COMPRESSION_GZIP, -1, &err), 0);
	assert_int_equal(pack_stream_check_level(COMPRESSION_NONE, -1, &err), 0);
	assert_int_equal(pack_stream_check_level(COMPRESSION_GZIP, 0, &err), 0);
	assert_int_equal(pack_stream_check_level(COMPRESSION_ZSTD, 19, &err), 0);
	assert_int_equal(pack_stream_check_level(COMPRESSION_GZIP, 4, &err), -1);
	assert_string_equal(err.msg, "level 4: gzip has 0 to 3");
	assert_int_equal(pack_stream_check_level(COMPRESSION_ZSTD, 0, &err), -1);
	assert_int_equal(pack_stream_check_level(COMPRESSION_ZSTD, 20, &err), -1);
	assert_int_equal(pack_stream_check_level(COMPRESSION_NONE, 1, &err), -1);
	assert_int_equal(err.code, EINVAL);
}

static void a_blob_that_cannot_be_written_is_an_error(void **unused)
{
	owned_string data = make_content(NOISE, 8 * BLOCK);

	(void)unused;
	for (size_t way = 0; way < WAYS; way++) {
		struct error err = { 0 };
		struct packed packed;
		owned_fd full = open("/dev/full", O_WRONLY | O_CLOEXEC);
		struct pack_stream *stream =
			pack_stream_open(full, 0, ways[way].compression, ways[way].level, &err);
		int result = stream ? 0 : -1;

		if (result == 0)
			result = pack_stream_write(stream, data, 8 * BLOCK, &err);
		if (result && stream)
			pack_stream_drop(stream);
		else if (stream)
			result = pack_stream_end(stream, &packed, &err);
		assert_int_equal(result, -1);
		assert_string_equal(err.msg, "write a blob: no space left on device");
	}
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_is_written_is_read_again),
		cmocka_unit_test(noise_and_zeros_too),
		cmocka_unit_test(the_same_bytes_give_the_same_blob),
		cmocka_unit_test(a_gzip_header_tells_nothing),
		cmocka_unit_test(an_uncompressed_blob_is_its_own_plain),
		cmocka_unit_test(levels_have_limits),
		cmocka_unit_test(a_blob_that_cannot_be_written_is_an_error),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
