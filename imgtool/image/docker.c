#include "imgtool/image/docker.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "imgtool/image/digest.h"
#include "imgtool/image/docker_name.h"
#include "imgtool/image/documents.h"
#include "imgtool/image/layer.h"
#include "spec/base/owned.h"

int image_docker_images(const struct image_files *files, struct docker_image_list *ret,
			struct error *err)
{
	owned_string text = NULL;
	size_t length;

	if (image_files_read(files, "manifest.json", &text, &length, err)) {
		if (err && err->code == ENOENT)
			error_hint(err, "Docker before 1.10 wrote none; is this an oci-archive?");
		return -1;
	}
	return docker_images_parse(text, length, ret, err);
}

static bool is_named(const struct docker_image *docker, const char *name)
{
	for (size_t i = 0; i < docker->repo_tags.n; i++)
		if (docker_name_equal(docker->repo_tags.v[i], name))
			return true;
	return false;
}

static void print_names(const struct docker_image_list *images, struct buffer *to)
{
	for (size_t i = 0; i < images->n && to->length < 500; i++)
		for (size_t k = 0; k < images->v[i]->repo_tags.n && to->length < 500; k++)
			buffer_print(to, "%s%s", to->length ? ", " : "",
				     images->v[i]->repo_tags.v[k]);
}

static int tell_names(const struct docker_image_list *images, struct error *err)
{
	struct buffer names = { 0 };

	print_names(images, &names);
	error_hint(err, "there is %s", names.length ? names.text : "none with a name");
	buffer_finish(&names);
	return -1;
}

bool image_docker_is_meant(const struct docker_image *docker, size_t index,
			   const struct reference *reference)
{
	if (reference->tag)
		return is_named(docker, reference->tag);
	return reference->index < 0 || (uint64_t)reference->index == index;
}

static const struct docker_image *choose(const struct docker_image_list *images,
					 const struct reference *reference, struct error *err)
{
	const struct docker_image *meant = NULL;
	size_t n = 0;

	for (size_t i = 0; i < images->n; i++) {
		if (!image_docker_is_meant(images->v[i], i, reference))
			continue;
		meant = images->v[i];
		n++;
	}
	if (n == 1)
		return meant;
	if (n > 1)
		error_set(err, ENOENT,
			  "%zu images could be meant; name one as :NAME:TAG or :@NUMBER", n);
	else if (reference->tag)
		error_set(err, ENOENT, "no image is named '%s'", reference->tag);
	else if (images->n)
		error_set(err, ENOENT, "the last image is number %zu", images->n - 1);
	else
		error_set(err, ENOENT, "there is no image in it");
	tell_names(images, err);
	return NULL;
}

/* The digest in "blobs/ALGORITHM/HEX", "HEX.json" and "sha256:HEX"; false: the name is none. */
static bool digest_in_name(const char *name, char ret[DIGEST_MAX])
{
	bool blob = text_starts_with(name, "blobs/");

	name += blob ? strlen("blobs/") : 0;
	size_t length = strlen(name);
	const char *suffix = length > 5 ? name + length - 5 : "";
	if (length >= DIGEST_MAX)
		return false;
	if (blob && strchr(name, '/')) {
		snprintf(ret, DIGEST_MAX, "%s", name);
		*strchr(ret, '/') = ':';
	} else if (strcmp(suffix, ".json") == 0) {
		snprintf(ret, DIGEST_MAX, "sha256:%.*s", (int)(length - 5), name);
	} else {
		snprintf(ret, DIGEST_MAX, "%s", name);
	}
	return digest_check(ret, NULL) == 0;
}

struct image_config *image_docker_config(const struct image_files *files,
					 const struct docker_image *docker, char **text,
					 char *digest, struct error *err)
{
	char named[DIGEST_MAX];
	owned_string read = NULL;
	size_t length;

	if (image_files_read(files, docker->config, &read, &length, err))
		return NULL;
	bool has_digest = digest_in_name(docker->config, named);
	if (digest_of(has_digest ? named : "sha256:", read, length, digest, err))
		return NULL;
	if (has_digest && strcmp(named, digest) != 0) {
		error_set(err, EBADMSG, "%s: its content has the digest %s", docker->config,
			  digest);
		return NULL;
	}
	struct image_config *config = image_config_parse(read, length, err);
	if (!config)
		error_prefix(err, "%s", docker->config);
	else
		*text = take_pointer(read);
	return config;
}

int image_docker_layer(const struct image_files *files, const char *name, const char *diff_id,
		       struct layer *ret, struct error *err)
{
	char digest[DIGEST_MAX];

	*ret = (struct layer){ .blob.fd = -1 };
	if (image_files_find(files, name, &ret->blob, err))
		return -1;
	ret->diff_id = strdup(diff_id);
	/* Of the other names some are digests of who knows what. */
	bool has_digest = text_starts_with(name, "blobs/") && digest_in_name(name, digest);
	if (has_digest)
		ret->blob.digest = strdup(digest);
	if (!ret->diff_id || (has_digest && !ret->blob.digest))
		return error_errno(err, ENOMEM, "layer");
	return 0;
}

static int open_layers(const struct image_files *files, const struct docker_image *docker,
		       struct image *image, struct error *err)
{
	const struct string_list *diff_ids = &image->config->rootfs->diff_ids;

	if (image_layers_allocate(image, docker->layers.n, err))
		return -1;
	for (size_t i = 0; i < diff_ids->n; i++)
		if (image_docker_layer(files, docker->layers.v[i], diff_ids->v[i],
				       &image->layers[image->n_layers++], err))
			return error_prefix(err, "layer %zu", i + 1);
	return 0;
}

static int check_platform(const struct image_config *config, const struct wanted_platform *wanted,
			  struct error *err)
{
	const struct platform offered = { .os = config->os,
					  .architecture = config->architecture,
					  .variant = config->variant };

	if (platform_score(wanted, &offered))
		return 0;
	owned_string there = platform_text(config->os, config->architecture, config->variant);
	return error_set(err, ENOENT, "no image is for %s/%s%s%s: there is %s", wanted->os,
			 wanted->architecture, wanted->variant ? "/" : "",
			 wanted->variant ? wanted->variant : "", there ? there : "another");
}

int image_docker_open(const struct image_files *files, const struct reference *reference,
		      const struct wanted_platform *platform, struct image *image,
		      struct error *err)
{
	OWNED(owned_docker_images_free) struct docker_image_list images = { 0 };
	char digest[DIGEST_MAX];

	if (image_docker_images(files, &images, err))
		return -1;
	const struct docker_image *docker = choose(&images, reference, err);
	if (!docker)
		return -1;
	image->config = image_docker_config(files, docker, &image->config_text, digest, err);
	if (!image->config || check_platform(image->config, platform, err))
		return -1;
	image->config_digest = strdup(digest);
	if (!image->config_digest)
		return error_errno(err, ENOMEM, "image");
	for (size_t i = 0; i < docker->repo_tags.n; i++)
		if (string_list_add(&image->names, docker->repo_tags.v[i]))
			return error_errno(err, ENOMEM, "image");
	return open_layers(files, docker, image, err);
}
