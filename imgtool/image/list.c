/* image_list: what a layout or an archive has, without opening any layer. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "imgtool/image/digest.h"
#include "imgtool/image/docker.h"
#include "imgtool/image/manifests.h"
#include "spec/base/owned.h"

/* A layout with so many lines is none that somebody has made for use. */
enum { LINES_MAX = 65536 };

struct line {
	char *digest, *platform;
	int64_t size;
	const char
		*top; /* digest of the descriptor in index.json; lines of one follow one another */
};

struct listing {
	const struct image_files *files;
	struct line *v;
	size_t n, capacity;
};

static void listing_finish(struct listing *listing)
{
	for (size_t i = 0; i < listing->n; i++) {
		free(listing->v[i].digest);
		free(listing->v[i].platform);
	}
	free(listing->v);
}

/* -1 when they are more than a number can hold. */
static int64_t size_of_manifest(const struct image_manifest *manifest)
{
	int64_t size = manifest->config->size;

	for (size_t i = 0; i < manifest->layers.n; i++)
		if (__builtin_add_overflow(size, manifest->layers.v[i]->size, &size))
			return -1;
	return size;
}

static char *platform_of_config(const struct image_files *files,
				const struct image_manifest *manifest)
{
	OWNED(owned_config_free)
	struct image_config *config = image_config_read(files, manifest, NULL, NULL);

	return config ? platform_text(config->os, config->architecture, config->variant)
		      : strdup("");
}

static struct line *add_line(struct listing *listing, struct error *err)
{
	if (listing->n >= LINES_MAX) {
		error_set(err, EFBIG, "more than %d manifests", LINES_MAX);
		return NULL;
	}
	if (listing->n == listing->capacity) {
		size_t capacity = listing->capacity ? 2 * listing->capacity : 16;
		struct line *v = reallocarray(listing->v, capacity, sizeof *v);

		if (!v) {
			error_errno(err, ENOMEM, "list");
			return NULL;
		}
		listing->v = v;
		listing->capacity = capacity;
	}
	struct line *line = &listing->v[listing->n++];
	*line = (struct line){ .size = -1 };
	return line;
}

/* What is missing or broken is a line all the same: a layout need not have all blobs, image-layout.md. */
static int add_manifest(const struct found_manifest *found, void *context, struct error *err)
{
	struct listing *listing = context;
	const struct descriptor *descriptor = found_descriptor(found);
	const struct platform *platform = descriptor->platform;

	if (document_kind(descriptor->media_type) == DOCUMENT_OTHER)
		return 0;
	struct line *line = add_line(listing, err);
	if (!line)
		return -1;
	OWNED(owned_manifest_free)
	struct image_manifest *manifest =
		image_manifest_read(listing->files, descriptor, NULL, NULL);
	line->top = found->path[0]->digest;
	line->digest = strdup(descriptor->digest);
	line->size = manifest ? size_of_manifest(manifest) : -1;
	line->platform =
		platform   ? platform_text(platform->os, platform->architecture, platform->variant)
		: manifest ? platform_of_config(listing->files, manifest)
			   : strdup("");
	return line->digest && line->platform ? 0 : error_errno(err, ENOMEM, "list");
}

static int add_unreadable(const struct found_manifest *found, void *context, struct error *err)
{
	struct line *line = add_line(context, err);

	if (!line)
		return -1;
	line->top = found->path[0]->digest;
	line->digest = strdup(found_descriptor(found)->digest);
	line->platform = strdup("");
	return line->digest && line->platform ? 0 : error_errno(err, ENOMEM, "list");
}

/* An index that several tags name was walked once: its lines are told for each. */
static int tell(const struct listing *listing, const struct image_index *index,
		const struct reference *reference, int (*each)(const struct image_line *, void *),
		void *context, struct error *err)
{
	const char *tag = reference->tag;
	size_t told = 0;

	if (!listing->n && (tag || reference->digest))
		return error_set(err, ENOENT, "no image is named '%s'",
				 tag ? tag : reference->digest);

	for (size_t i = 0; i < index->manifests.n; i++) {
		const struct descriptor *top = index->manifests.v[i];
		const char *name = image_full_name(top);

		if (tag && !image_has_name(top, tag))
			continue;
		for (size_t k = 0; k < listing->n; k++) {
			const struct line *line = &listing->v[k];
			const struct image_line out = { name ? name : "", line->digest,
							line->platform, line->size };

			if (strcmp(line->top, top->digest) != 0)
				continue;
			if (++told > LINES_MAX)
				return error_set(err, EFBIG, "more than %d names", LINES_MAX);
			if (each(&out, context))
				return error_errno(err, ENOMEM, "list");
		}
	}
	return 0;
}

static int list_layout(const struct image_files *files, const struct reference *reference,
		       int (*each)(const struct image_line *, void *), void *context,
		       struct error *err)
{
	OWNED(owned_index_free) struct image_index *index = image_index_of_layout(files, err);
	OWNED(listing_finish) struct listing listing = { .files = files };
	const struct manifest_walk walk = { .files = files,
					    .reference = reference,
					    .each = add_manifest,
					    .unreadable = add_unreadable,
					    .context = &listing };

	if (!index || image_manifests_walk(&walk, index, err))
		return -1;
	return tell(&listing, index, reference, each, context, err);
}

static int64_t size_of_docker(const struct image_files *files, const struct docker_image *docker,
			      const char *config_text)
{
	uint64_t size = strlen(config_text);

	for (size_t i = 0; i < docker->layers.n; i++) {
		struct blob blob;

		if (image_files_find(files, docker->layers.v[i], &blob, NULL))
			return -1;
		bool overflow = __builtin_add_overflow(size, blob.size, &size);
		blob_finish(&blob);
		if (overflow || size > INT64_MAX)
			return -1;
	}
	return (int64_t)size;
}

static int list_docker_image(const struct image_files *files, const struct docker_image *docker,
			     int (*each)(const struct image_line *, void *), void *context,
			     struct error *err)
{
	owned_string text = NULL;
	char digest[DIGEST_MAX];
	OWNED(owned_config_free)
	struct image_config *config = image_docker_config(files, docker, &text, digest, err);

	if (!config)
		return -1;
	owned_string platform = platform_text(config->os, config->architecture, config->variant);
	if (!platform)
		return error_errno(err, ENOMEM, "list");
	struct image_line line = { "", digest, platform, size_of_docker(files, docker, text) };
	for (size_t i = 0; i < docker->repo_tags.n || i == 0; i++) {
		line.name = docker->repo_tags.n ? docker->repo_tags.v[i] : "";
		if (each(&line, context))
			return error_errno(err, ENOMEM, "list");
	}
	return 0;
}

static int list_docker(const struct image_files *files, const struct reference *reference,
		       int (*each)(const struct image_line *, void *), void *context,
		       struct error *err)
{
	OWNED(owned_docker_images_free) struct docker_image_list images = { 0 };

	if (image_docker_images(files, &images, err))
		return -1;
	bool any = !reference->tag && reference->index < 0;
	for (size_t i = 0; i < images.n; i++) {
		if (!image_docker_is_meant(images.v[i], i, reference))
			continue;
		any = true;
		if (list_docker_image(files, images.v[i], each, context, err))
			return -1;
	}
	return any ? 0 : error_set(err, ENOENT, "no image has that name or number");
}

int image_list(const struct reference *reference, int (*each)(const struct image_line *, void *),
	       void *context, struct error *err)
{
	OWNED(owned_files_close)
	struct image_files *files =
		image_files_open(reference->path, reference->transport != TRANSPORT_OCI, err);
	int failed = !files ? -1
		     : reference->transport == TRANSPORT_DOCKER_ARCHIVE
			     ? list_docker(files, reference, each, context, err)
			     : list_layout(files, reference, each, context, err);

	return failed ? error_prefix(err, "image %s", reference->path) : 0;
}
