/* The index, the manifest and the manifest.json of a packed image. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "imgtool/pack/documents.h"
#include "spec/base/owned.h"
#include "spec/image.h"

#define DIGITS "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"
#define OTHER "fedcba9876543210fedcba9876543210fedcba9876543210fedcba9876543210"
#define MANIFEST "\"mediaType\":\"application/vnd.oci.image.manifest.v1+json\""
#define TAGGED(tag) "\"annotations\":{\"org.opencontainers.image.ref.name\":\"" tag "\"}"
#define NEW                                              \
	"{" MANIFEST ",\"digest\":\"sha256:" DIGITS      \
	"\",\"size\":99,\"platform\":{\"architecture\":" \
	"\"amd64\",\"os\":\"linux\"}," TAGGED("t") "}"

static struct pack_image image(void)
{
	return (struct pack_image){ .tag = "t",
				    .manifest = "sha256:" DIGITS,
				    .config = "sha256:" OTHER,
				    .manifest_size = 99,
				    .platform = { "linux", "amd64", NULL } };
}

static void expect_index(const char *before, const char *expected)
{
	struct pack_image wanted = image();
	struct error err = { 0 };
	owned_string text = NULL;

	pack_index(before, &wanted, &text, &err);
	assert_string_equal(err.msg, "");
	assert_string_equal(text, expected);
}

static void a_new_index_has_the_image(void **unused)
{
	(void)unused;
	expect_index(
		NULL,
		"{\"schemaVersion\":2,\"mediaType\":\"application/vnd.oci.image.index.v1+json\","
		"\"manifests\":[" NEW "]}");
}

static void other_images_and_unknown_members_stay(void **unused)
{
	(void)unused;
	expect_index(
		"{\"schemaVersion\":2,\"manifests\":[{" MANIFEST ",\"digest\":\"sha256:" OTHER
		"\",\"size\":1,\"x\":[1]," TAGGED("u") "}],\"annotations\":{\"k\":\"v\"},\"y\":{}}",
		"{\"schemaVersion\":2,\"manifests\":[{" MANIFEST ",\"digest\":\"sha256:" OTHER
		"\",\"size\":1,\"x\":[1]," TAGGED("u") "}," NEW
						       "],\"annotations\":{\"k\":\"v\"},\"y\":{}}");
}

static void a_tag_moves(void **unused)
{
	(void)unused;
	expect_index("{\"schemaVersion\":2,\"manifests\":[{" MANIFEST ",\"digest\":\"sha256:" OTHER
		     "\",\"size\":1," TAGGED("t") "},{" MANIFEST ",\"digest\":\"sha256:" OTHER
						  "\",\"size\":1}]}",
		     "{\"schemaVersion\":2,\"manifests\":[{" MANIFEST ",\"digest\":\"sha256:" OTHER
		     "\",\"size\":1}," NEW "]}");
	expect_index("{\"schemaVersion\":2,\"manifests\":[" NEW "," NEW "]}",
		     "{\"schemaVersion\":2,\"manifests\":[" NEW "]}");
}

static void an_index_that_is_none_is_not_replaced(void **unused)
{
	static const char *const wrong[] = { "", "[]", "{}",
					     "{\"schemaVersion\":1,\"manifests\":[]}",
					     "{\"schemaVersion\":2,\"manifests\":[{}]}" };
	struct pack_image wanted = image();

	(void)unused;
	for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
		struct error err = { 0 };
		char *text = NULL;

		assert_int_equal(pack_index(wrong[i], &wanted, &text, &err), -1);
		assert_null(text);
		assert_memory_equal(err.msg, "index.json: ", 12);
	}
}

static void a_manifest_names_its_blobs(void **unused)
{
	static const struct copied layers[] = {
		{ "sha256:" DIGITS, 1, COMPRESSION_NONE },
		{ "sha256:" OTHER, 2, COMPRESSION_GZIP },
		{ "sha256:" DIGITS, 3, COMPRESSION_ZSTD },
	};
	struct error err = { 0 };
	struct problems problems = { 0 };
	owned_string text = NULL;

	(void)unused;
	assert_int_equal(pack_manifest("sha256:" OTHER, 77, layers, 3, &text, &err), 0);
	assert_string_equal(
		text,
		"{\"schemaVersion\":2," MANIFEST ",\"config\":{\"mediaType\":"
		"\"application/vnd.oci.image.config.v1+json\",\"digest\":\"sha256:" OTHER
		"\",\"size\":77},"
		"\"layers\":["
		"{\"mediaType\":\"application/"
		"vnd.oci.image.layer.v1.tar\",\"digest\":\"sha256:" DIGITS "\",\"size\":1},"
		"{\"mediaType\":\"application/"
		"vnd.oci.image.layer.v1.tar+gzip\",\"digest\":\"sha256:" OTHER "\",\"size\":2},"
		"{\"mediaType\":\"application/"
		"vnd.oci.image.layer.v1.tar+zstd\",\"digest\":\"sha256:" DIGITS "\",\"size\":3}]}");
	void *manifest = table_parse(&image_manifest_type, text, strlen(text), &problems);
	assert_non_null(manifest);
	table_free(&image_manifest_type, manifest);
}

static void docker_finds_the_blobs_of_the_layout(void **unused)
{
	struct pack_image wanted = image();
	struct error err = { 0 };
	owned_string named = NULL;
	owned_string nameless = NULL;

	(void)unused;
	string_list_add(&wanted.layers, "sha256:" DIGITS);
	wanted.docker = "a/b:c";
	assert_int_equal(pack_docker_manifest(&wanted, &named, &err), 0);
	assert_string_equal(named, "[{\"Config\":\"blobs/sha256/" OTHER
				   "\",\"RepoTags\":[\"a/b:c\"],\"Layers\":[\"blobs/sha256/" DIGITS
				   "\"]}]");
	wanted.docker = NULL;
	assert_int_equal(pack_docker_manifest(&wanted, &nameless, &err), 0);
	assert_non_null(strstr(nameless, "\"RepoTags\":null"));
	string_list_finish(&wanted.layers);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_new_index_has_the_image),
		cmocka_unit_test(other_images_and_unknown_members_stay),
		cmocka_unit_test(a_tag_moves),
		cmocka_unit_test(an_index_that_is_none_is_not_replaced),
		cmocka_unit_test(a_manifest_names_its_blobs),
		cmocka_unit_test(docker_finds_the_blobs_of_the_layout),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
