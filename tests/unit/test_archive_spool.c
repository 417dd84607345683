/* Compressed archives made plain: bounds, and what is no compressed stream. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include <cmocka.h>

#include "imgtool/image/archive_spool.h"
#include "spec/base/io.h"
#include "spec/base/owned.h"

/* "text\n", as gzip -n and zstd write it. */
static const unsigned char gzip[] = { 0x1f, 0x8b, 0x08, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00,
				      0x03, 0x2b, 0x49, 0xad, 0x28, 0xe1, 0x02, 0x00, 0x27,
				      0xda, 0xec, 0x37, 0x05, 0x00, 0x00, 0x00 };
static const unsigned char zstd[] = { 0x28, 0xb5, 0x2f, 0xfd, 0x04, 0x58, 0x29, 0x00, 0x00,
				      0x74, 0x65, 0x78, 0x74, 0x0a, 0x2c, 0x51, 0xa1, 0xbf };

static int file_of(const void *data, size_t length)
{
	int fd = memfd_create("archive", MFD_CLOEXEC);

	assert_true(fd >= 0);
	assert_int_equal(write_all(fd, data, length), 0);
	assert_int_equal(lseek(fd, 0, SEEK_SET), 0);
	return fd;
}

static void expect_text(const void *data, size_t length)
{
	owned_fd fd = file_of(data, length);
	struct error err = { 0 };
	char text[8] = "";

	assert_true(archive_is_compressed(fd));
	owned_fd plain = archive_spool(fd, 5, &err);
	if (plain < 0)
		fail_msg("%s", err.msg);
	assert_int_equal(pread(plain, text, sizeof text, 0), 5);
	assert_string_equal(text, "text\n");
}

static void gzip_and_zstd_are_read(void **unused)
{
	(void)unused;
	expect_text(gzip, sizeof gzip);
	expect_text(zstd, sizeof zstd);
}

static void expect_failure(const void *data, size_t length, uint64_t max, int code)
{
	owned_fd fd = file_of(data, length);
	struct error err = { 0 };

	assert_int_equal(archive_spool(fd, max, &err), -1);
	assert_int_equal(err.code, code);
	assert_non_null(strstr(err.msg, "decompress: "));
}

static void more_than_is_allowed(void **unused)
{
	(void)unused;
	expect_failure(gzip, sizeof gzip, 4, EFBIG);
	expect_failure(zstd, sizeof zstd, 0, EFBIG);
}

static void what_is_cut_off_or_changed(void **unused)
{
	unsigned char changed[sizeof gzip];

	(void)unused;
	expect_failure(gzip, 15, 100, EINVAL);
	expect_failure(zstd, 12, 100, EINVAL);
	expect_failure("\x1f\x8b with a wrong header", 22, 100, EINVAL);
	memcpy(changed, zstd, sizeof zstd);
	changed[13] ^= 1;
	expect_failure(changed, sizeof zstd, 100, EINVAL);
}

static void what_is_not_compressed(void **unused)
{
	owned_fd tar = file_of("a tar", 5);
	owned_fd empty = file_of("", 0);

	(void)unused;
	assert_false(archive_is_compressed(tar));
	assert_false(archive_is_compressed(empty));
}

static void the_folder_is_the_users(void **unused)
{
	owned_fd fd = file_of(gzip, sizeof gzip);
	struct error err = { 0 };

	(void)unused;
	assert_int_equal(setenv("TMPDIR", "/nonexistent", 1), 0);
	assert_int_equal(archive_spool(fd, 100, &err), -1);
	assert_string_equal(err.msg,
			    "create a temporary file in /nonexistent: no such file or directory");
	assert_int_equal(unsetenv("TMPDIR"), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(gzip_and_zstd_are_read),
		cmocka_unit_test(more_than_is_allowed),
		cmocka_unit_test(what_is_cut_off_or_changed),
		cmocka_unit_test(what_is_not_compressed),
		cmocka_unit_test(the_folder_is_the_users),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
