#include "imgtool/image/documents.h"

#include <errno.h>
#include <string.h>

#include "imgtool/image/digest.h"
#include "spec/base/owned.h"

#define SCHEMA1_TYPE "application/vnd.docker.distribution.manifest.v1+json"
#define SCHEMA1_SIGNED_TYPE "application/vnd.docker.distribution.manifest.v1+prettyjws"

static const struct {
	const char *media_type;
	enum document_kind kind;
} kinds[] = {
	{ MEDIA_TYPE_INDEX, DOCUMENT_INDEX },
	{ MEDIA_TYPE_DOCKER_LIST, DOCUMENT_INDEX },
	{ MEDIA_TYPE_MANIFEST, DOCUMENT_MANIFEST },
	{ MEDIA_TYPE_DOCKER_MANIFEST, DOCUMENT_MANIFEST },
	{ MEDIA_TYPE_CONFIG, DOCUMENT_CONFIG },
	{ MEDIA_TYPE_DOCKER_CONFIG, DOCUMENT_CONFIG },
	{ SCHEMA1_TYPE, DOCUMENT_SCHEMA1 },
	{ SCHEMA1_SIGNED_TYPE, DOCUMENT_SCHEMA1 },
};

static const char *const layer_types[] = {
	"application/vnd.oci.image.layer.v1.tar",
	"application/vnd.oci.image.layer.nondistributable.v1.tar",
	"application/vnd.docker.image.rootfs.diff.tar",
	"application/vnd.docker.image.rootfs.foreign.diff.tar",
};

/* OCI writes "+", Docker a full stop. */
static const struct {
	const char *suffix;
	enum compression compression;
} suffixes[] = {
	{ "", COMPRESSION_NONE },      { "+gzip", COMPRESSION_GZIP }, { ".gzip", COMPRESSION_GZIP },
	{ "+zstd", COMPRESSION_ZSTD }, { ".zstd", COMPRESSION_ZSTD },
};

enum document_kind document_kind(const char *media_type)
{
	for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++)
		if (strcmp(media_type, kinds[i].media_type) == 0)
			return kinds[i].kind;
	return DOCUMENT_OTHER;
}

/* table_parse, with its problems as one error. */
static void *parse(const struct type *type, const char *document, const char *text, size_t length,
		   struct error *err)
{
	OWNED(problems_finish) struct problems problems = { 0 };
	void *object = table_parse(type, text, length, &problems);

	if (!object)
		problems_to_error(&problems, document, err);
	return object;
}

int image_layout_check(const char *text, size_t length, struct error *err)
{
	struct image_layout *layout = parse(&image_layout_type, "oci-layout", text, length, err);
	int result = 0;

	if (!layout)
		return -1;
	if (!text_starts_with(layout->version, "1."))
		result = error_set(err, ENOTSUP, "oci-layout: version '%.40s' is not supported",
				   layout->version);
	table_free(&image_layout_type, layout);
	return result;
}

static int check_kind(const struct image_document *document, bool index, const char *media_type,
		      const char *name, struct error *err)
{
	if (document->fs_layers ||
	    (document->schema_version.set && document->schema_version.value == 1))
		return error_set(err, ENOTSUP,
				 "%s: is of Docker's schema 1, which is not supported", name);
	if (document->media_type && strcmp(document->media_type, media_type) != 0)
		return error_set(err, EINVAL, "%s: calls itself %.100s, but is referred to as %s",
				 name, document->media_type, media_type);
	if (index ? document->layers || document->config : document->manifests != NULL)
		return error_set(err, EINVAL, "%s: has the fields of an index and of a manifest",
				 name);
	return 0;
}

/* A parser that looks for other fields must not see another image in the same bytes. */
static int check_document(const char *text, size_t length, bool index, const char *media_type,
			  struct error *err)
{
	const char *name = index ? "index" : "manifest";
	struct image_document *document = parse(&image_document_type, name, text, length, err);

	if (!document)
		return -1;
	int result = check_kind(document, index, media_type, name, err);
	table_free(&image_document_type, document);
	return result;
}

struct image_index *image_index_parse(const char *text, size_t length, const char *media_type,
				      struct error *err)
{
	if (check_document(text, length, true, media_type, err))
		return NULL;
	return parse(&image_index_type, "index", text, length, err);
}

struct image_manifest *image_manifest_parse(const char *text, size_t length, const char *media_type,
					    struct error *err)
{
	if (check_document(text, length, false, media_type, err))
		return NULL;
	return parse(&image_manifest_type, "manifest", text, length, err);
}

static int check_config(const struct image_config *config, struct error *err)
{
	const struct string_list *diff_ids = &config->rootfs->diff_ids;

	if (strcmp(config->rootfs->type, "layers") != 0)
		return error_set(err, ENOTSUP, "config: rootfs.type '%.40s' is not 'layers'",
				 config->rootfs->type);
	if (diff_ids->n > IMAGE_LAYERS_MAX)
		return error_set(err, EFBIG, "config: %zu layers are more than the %d allowed",
				 diff_ids->n, IMAGE_LAYERS_MAX);
	for (size_t i = 0; i < diff_ids->n; i++)
		if (digest_check(diff_ids->v[i], err))
			return error_prefix(err, "config: rootfs.diff_ids[%zu]", i);
	return 0;
}

struct image_config *image_config_parse(const char *text, size_t length, struct error *err)
{
	struct image_config *config = parse(&image_config_type, "config", text, length, err);

	if (config && check_config(config, err)) {
		table_free(&image_config_type, config);
		return NULL;
	}
	return config;
}

int docker_images_parse(const char *text, size_t length, struct docker_image_list *ret,
			struct error *err)
{
	OWNED(problems_finish) struct problems problems = { 0 };

	if (table_parse_list(&docker_image_type, text, length, ret, &problems))
		return problems_to_error(&problems, "manifest.json", err);
	return 0;
}

/* NULL when @media_type is none of a layer. */
static const char *layer_suffix(const char *media_type)
{
	for (size_t i = 0; i < sizeof layer_types / sizeof *layer_types; i++)
		if (text_starts_with(media_type, layer_types[i]))
			return media_type + strlen(layer_types[i]);
	return NULL;
}

int layer_compression(const char *media_type, enum compression *ret, struct error *err)
{
	const char *suffix = layer_suffix(media_type);

	for (size_t i = 0; suffix && i < sizeof suffixes / sizeof *suffixes; i++) {
		if (strcmp(suffix, suffixes[i].suffix) != 0)
			continue;
		*ret = suffixes[i].compression;
		return 0;
	}
	error_set(err, ENOTSUP, "media type '%.100s' is not supported", media_type);
	return error_hint(err, "a layer is a tar, plain or with gzip or zstd");
}
