#include "imgtool/verify.h"

#include <errno.h>
#include <string.h>

#include "imgtool/base/interrupt.h"
#include "imgtool/image/digest.h"
#include "imgtool/image/docker.h"
#include "imgtool/image/layer.h"
#include "imgtool/image/manifests.h"
#include "imgtool/layer/plain.h"
#include "spec/base/owned.h"

struct verifying {
	const struct image_files *files;
	void (*each)(const struct verified_blob *, void *);
	void *context;
	struct string_list seen; /* what was told, and as what */
};

/* Whether the blob is new; two things may be wrong with it in two roles. */
static int first_time(struct verifying *verifying, const char *what, const char *digest,
		      struct error *err)
{
	owned_string key = text_format("%s %s", what, digest);

	if (key && string_list_has(&verifying->seen, key))
		return 0;
	if (!key || string_list_add(&verifying->seen, key))
		return error_errno(err, ENOMEM, "verify");
	return interrupt_check(err) ? -1 : 1;
}

static void tell(const struct verifying *verifying, const char *what, const char *digest,
		 const struct error *problem)
{
	const struct verified_blob blob = { what, digest, problem };

	verifying->each(&blob, verifying->context);
}

/* Nothing is written, so a layer may be as large as it likes. */
static int read_layer(const struct layer *layer, struct error *err)
{
	const struct plain_options options = { .max_size = UINT64_MAX };
	struct plain *plain = plain_open(layer, &options, err);
	const void *data;
	ssize_t got;

	if (!plain)
		return -1;
	do
		got = interrupt_check(err) ? -1 : plain_read(plain, &data, err);
	while (got > 0);
	plain_close(plain);
	return got < 0 ? -1 : 0;
}

/* What is wrong with one blob is told and no failure, unless the user has ended us. */
static int told(const struct verifying *verifying, const char *what, const char *digest, int failed,
		const struct error *problem, struct error *err)
{
	if (failed && problem->code == ECANCELED) {
		*err = *problem;
		return -1;
	}
	tell(verifying, what, digest, failed ? problem : NULL);
	return 0;
}

static int verify_blob(struct verifying *verifying, const char *what,
		       const struct descriptor *descriptor, struct error *err)
{
	struct error problem = { 0 };
	struct blob blob;
	int new = first_time(verifying, what, descriptor->digest, err);

	if (new <= 0)
		return new;
	int failed = image_files_blob(verifying->files, descriptor, &blob, &problem);
	if (!failed) {
		failed = blob_check(&blob, &problem);
		blob_finish(&blob);
	}
	return told(verifying, what, descriptor->digest, failed, &problem, err);
}

static int verify_layer(struct verifying *verifying, const struct descriptor *descriptor,
			const char *diff_id, struct error *err)
{
	owned_string both = text_format("%s %s", descriptor->digest, diff_id);
	struct error problem = { 0 };
	OWNED(image_layer_finish) struct layer layer = { .blob.fd = -1 };

	if (!both)
		return error_errno(err, ENOMEM, "verify");
	int new = first_time(verifying, "layer", both, err);
	/* An image whose config is bad has no diff_id for it, and need not tell it again. */
	if (new > 0 && first_time(verifying, "layer", descriptor->digest, err) < 0)
		return -1;
	if (new <= 0)
		return new;
	int failed = image_layer_open(verifying->files, descriptor, diff_id, &layer, &problem) ||
		     read_layer(&layer, &problem);
	return told(verifying, "layer", descriptor->digest, failed, &problem, err);
}

/* @config NULL: of something that is no image, or of an image whose config cannot be read. */
static int verify_layers(struct verifying *verifying, const struct image_manifest *manifest,
			 const struct image_config *config, struct error *err)
{
	for (size_t i = 0; i < manifest->layers.n; i++) {
		const struct descriptor *layer = manifest->layers.v[i];
		const char *diff_id = config && i < config->rootfs->diff_ids.n
					      ? config->rootfs->diff_ids.v[i]
					      : NULL;

		if (diff_id ? verify_layer(verifying, layer, diff_id, err)
			    : verify_blob(verifying, "layer", layer, err))
			return -1;
	}
	return 0;
}

static int verify_image(struct verifying *verifying, const char *manifest_digest,
			const struct image_manifest *manifest, struct error *err)
{
	struct error problem = { 0 };
	OWNED(owned_config_free)
	struct image_config *config = image_config_read(verifying->files, manifest, NULL, &problem);

	if (told(verifying, "config", manifest->config->digest, !config, &problem, err))
		return -1;
	if (config && image_layers_count(config, manifest->layers.n, &problem))
		tell(verifying, "manifest", manifest_digest, &problem);
	return verify_layers(verifying, manifest, config, err);
}

static int verify_manifest(struct verifying *verifying, const struct descriptor *descriptor,
			   struct error *err)
{
	struct error problem = { 0 };
	int new = first_time(verifying, "manifest", descriptor->digest, err);

	if (new <= 0)
		return new;
	OWNED(owned_manifest_free)
	struct image_manifest *manifest =
		image_manifest_read(verifying->files, descriptor, NULL, &problem);
	if (told(verifying, "manifest", descriptor->digest, !manifest, &problem, err))
		return -1;
	if (!manifest)
		return 0;
	if (document_kind(manifest->config->media_type) == DOCUMENT_CONFIG)
		return verify_image(verifying, descriptor->digest, manifest, err);
	return verify_blob(verifying, "config", manifest->config, err) ||
			       verify_layers(verifying, manifest, NULL, err)
		       ? -1
		       : 0;
}

static int verify_found(const struct found_manifest *found, void *context, struct error *err)
{
	const struct descriptor *descriptor = found_descriptor(found);

	return document_kind(descriptor->media_type) == DOCUMENT_MANIFEST
		       ? verify_manifest(context, descriptor, err)
		       : verify_blob(context, "blob", descriptor, err);
}

static int index_is_right(const struct found_manifest *found, void *context, struct error *err)
{
	(void)err;
	tell(context, "index", found_descriptor(found)->digest, NULL);
	return 0;
}

static int index_is_wrong(const struct found_manifest *found, void *context, struct error *err)
{
	const struct error problem = *err;

	*err = (struct error){ 0 };
	return told(context, "index", found_descriptor(found)->digest, -1, &problem, err);
}

static int verify_layout(struct verifying *verifying, const struct reference *reference,
			 struct error *err)
{
	OWNED(owned_index_free)
	struct image_index *index = image_index_of_layout(verifying->files, err);
	const struct manifest_walk walk = { .files = verifying->files,
					    .reference = reference,
					    .each = verify_found,
					    .index = index_is_right,
					    .unreadable = index_is_wrong,
					    .context = verifying };

	return index ? image_manifests_walk(&walk, index, err) : -1;
}

static int verify_docker_layer(struct verifying *verifying, const char *name, const char *diff_id,
			       struct error *err)
{
	struct error problem = { 0 };
	OWNED(image_layer_finish) struct layer layer = { .blob.fd = -1 };
	owned_string both = text_format("%s %s", name, diff_id);

	if (!both)
		return error_errno(err, ENOMEM, "verify");
	int new = first_time(verifying, "layer", both, err);
	if (new <= 0)
		return new;
	int failed = image_docker_layer(verifying->files, name, diff_id, &layer, &problem) ||
		     read_layer(&layer, &problem);
	return told(verifying, "layer", layer.blob.digest ? layer.blob.digest : diff_id, failed,
		    &problem, err);
}

static int verify_docker_image(struct verifying *verifying, const struct docker_image *docker,
			       struct error *err)
{
	struct error problem = { 0 };
	owned_string text = NULL;
	char digest[DIGEST_MAX] = "";
	OWNED(owned_config_free)
	struct image_config *config =
		image_docker_config(verifying->files, docker, &text, digest, &problem);

	if (config)
		image_layers_count(config, docker->layers.n, &problem);
	tell(verifying, "config", *digest ? digest : docker->config,
	     problem.code ? &problem : NULL);
	if (!config)
		return 0;
	for (size_t i = 0; i < docker->layers.n && i < config->rootfs->diff_ids.n; i++)
		if (verify_docker_layer(verifying, docker->layers.v[i],
					config->rootfs->diff_ids.v[i], err))
			return -1;
	return 0;
}

static int verify_docker(struct verifying *verifying, const struct reference *reference,
			 struct error *err)
{
	OWNED(owned_docker_images_free) struct docker_image_list images = { 0 };

	if (image_docker_images(verifying->files, &images, err))
		return -1;
	for (size_t i = 0; i < images.n; i++)
		if (image_docker_is_meant(images.v[i], i, reference) &&
		    verify_docker_image(verifying, images.v[i], err))
			return -1;
	return 0;
}

int image_verify(const struct reference *reference,
		 void (*each)(const struct verified_blob *, void *), void *context,
		 struct error *err)
{
	OWNED(owned_files_close)
	struct image_files *files =
		image_files_open(reference->path, reference->transport != TRANSPORT_OCI, err);
	struct verifying verifying = { .files = files, .each = each, .context = context };
	int failed = !files ? -1
		     : reference->transport == TRANSPORT_DOCKER_ARCHIVE
			     ? verify_docker(&verifying, reference, err)
			     : verify_layout(&verifying, reference, err);

	string_list_finish(&verifying.seen);
	return failed ? error_prefix(err, "image %s", reference->path) : 0;
}
