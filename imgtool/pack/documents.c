#include "imgtool/pack/documents.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "imgtool/pack/json.h"
#include "spec/image.h"

#define MEDIA_TYPE_LAYER "application/vnd.oci.image.layer.v1.tar"

static struct json_object *blob_descriptor(const char *media_type, const char *digest,
					   uint64_t size)
{
	struct json_object *json = json_object_new_object();

	json_set_text(json, "mediaType", media_type);
	json_set_text(json, "digest", digest);
	json_object_object_add(json, "size", json_object_new_int64((int64_t)size));
	return json;
}

static struct json_object *descriptor(const struct pack_image *image)
{
	struct json_object *json =
		blob_descriptor(MEDIA_TYPE_MANIFEST, image->manifest, image->manifest_size);
	struct json_object *platform = json_object_new_object();

	json_set_text(platform, "architecture", image->platform.architecture);
	json_set_text(platform, "os", image->platform.os);
	json_set_text(platform, "variant", image->platform.variant);
	json_object_object_add(json, "platform", platform);
	if (image->tag) {
		struct json_object *annotations = json_object_new_object();

		json_set_text(annotations, ANNOTATION_REF_NAME, image->tag);
		json_object_object_add(json, "annotations", annotations);
	}
	return json;
}

static const char *tag_of(struct json_object *descriptor)
{
	struct json_object *annotations, *tag;

	if (!json_object_object_get_ex(descriptor, "annotations", &annotations) ||
	    !json_object_object_get_ex(annotations, ANNOTATION_REF_NAME, &tag))
		return NULL;
	return json_object_get_string(tag);
}

/* Without the image that has the tag; without a tag, without the same manifest that has none. */
static struct json_object *others(struct json_object *manifests, const struct pack_image *image)
{
	struct json_object *kept = json_object_new_array();

	for (size_t i = 0; i < json_object_array_length(manifests); i++) {
		struct json_object *one = json_object_array_get_idx(manifests, i), *digest = NULL;
		const char *tag = tag_of(one);

		json_object_object_get_ex(one, "digest", &digest);
		if (image->tag
			    ? text_equal(tag, image->tag)
			    : !tag && text_equal(json_object_get_string(digest), image->manifest))
			continue;
		json_object_array_add(kept, json_object_get(one));
	}
	return kept;
}

/* The table checks what json-c then changes, so that fields which the table does not know stay. */
static struct json_object *parse_index(const char *text, struct error *err)
{
	struct problems problems = { 0 };
	void *index = table_parse(&image_index_type, text, strlen(text), &problems);

	if (!index) {
		problems_to_error(&problems, "index.json", err);
		problems_finish(&problems);
		return NULL;
	}
	problems_finish(&problems);
	table_free(&image_index_type, index);

	struct json_object *json = json_parse(text);
	if (!json)
		error_set(err, EINVAL, "index.json: is no JSON");
	return json;
}

static struct json_object *new_index(void)
{
	struct json_object *json = json_object_new_object();

	json_object_object_add(json, "schemaVersion", json_object_new_int(2));
	json_set_text(json, "mediaType", MEDIA_TYPE_INDEX);
	json_object_object_add(json, "manifests", json_object_new_array());
	return json;
}

int pack_index(const char *before, const struct pack_image *image, char **text, struct error *err)
{
	owned_json index = before ? parse_index(before, err) : new_index();
	struct json_object *manifests = NULL;

	if (!index)
		return -1;
	json_object_object_get_ex(index, "manifests", &manifests);
	manifests = others(manifests, image);
	json_object_array_add(manifests, descriptor(image));
	json_object_object_add(index, "manifests", manifests);
	return json_print(index, text, err);
}

int pack_manifest(const char *config, uint64_t config_size, const struct copied *layers, size_t n,
		  char **text, struct error *err)
{
	static const char *const media_types[] = {
		[COMPRESSION_NONE] = MEDIA_TYPE_LAYER,
		[COMPRESSION_GZIP] = MEDIA_TYPE_LAYER "+gzip",
		[COMPRESSION_ZSTD] = MEDIA_TYPE_LAYER "+zstd",
	};
	owned_json json = json_object_new_object();
	struct json_object *array = json_object_new_array();

	json_object_object_add(json, "schemaVersion", json_object_new_int(2));
	json_set_text(json, "mediaType", MEDIA_TYPE_MANIFEST);
	json_object_object_add(json, "config",
			       blob_descriptor(MEDIA_TYPE_CONFIG, config, config_size));
	for (size_t i = 0; i < n; i++)
		json_object_array_add(array, blob_descriptor(media_types[layers[i].compression],
							     layers[i].digest, layers[i].size));
	json_object_object_add(json, "layers", array);
	return json_print(json, text, err);
}

void pack_blob_path(const char *digest, char ret[BLOB_PATH_MAX])
{
	char *colon;

	snprintf(ret, BLOB_PATH_MAX, "blobs/%s", digest);
	colon = strchr(ret, ':');
	if (colon)
		*colon = '/';
}

int pack_docker_manifest(const struct pack_image *image, char **text, struct error *err)
{
	owned_json json = json_object_new_array();
	struct json_object *one = json_object_new_object(), *names = NULL,
			   *layers = json_object_new_array();
	char path[BLOB_PATH_MAX];

	json_object_array_add(json, one);
	pack_blob_path(image->config, path);
	json_set_text(one, "Config", path);
	if (image->docker) {
		names = json_object_new_array();
		json_object_array_add(names, json_object_new_string(image->docker));
	}
	json_object_object_add(one, "RepoTags", names);
	for (size_t i = 0; i < image->layers.n; i++) {
		pack_blob_path(image->layers.v[i], path);
		json_object_array_add(layers, json_object_new_string(path));
	}
	json_object_object_add(one, "Layers", layers);
	return json_print(json, text, err);
}
