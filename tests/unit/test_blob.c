/* Blobs: regions of a file, read and compared with their digests. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include <fcntl.h>
#include <sys/mman.h>

#include "imgtool/image/blob.h"
#include "imgtool/image/digest.h"
#include "spec/base/owned.h"

static const char text[] = "before|the content|behind";

static struct blob region(void)
{
	struct blob blob = { .fd = memfd_create("blob", MFD_CLOEXEC), .offset = 7, .size = 11 };
	char digest[DIGEST_MAX];

	assert_int_equal(write(blob.fd, text, strlen(text)), strlen(text));
	assert_int_equal(digest_of("sha256:", "the content", 11, digest, NULL), 0);
	blob.digest = strdup(digest);
	return blob;
}

static void a_region_is_read(void **unused)
{
	OWNED(blob_finish) struct blob blob = region();
	owned_string read = NULL;
	size_t length = 0;

	(void)unused;
	assert_int_equal(blob_read(&blob, 11, &read, &length, NULL), 0);
	assert_string_equal(read, "the content");
	assert_int_equal(length, 11);
	assert_int_equal(blob_check(&blob, NULL), 0);
}

static void without_a_digest_too(void **unused)
{
	OWNED(blob_finish) struct blob blob = region();
	owned_string read = NULL;
	size_t length = 0;

	(void)unused;
	free(take_pointer(blob.digest));
	assert_int_equal(blob_read(&blob, 11, &read, &length, NULL), 0);
	assert_string_equal(read, "the content");
}

static void another_digest_is_told(void **unused)
{
	OWNED(blob_finish) struct blob blob = region();
	struct error err = { 0 };
	char *read = NULL;
	size_t length;

	(void)unused;
	blob.offset = 6;
	assert_int_equal(blob_read(&blob, 100, &read, &length, &err), -1);
	assert_int_equal(err.code, EBADMSG);
	assert_non_null(strstr(err.msg, "its content has the digest sha256:"));
	assert_null(read);
	assert_int_equal(blob_check(&blob, &err), -1);
	assert_int_equal(err.code, EBADMSG);
}

static void too_large_or_cut_off(void **unused)
{
	OWNED(blob_finish) struct blob blob = region();
	struct error err = { 0 };
	char *read = NULL;
	size_t length;

	(void)unused;
	assert_int_equal(blob_read(&blob, 10, &read, &length, &err), -1);
	assert_int_equal(err.code, EFBIG);
	blob.size = 100;
	assert_int_equal(blob_read(&blob, 100, &read, &length, &err), -1);
	assert_non_null(strstr(err.msg, "ends after 18 of 100 bytes"));
	assert_int_equal(blob_check(&blob, &err), -1);
	assert_non_null(strstr(err.msg, "ends after 18 of 100 bytes"));
}

static void an_empty_one(void **unused)
{
	OWNED(blob_finish) struct blob blob = region();
	owned_string read = NULL;
	size_t length = 1;

	(void)unused;
	free(take_pointer(blob.digest));
	blob.size = 0;
	assert_int_equal(blob_read(&blob, 0, &read, &length, NULL), 0);
	assert_int_equal(length, 0);
	assert_string_equal(read, "");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_region_is_read),	  cmocka_unit_test(without_a_digest_too),
		cmocka_unit_test(another_digest_is_told), cmocka_unit_test(too_large_or_cut_off),
		cmocka_unit_test(an_empty_one),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
