#include "imgtool/image/manifests.h"

#include <errno.h>
#include <string.h>

#include "imgtool/image/docker_name.h"
#include "spec/base/owned.h"

struct state {
	const struct manifest_walk *walk;
	/* Digests of the indexes that were looked into: on the way to the wanted digest, and behind it. */
	struct string_list seen[2];
};

static int walk_index(struct state *state, const struct image_index *index,
		      struct found_manifest *found, struct error *err);

const struct descriptor *found_descriptor(const struct found_manifest *found)
{
	return found->path[found->length - 1];
}

const char *image_tag(const struct descriptor *top)
{
	const char *name = string_map_get(&top->annotations, ANNOTATION_REF_NAME);

	return name ? name : string_map_get(&top->annotations, ANNOTATION_CONTAINERD_NAME);
}

const char *image_full_name(const struct descriptor *top)
{
	const char *name = string_map_get(&top->annotations, ANNOTATION_CONTAINERD_NAME);

	return name ? name : string_map_get(&top->annotations, ANNOTATION_REF_NAME);
}

bool image_has_name(const struct descriptor *top, const char *name)
{
	const char *full = string_map_get(&top->annotations, ANNOTATION_CONTAINERD_NAME);

	return text_equal(string_map_get(&top->annotations, ANNOTATION_REF_NAME), name) ||
	       (full && docker_name_equal(full, name));
}

struct image_index *image_index_of_layout(const struct image_files *files, struct error *err)
{
	owned_string layout = NULL;
	owned_string text = NULL;
	size_t length;

	if (image_files_read(files, "oci-layout", &layout, &length, err)) {
		if (err && err->code == ENOENT)
			error_hint(err, "is this an image layout?");
		return NULL;
	}
	if (image_layout_check(layout, length, err) ||
	    image_files_read(files, "index.json", &text, &length, err))
		return NULL;
	struct image_index *index = image_index_parse(text, length, MEDIA_TYPE_INDEX, err);
	if (!index)
		error_prefix(err, "index.json");
	return index;
}

static struct image_index *read_index(const struct image_files *files,
				      const struct descriptor *descriptor, struct error *err)
{
	owned_string text = NULL;
	size_t length;

	if (image_files_read_blob(files, descriptor, &text, &length, err))
		return NULL;
	struct image_index *index = image_index_parse(text, length, descriptor->media_type, err);
	if (!index)
		error_prefix(err, "%s", descriptor->digest);
	return index;
}

/* Whether the digest is on the way; NULL: any. */
static bool has_digest(const struct found_manifest *found, const char *digest)
{
	for (size_t i = 0; i < found->length; i++)
		if (!digest || strcmp(found->path[i]->digest, digest) == 0)
			return true;
	return false;
}

/* What the wanted digest is not known to lead through need not be there. */
static int pass_over(struct error *err)
{
	if (err)
		*err = (struct error){ 0 };
	return 0;
}

static int walk_nested(struct state *state, struct found_manifest *found, struct error *err)
{
	const struct manifest_walk *walk = state->walk;
	const struct descriptor *descriptor = found_descriptor(found);
	bool wanted = has_digest(found, walk->reference->digest);

	if (string_list_has(&state->seen[wanted], descriptor->digest))
		return 0;
	if (string_list_add(&state->seen[wanted], descriptor->digest))
		return error_errno(err, ENOMEM, "index");
	if (found->length > IMAGE_INDEX_DEPTH)
		return error_set(err, ELOOP, "indexes are nested deeper than %d levels",
				 IMAGE_INDEX_DEPTH);
	struct image_index *index = read_index(walk->files, descriptor, err);
	if (!index && !wanted)
		return pass_over(err);
	if (!index)
		return walk->unreadable ? walk->unreadable(found, walk->context, err) : -1;
	int result = walk->index && wanted ? walk->index(found, walk->context, err) : 0;
	if (!result)
		result = walk_index(state, index, found, err);
	table_free(&image_index_type, index);
	return result;
}

/* @found is the way to the index, and as before when this returns. */
static int walk_index(struct state *state, const struct image_index *index,
		      struct found_manifest *found, struct error *err)
{
	const struct manifest_walk *walk = state->walk;
	const char *tag = walk->reference->tag;
	size_t depth = found->length++;
	int failed = 0;

	for (size_t i = 0; i < index->manifests.n && !failed; i++) {
		const struct descriptor *descriptor = index->manifests.v[i];

		if (depth == 0 && tag && !image_has_name(descriptor, tag))
			continue;
		found->path[depth] = descriptor;
		if (document_kind(descriptor->media_type) == DOCUMENT_INDEX)
			failed = walk_nested(state, found, err);
		else if (has_digest(found, walk->reference->digest))
			failed = walk->each(found, walk->context, err);
	}
	found->length = depth;
	return failed;
}

int image_manifests_walk(const struct manifest_walk *walk, const struct image_index *index,
			 struct error *err)
{
	struct state state = { .walk = walk };
	struct found_manifest found = { 0 };
	int result = walk_index(&state, index, &found, err);

	string_list_finish(&state.seen[false]);
	string_list_finish(&state.seen[true]);
	return result;
}

struct image_manifest *image_manifest_read(const struct image_files *files,
					   const struct descriptor *descriptor, char **text,
					   struct error *err)
{
	owned_string read = NULL;
	size_t length;

	if (document_kind(descriptor->media_type) != DOCUMENT_MANIFEST) {
		error_set(err, ENOTSUP, "%s: media type '%.100s' is not that of an image",
			  descriptor->digest, descriptor->media_type);
		return NULL;
	}
	if (image_files_read_blob(files, descriptor, &read, &length, err))
		return NULL;
	struct image_manifest *manifest =
		image_manifest_parse(read, length, descriptor->media_type, err);
	if (!manifest)
		error_prefix(err, "%s", descriptor->digest);
	else if (text)
		*text = take_pointer(read);
	return manifest;
}

struct image_config *image_config_read(const struct image_files *files,
				       const struct image_manifest *manifest, char **text,
				       struct error *err)
{
	const struct descriptor *descriptor = manifest->config;
	owned_string read = NULL;
	size_t length;

	if (document_kind(descriptor->media_type) != DOCUMENT_CONFIG) {
		error_set(err, ENOTSUP, "config: media type '%.100s' is not that of an image",
			  descriptor->media_type);
		return NULL;
	}
	if (image_files_read_blob(files, descriptor, &read, &length, err))
		return NULL;
	struct image_config *config = image_config_parse(read, length, err);
	if (!config)
		error_prefix(err, "%s", descriptor->digest);
	else if (text)
		*text = take_pointer(read);
	return config;
}
