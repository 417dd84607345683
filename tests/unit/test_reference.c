/* Names of images as the user writes them. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "imgtool/image/reference.h"

#define HEX "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"

static const struct {
	const char *text;
	enum transport transport;
	const char *path, *tag, *digest;
	int64_t index;
} good[] = {
	{ "oci:dir", TRANSPORT_OCI, "dir", NULL, NULL, -1 },
	{ "oci:/a/b:v1", TRANSPORT_OCI, "/a/b", "v1", NULL, -1 },
	{ "oci:dir:registry:5000/name:v1", TRANSPORT_OCI, "dir", "registry:5000/name:v1", NULL,
	  -1 },
	{ "oci:dir:a@b", TRANSPORT_OCI, "dir", "a@b", NULL, -1 },
	{ "oci:dir@sha256:" HEX, TRANSPORT_OCI, "dir", NULL, "sha256:" HEX, -1 },
	{ "oci:dir:@sha256:" HEX, TRANSPORT_OCI, "dir", NULL, "sha256:" HEX, -1 },
	{ "oci:user@host", TRANSPORT_OCI, "user@host", NULL, NULL, -1 },
	{ "oci:user@host:v1", TRANSPORT_OCI, "user@host", "v1", NULL, -1 },
	{ "oci:dir@sha512:" HEX HEX, TRANSPORT_OCI, "dir", NULL, "sha512:" HEX HEX, -1 },
	{ "oci-archive:x.tar:v1", TRANSPORT_OCI_ARCHIVE, "x.tar", "v1", NULL, -1 },
	{ "docker-archive:x.tar", TRANSPORT_DOCKER_ARCHIVE, "x.tar", NULL, NULL, -1 },
	{ "docker-archive:x.tar:busybox", TRANSPORT_DOCKER_ARCHIVE, "x.tar", "busybox:latest", NULL,
	  -1 },
	{ "docker-archive:x.tar:busybox:1", TRANSPORT_DOCKER_ARCHIVE, "x.tar", "busybox:1", NULL,
	  -1 },
	{ "docker-archive:x.tar:host:5000/a", TRANSPORT_DOCKER_ARCHIVE, "x.tar",
	  "host:5000/a:latest", NULL, -1 },
	{ "docker-archive:x.tar:@0", TRANSPORT_DOCKER_ARCHIVE, "x.tar", NULL, NULL, 0 },
	{ "docker-archive:x.tar:@17", TRANSPORT_DOCKER_ARCHIVE, "x.tar", NULL, NULL, 17 },
	{ "dir", TRANSPORT_OCI, "dir", NULL, NULL, -1 },
	{ "./dir:v1", TRANSPORT_OCI, "./dir", "v1", NULL, -1 },
	{ "/oci:v1", TRANSPORT_OCI, "/oci", "v1", NULL, -1 },
	{ "oci", TRANSPORT_OCI, "oci", NULL, NULL, -1 },
};

static const struct {
	const char *text, *words;
} bad[] = {
	{ "", "image '': no path is given" },
	{ "oci:", "no path is given" },
	{ "oci::v1", "no path is given" },
	{ "oci:@sha256:" HEX, "no path is given" },
	{ "oci:dir:", "nothing follows the colon behind 'dir'" },
	{ "oci:dir@sha256:abc", "has not 64 hexadecimal digits" },
	{ "oci:dir@sha256:" HEX "0", "has not 64 hexadecimal digits" },
	{ "oci:dir:@md5:abc", "is neither sha256 nor sha512" },
	{ "docker-archive:x.tar:@", "no number of an image" },
	{ "docker-archive:x.tar:@-1", "no number of an image" },
	{ "docker-archive:x.tar:@1x", "no number of an image" },
	{ "docker-archive:x.tar:@99999999999999999999", "no number of an image" },
	{ "docker://busybox", "skopeo copy docker://busybox oci:DIR:TAG" },
	{ "containers-storage:x", "known are oci, oci-archive and docker-archive" },
	{ "name:v1", "transport 'name' is not known" },
};

static void same(const char *is, const char *expected)
{
	if (expected)
		assert_string_equal(is, expected);
	else
		assert_null(is);
}

static void good_ones_are_taken_apart(void **unused)
{
	(void)unused;
	for (size_t i = 0; i < sizeof good / sizeof *good; i++) {
		struct reference reference;
		struct error err = { 0 };

		if (reference_parse(good[i].text, &reference, &err))
			fail_msg("%s: %s", good[i].text, err.msg);
		assert_int_equal(reference.transport, good[i].transport);
		same(reference.path, good[i].path);
		same(reference.tag, good[i].tag);
		same(reference.digest, good[i].digest);
		assert_int_equal(reference.index, good[i].index);
		reference_finish(&reference);
	}
}

static void bad_ones_are_explained(void **unused)
{
	(void)unused;
	for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
		struct reference reference;
		struct error err = { 0 };

		if (reference_parse(bad[i].text, &reference, &err) != -1)
			fail_msg("%s was taken", bad[i].text);
		if (!strstr(err.msg, bad[i].words))
			fail_msg("%s: '%s' does not say '%s'", bad[i].text, err.msg, bad[i].words);
		assert_null(reference.path);
		reference_finish(&reference);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(good_ones_are_taken_apart),
		cmocka_unit_test(bad_ones_are_explained),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
