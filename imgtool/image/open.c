/* image_open: from a reference to layers that can be read. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "imgtool/image/choice.h"
#include "imgtool/image/docker.h"
#include "imgtool/image/layer.h"
#include "spec/base/owned.h"

static int open_layers(const struct image_files *files, struct image *image, struct error *err)
{
	const struct descriptor_list *descriptors = &image->manifest->layers;
	const struct string_list *diff_ids = &image->config->rootfs->diff_ids;

	if (image_layers_allocate(image, descriptors->n, err))
		return -1;
	for (size_t i = 0; i < descriptors->n; i++)
		if (image_layer_open(files, descriptors->v[i], diff_ids->v[i],
				     &image->layers[image->n_layers++], err))
			return error_prefix(err, "layer %zu", i + 1);
	return 0;
}

/* All tags of what was chosen. */
static int take_names(const struct image_index *index, const char *digest,
		      struct string_list *names, struct error *err)
{
	for (size_t i = 0; i < index->manifests.n; i++) {
		const struct descriptor *top = index->manifests.v[i];
		const char *tag = image_tag(top);

		if (tag && strcmp(top->digest, digest) == 0 && !string_list_has(names, tag) &&
		    string_list_add(names, tag))
			return error_errno(err, ENOMEM, "names");
	}
	return 0;
}

static int open_manifest(const struct image_files *files, const struct descriptor *descriptor,
			 struct image *image, struct error *err)
{
	image->manifest_digest = strdup(descriptor->digest);
	if (!image->manifest_digest)
		return error_errno(err, ENOMEM, "image");
	image->manifest = image_manifest_read(files, descriptor, &image->manifest_text, err);
	if (!image->manifest)
		return -1;
	image->config_digest = strdup(image->manifest->config->digest);
	if (!image->config_digest)
		return error_errno(err, ENOMEM, "image");
	image->config = image_config_read(files, image->manifest, &image->config_text, err);
	return image->config ? open_layers(files, image, err) : -1;
}

/* A manifest that index.json does not lead to any more, because its tag has moved on: what was made of it is still known
 * by its digest. ENOENT: there is none with that digest. */
static int open_untagged(const struct image_files *files, const char *digest, struct image *image,
			 struct error *err)
{
	OWNED(blob_finish) struct blob blob = { .fd = -1 };
	OWNED(owned_manifest_free) struct image_manifest *manifest = NULL;
	owned_string name = text_format("blobs/%s", digest);
	owned_string text = NULL;
	struct descriptor descriptor = { .digest = (char *)digest };
	struct problems problems = { 0 };
	size_t length;

	if (!name)
		return error_errno(err, ENOMEM, "image");
	*strchr(name, ':') = '/';
	if (image_files_find(files, name, &blob, err))
		return -1;
	descriptor.size = (int64_t)blob.size;
	if (image_files_read_blob(files, &descriptor, &text, &length, err))
		return -1;
	/* Without a descriptor its own word is all there is. */
	manifest = table_parse(&image_manifest_type, text, length, &problems);
	problems_finish(&problems);
	if (!manifest)
		return error_set(err, ENOENT, "%s: is no manifest", digest);
	descriptor.media_type = manifest->media_type ? manifest->media_type : MEDIA_TYPE_MANIFEST;
	return open_manifest(files, &descriptor, image, err);
}

/* @err: why index.json does not lead to it, which stays when no manifest has it. */
static int instead_untagged(const struct image_files *files, const char *digest,
			    struct image *image, struct error *err)
{
	struct error untagged = { 0 };

	if (open_untagged(files, digest, image, &untagged) && untagged.code == ENOENT)
		return -1;
	*err = untagged;
	return untagged.code ? -1 : 0;
}

static int open_layout(const struct image_files *files, const struct reference *reference,
		       const struct wanted_platform *platform, struct image *image,
		       struct error *err)
{
	OWNED(owned_index_free) struct image_index *index = image_index_of_layout(files, err);
	OWNED(image_choice_finish) struct image_choice choice = { 0 };

	if (!index)
		return -1;
	if (image_choose(files, index, reference, platform, &choice, err))
		return reference->digest && err && err->code == ENOENT
			       ? instead_untagged(files, reference->digest, image, err)
			       : -1;
	return take_names(index, choice.top->digest, &image->names, err) ||
			       open_manifest(files, &choice.descriptor, image, err)
		       ? -1
		       : 0;
}

int image_open(const struct reference *reference, const struct wanted_platform *platform,
	       struct image *ret, struct error *err)
{
	OWNED(owned_files_close)
	struct image_files *files =
		image_files_open(reference->path, reference->transport != TRANSPORT_OCI, err);

	*ret = (struct image){ 0 };
	int failed = !files ? -1
		     : reference->transport == TRANSPORT_DOCKER_ARCHIVE
			     ? image_docker_open(files, reference, platform, ret, err)
			     : open_layout(files, reference, platform, ret, err);
	if (!failed)
		return 0;
	image_finish(ret);
	return error_prefix(err, "image %s", reference->path);
}

int image_open_named(const char *name, const char *platform, struct image *ret, struct error *err)
{
	OWNED(reference_finish) struct reference reference = { .index = -1 };
	owned_string text = platform ? strdup(platform) : NULL;
	struct wanted_platform wanted = platform_of_host();

	*ret = (struct image){ 0 };
	if (platform && !text)
		return error_errno(err, ENOMEM, "platform");
	if ((text && platform_parse(text, &wanted, err)) || reference_parse(name, &reference, err))
		return -1;
	return image_open(&reference, &wanted, ret, err);
}

void image_finish(struct image *image)
{
	for (size_t i = 0; i < image->n_layers; i++)
		image_layer_finish(&image->layers[i]);
	free(image->layers);
	free(image->manifest_digest);
	free(image->config_digest);
	free(image->manifest_text);
	free(image->config_text);
	table_free(&image_manifest_type, image->manifest);
	table_free(&image_config_type, image->config);
	string_list_finish(&image->names);
	*image = (struct image){ 0 };
}
