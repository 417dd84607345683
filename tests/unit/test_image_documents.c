/* The documents of an image: what tools write, and what must not be taken. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "imgtool/image/documents.h"
#include "spec/base/owned.h"

#define HEX "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"
#define DESCRIPTOR "{\"mediaType\":\"x\",\"digest\":\"sha256:" HEX "\",\"size\":1}"

static void media_types_lead_to_documents(void **unused)
{
	(void)unused;
	assert_int_equal(document_kind(MEDIA_TYPE_INDEX), DOCUMENT_INDEX);
	assert_int_equal(document_kind(MEDIA_TYPE_DOCKER_LIST), DOCUMENT_INDEX);
	assert_int_equal(document_kind(MEDIA_TYPE_MANIFEST), DOCUMENT_MANIFEST);
	assert_int_equal(document_kind(MEDIA_TYPE_DOCKER_MANIFEST), DOCUMENT_MANIFEST);
	assert_int_equal(document_kind(MEDIA_TYPE_CONFIG), DOCUMENT_CONFIG);
	assert_int_equal(document_kind(MEDIA_TYPE_DOCKER_CONFIG), DOCUMENT_CONFIG);
	assert_int_equal(document_kind("application/vnd.docker.distribution.manifest.v1+json"),
			 DOCUMENT_SCHEMA1);
	assert_int_equal(document_kind("application/xml"), DOCUMENT_OTHER);
	assert_int_equal(document_kind(""), DOCUMENT_OTHER);
	assert_int_equal(document_kind(MEDIA_TYPE_MANIFEST "x"), DOCUMENT_OTHER);
}

static void layers_are_known_by_their_types(void **unused)
{
	static const struct {
		const char *type;
		int compression; /* -1: refused */
	} cases[] = {
		{ "application/vnd.oci.image.layer.v1.tar", COMPRESSION_NONE },
		{ "application/vnd.oci.image.layer.v1.tar+gzip", COMPRESSION_GZIP },
		{ "application/vnd.oci.image.layer.v1.tar+zstd", COMPRESSION_ZSTD },
		{ "application/vnd.oci.image.layer.nondistributable.v1.tar", COMPRESSION_NONE },
		{ "application/vnd.oci.image.layer.nondistributable.v1.tar+gzip",
		  COMPRESSION_GZIP },
		{ "application/vnd.docker.image.rootfs.diff.tar", COMPRESSION_NONE },
		{ "application/vnd.docker.image.rootfs.diff.tar.gzip", COMPRESSION_GZIP },
		{ "application/vnd.docker.image.rootfs.diff.tar.zstd", COMPRESSION_ZSTD },
		{ "application/vnd.docker.image.rootfs.foreign.diff.tar.gzip", COMPRESSION_GZIP },
		{ "application/vnd.oci.image.layer.v1.tar+gzip+encrypted", -1 },
		{ "application/vnd.oci.image.layer.v1.tar+bzip2", -1 },
		{ "application/vnd.oci.image.layer.v1.tar+", -1 },
		{ "application/vnd.oci.image.layer.v2.tar", -1 },
		{ "text/plain", -1 },
		{ "", -1 },
	};

	(void)unused;
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		enum compression compression = COMPRESSION_NONE;
		struct error err = { 0 };
		int result = layer_compression(cases[i].type, &compression, &err);

		if (result != (cases[i].compression < 0 ? -1 : 0) ||
		    (!result && (int)compression != cases[i].compression))
			fail_msg("%s: %d, compression %d", cases[i].type, result, compression);
		if (result)
			assert_non_null(strstr(err.msg, "is not supported"));
	}
}

/* The words of the error, which the caller must look at before the next call; NULL: the text was taken. */
static const char *index_error(const char *text, const char *media_type)
{
	static struct error err;

	err = (struct error){ 0 };
	OWNED(owned_index_free)
	struct image_index *index = image_index_parse(text, strlen(text), media_type, &err);
	return index ? NULL : err.msg;
}

static const char *manifest_error(const char *text, const char *media_type)
{
	static struct error err;

	err = (struct error){ 0 };
	OWNED(owned_manifest_free)
	struct image_manifest *manifest =
		image_manifest_parse(text, strlen(text), media_type, &err);
	return manifest ? NULL : err.msg;
}

static const char *config_error(const char *text)
{
	static struct error err;

	err = (struct error){ 0 };
	OWNED(owned_config_free)
	struct image_config *config = image_config_parse(text, strlen(text), &err);
	return config ? NULL : err.msg;
}

static void says(const char *error, const char *words)
{
	if (!error)
		fail_msg("was taken; expected: %s", words);
	else if (!strstr(error, words))
		fail_msg("'%s' does not say '%s'", error, words);
}

static void indexes(void **unused)
{
	(void)unused;
	assert_null(index_error("{\"schemaVersion\":2,\"manifests\":[]}", MEDIA_TYPE_INDEX));
	assert_null(index_error("{\"schemaVersion\":2,\"manifests\":[" DESCRIPTOR "]}",
				MEDIA_TYPE_INDEX));
	assert_null(index_error(
		"{\"schemaVersion\":2,\"manifests\":[],\"config\":null,\"layers\":null}",
		MEDIA_TYPE_INDEX));
	assert_null(index_error("{\"schemaVersion\":2,\"mediaType\":\"" MEDIA_TYPE_DOCKER_LIST
				"\",\"manifests\":[]}",
				MEDIA_TYPE_DOCKER_LIST));
	says(index_error("{\"schemaVersion\":2}", MEDIA_TYPE_INDEX), "manifests: required");
	says(index_error("{\"manifests\":[]}", MEDIA_TYPE_INDEX), "schemaVersion: required");
	says(index_error("{\"schemaVersion\":3,\"manifests\":[]}", MEDIA_TYPE_INDEX),
	     "schemaVersion");
	says(index_error("{\"schemaVersion\":2,\"manifests\":[null]}", MEDIA_TYPE_INDEX),
	     "manifests[0]");
	says(index_error("{\"schemaVersion\":2,\"manifests\":[],\"layers\":[]}", MEDIA_TYPE_INDEX),
	     "has the fields of an index and of a manifest");
	says(index_error("{\"schemaVersion\":2,\"mediaType\":\"" MEDIA_TYPE_MANIFEST
			 "\",\"manifests\":[]}",
			 MEDIA_TYPE_INDEX),
	     "calls itself " MEDIA_TYPE_MANIFEST);
	says(index_error("", MEDIA_TYPE_INDEX), "index: ");
	says(index_error("[]", MEDIA_TYPE_INDEX), "index: ");
}

static void manifests(void **unused)
{
	const char *type = MEDIA_TYPE_MANIFEST;

	(void)unused;
	assert_null(manifest_error("{\"schemaVersion\":2,\"config\":" DESCRIPTOR
				   ",\"layers\":[" DESCRIPTOR "]}",
				   type));
	assert_null(manifest_error("{\"schemaVersion\":2,\"config\":" DESCRIPTOR
				   ",\"layers\":[],\"manifests\":null,\"subject\":" DESCRIPTOR "}",
				   type));
	says(manifest_error("{\"schemaVersion\":2,\"layers\":[]}", type), "config: required");
	says(manifest_error("{\"schemaVersion\":2,\"config\":" DESCRIPTOR "}", type),
	     "layers: required");
	says(manifest_error("{\"schemaVersion\":2,\"config\":" DESCRIPTOR
			    ",\"layers\":[],\"manifests\":[]}",
			    type),
	     "has the fields of an index and of a manifest");
	says(manifest_error("{\"schemaVersion\":1,\"fsLayers\":[]}", type), "schema 1");
	says(manifest_error("{\"schemaVersion\":1,\"config\":" DESCRIPTOR ",\"layers\":[]}", type),
	     "schema 1");
	says(manifest_error("{\"schemaVersion\":2,\"mediaType\":\"" MEDIA_TYPE_DOCKER_MANIFEST
			    "\",\"config\":" DESCRIPTOR ",\"layers\":[]}",
			    type),
	     "but is referred to as " MEDIA_TYPE_MANIFEST);
	says(manifest_error("{\"schemaVersion\":2,\"schemaVersion\":2,\"config\":" DESCRIPTOR
			    ",\"layers\":[]}",
			    type),
	     "schemaVersion");
}

#define CONFIG(more) "{\"architecture\":\"amd64\",\"os\":\"linux\"," more "}"
#define ROOTFS(ids) "\"rootfs\":{\"type\":\"layers\",\"diff_ids\":" ids "}"

static void configs(void **unused)
{
	(void)unused;
	assert_null(config_error(CONFIG(ROOTFS("[\"sha256:" HEX "\"]"))));
	assert_null(config_error(CONFIG(ROOTFS("null"))));
	says(config_error(CONFIG(ROOTFS("[\"sha256:abc\"]"))), "rootfs.diff_ids[0]");
	says(config_error(CONFIG(ROOTFS("[\"sha256:" HEX "\",\"../../etc\"]"))),
	     "rootfs.diff_ids[1]");
	says(config_error(CONFIG("\"rootfs\":{\"type\":\"layers+base\",\"diff_ids\":[]}")),
	     "is not 'layers'");
	says(config_error(CONFIG("\"rootfs\":{\"diff_ids\":[]}")), "rootfs.type: required");
	says(config_error("{\"os\":\"linux\"," ROOTFS("[]") "}"), "architecture: required");
	says(config_error(CONFIG("\"rootfs\":null")), "rootfs: required");
}

static void more_layers_than_are_allowed(void **unused)
{
	struct buffer text = { 0 };

	(void)unused;
	buffer_print(&text, "{\"architecture\":\"amd64\",\"os\":\"linux\",\"rootfs\":{\"type\":"
			    "\"layers\",\"diff_ids\":[");
	for (int i = 0; i <= IMAGE_LAYERS_MAX; i++)
		buffer_print(&text, "%s\"sha256:" HEX "\"", i ? "," : "");
	buffer_print(&text, "]}}");
	says(config_error(text.text), "513 layers are more than the 512 allowed");
	buffer_finish(&text);
}

static void the_layouts_version(void **unused)
{
	static const char *const good[] = { "{\"imageLayoutVersion\":\"1.0.0\"}",
					    "{\"imageLayoutVersion\":\"1.1\",\"x\":1}" };
	static const char *const bad[] = { "{\"imageLayoutVersion\":\"2.0.0\"}",
					   "{\"imageLayoutVersion\":\"10.0\"}",
					   "{\"imageLayoutVersion\":\"\"}",
					   "{\"imageLayoutVersion\":1}",
					   "{}",
					   "",
					   "[]" };

	(void)unused;
	for (size_t i = 0; i < sizeof good / sizeof *good; i++)
		assert_int_equal(image_layout_check(good[i], strlen(good[i]), NULL), 0);
	for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
		struct error err = { 0 };

		assert_int_equal(image_layout_check(bad[i], strlen(bad[i]), &err), -1);
		says(err.msg, "oci-layout: ");
	}
}

static void images_of_docker_save(void **unused)
{
	static const char good[] =
		"[{\"Config\":\"a.json\",\"RepoTags\":null,\"Layers\":[\"a/layer.tar\"]},"
		"{\"Config\":\"b.json\",\"RepoTags\":[\"b:1\"],\"Layers\":null,\"LayerSources\":{}}"
		"]";
	static const char *const bad[] = { "",
					   "{}",
					   "null",
					   "[1]",
					   "[null]",
					   "[{}]",
					   "[{\"Config\":1}]",
					   "[],\"x\":[]",
					   "[{\"Config\":\"a\",\"Layers\":{}}]",
					   "[]]",
					   "[" };
	struct docker_image_list images;

	(void)unused;
	assert_int_equal(docker_images_parse(good, strlen(good), &images, NULL), 0);
	assert_int_equal(images.n, 2);
	assert_string_equal(images.v[0]->config, "a.json");
	assert_int_equal(images.v[0]->repo_tags.n, 0);
	assert_string_equal(images.v[0]->layers.v[0], "a/layer.tar");
	assert_string_equal(images.v[1]->repo_tags.v[0], "b:1");
	owned_docker_images_free(&images);
	for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
		struct error err = { 0 };

		if (docker_images_parse(bad[i], strlen(bad[i]), &images, &err) != -1)
			fail_msg("'%s' was taken", bad[i]);
		assert_int_equal(images.n, 0);
		says(err.msg, "manifest.json: ");
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(media_types_lead_to_documents),
		cmocka_unit_test(layers_are_known_by_their_types),
		cmocka_unit_test(indexes),
		cmocka_unit_test(manifests),
		cmocka_unit_test(configs),
		cmocka_unit_test(more_layers_than_are_allowed),
		cmocka_unit_test(the_layouts_version),
		cmocka_unit_test(images_of_docker_save),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
