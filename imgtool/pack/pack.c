#include "imgtool/pack/pack.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "imgtool/diff/diff.h"
#include "imgtool/pack/copy.h"
#include "imgtool/pack/documents.h"
#include "imgtool/pack/packer.h"
#include "imgtool/pack/stream.h"
#include "imgtool/pack/tar.h"
#include "imgtool/pack/target.h"
#include "imgtool/record.h"
#include "spec/base/owned.h"
#include "spec/base/sys.h"

struct packing {
	const struct pack_options *options;
	bool is_bundle;
	struct bundle_record *record; /* of the bundle */
	bool has_base;
	struct image base;
	struct pack_target *target;
	struct progress *progress;
	struct copied *layers; /* of the new image, the base first */
	size_t n_layers;
	bool has_new_layer;
	char diff_id[DIGEST_MAX], config[DIGEST_MAX], manifest[DIGEST_MAX];
	char *config_text, *manifest_text;
};

static bool has_name(int directory, const char *name)
{
	return faccessat(directory, name, F_OK, AT_SYMLINK_NOFOLLOW) == 0;
}

static int open_folder(const char *folder, struct error *err)
{
	int fd = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	return fd < 0 ? error_errno(err, errno, "%s", folder) : fd;
}

int pack_is_bundle(const char *folder, bool *mapped, struct error *err)
{
	owned_fd fd = open_folder(folder, err);

	*mapped = false;
	if (fd < 0)
		return -1;
	if (has_name(fd, RECORD_NAME)) {
		struct bundle_record *record = record_read(fd, err);

		if (!record)
			return -1;
		*mapped = record->mapped;
		record_free(record);
		return 1;
	}
	if (has_name(fd, "config.json") && has_name(fd, "rootfs")) {
		error_set(err, EINVAL, "%s: is a bundle, but none of imgtool's", folder);
		return error_hint(err, "%s/rootfs can be packed as a whole", folder);
	}
	return 0;
}

/* The record's image by its digest, because its tag may have moved on since. */
static int reference_of_record(const struct bundle_record *record, struct reference *ret,
			       struct error *err)
{
	if (!record->image)
		return error_set(err, ENOENT, "the bundle does not say which image it was made of");
	if (reference_parse(record->image, ret, err))
		return -1;
	if (ret->transport == TRANSPORT_DOCKER_ARCHIVE || !record->manifest_digest)
		return 0;
	free(take_pointer(ret->tag));
	free(ret->digest);
	ret->digest = strdup(record->manifest_digest);
	return ret->digest ? 0 : error_errno(err, ENOMEM, "reference");
}

static int open_base(struct packing *packing, struct error *err)
{
	const struct pack_options *options = packing->options;
	OWNED(reference_finish) struct reference reference = { 0 };

	if (options->from ? reference_parse(options->from, &reference, err)
			  : reference_of_record(packing->record, &reference, err))
		return -1;
	if (image_open(&reference, &options->choice, &packing->base, err))
		return -1;
	packing->has_base = true;
	if (packing->record && packing->record->config_digest &&
	    strcmp(packing->record->config_digest, packing->base.config_digest) != 0)
		return error_set(err, EINVAL, "%s is not the image that the bundle was made of",
				 options->from ? options->from : packing->record->image);
	return 0;
}

/* The image below, if there is to be one. */
static int find_base(struct packing *packing, struct error *err)
{
	const struct pack_options *options = packing->options;
	bool mapped;
	int is_bundle = pack_is_bundle(options->folder, &mapped, err);

	if (is_bundle < 0)
		return -1;
	packing->is_bundle = is_bundle;
	if (is_bundle) {
		owned_fd fd = open_folder(options->folder, err);

		packing->record = fd < 0 ? NULL : record_read(fd, err);
		if (!packing->record)
			return -1;
	}
	if (!is_bundle && !options->from)
		return 0;
	if (open_base(packing, err)) {
		error_prefix(err, "image below");
		return options->from ? -1 : error_hint(err, "--from IMAGE says where it is now");
	}
	return packing->base.n_layers < IMAGE_LAYERS_MAX
		       ? 0
		       : error_set(err, EINVAL, "image below: has %zu layers, which is the most",
				   packing->base.n_layers);
}

static int open_target(struct packing *packing, struct error *err)
{
	const struct reference *to = &packing->options->to;

	packing->target = to->transport == TRANSPORT_OCI ? pack_layout_open(to->path, err)
							 : pack_archive_open(to->path, err);
	return packing->target ? 0 : -1;
}

static int copy_base(struct packing *packing, struct error *err)
{
	for (size_t i = 0; i < packing->base.n_layers; i++)
		if (pack_copy(packing->target, &packing->base.layers[i], packing->progress, i,
			      &packing->layers[packing->n_layers++], err))
			return error_prefix(err, "image below");
	return 0;
}

struct changes {
	struct packer *packer;
	int root;      /* of the bundle's root file system, or of its writable layer */
	bool has_root; /* its entry is there: before the first other one */
};

static int add_change(const struct change *change, void *context, struct error *err)
{
	struct changes *changes = context;

	if (!changes->has_root && packer_add(changes->packer, changes->root, ".", "", err))
		return -1;
	changes->has_root = true;
	return change->kind == CHANGE_DELETED ? packer_remove(changes->packer, change->path, err)
					      : packer_add(changes->packer, change->directory,
							   change->name, change->path, err);
}

static int add_changes(const struct packing *packing, struct packer *packer, struct error *err)
{
	const char *folder = packing->options->folder;
	owned_fd bundle = open_folder(folder, err);

	if (bundle < 0)
		return -1;
	const char *name = packing->record->store ? RECORD_OVERLAY "/" RECORD_UPPER : "rootfs";
	owned_fd root = sys_openat2(bundle, name, O_RDONLY | O_DIRECTORY | O_CLOEXEC, 0,
				    RESOLVE_BENEATH | RESOLVE_NO_SYMLINKS);
	if (root < 0)
		return error_errno(err, errno, "%s/%s", folder, name);
	struct changes changes = { .packer = packer, .root = root };
	return diff_bundle(folder, add_change, &changes, err);
}

static int add_entries(const struct packing *packing, struct packer *packer, struct error *err)
{
	if (packing->is_bundle)
		return add_changes(packing, packer, err);
	owned_fd root = open_folder(packing->options->folder, err);

	return root < 0 ? -1 : packer_add_tree(packer, root, err);
}

/* *count: of entries. */
static int write_layer(const struct packing *packing, struct pack_stream *stream, uint64_t *count,
		       struct error *err)
{
	const struct pack_options *options = packing->options;
	const struct packer_options how = { .recorded = options->recorded,
					    .clamp = options->clamp,
					    .latest = options->settings.created };
	struct packer *packer =
		packer_open(stream, &how, packing->progress, packing->base.n_layers, err);

	if (!packer)
		return -1;
	int result = add_entries(packing, packer, err);
	*count = packer_count(packer);
	packer_close(packer);
	return result ? -1 : pack_tar_end(stream, err);
}

static int make_layer(struct packing *packing, struct error *err)
{
	const struct pack_options *options = packing->options;
	struct copied *layer = &packing->layers[packing->n_layers];
	struct packed packed;
	uint64_t offset, count = 0;
	int fd;

	if (pack_target_begin(packing->target, &fd, &offset, err))
		return -1;
	struct pack_stream *stream =
		pack_stream_open(fd, offset, options->compression, options->level, err);
	if (!stream)
		return -1;
	if (write_layer(packing, stream, &count, err)) {
		pack_stream_drop(stream);
		return -1;
	}
	if (pack_stream_end(stream, &packed, err))
		return -1;
	/* A bundle that nobody changed: a new configuration at most. */
	packing->has_new_layer = count > 0;
	if (!count)
		return 0;
	packing->n_layers++;
	memcpy(layer->digest, packed.digest, sizeof layer->digest);
	layer->size = packed.size;
	layer->compression = options->compression;
	memcpy(packing->diff_id, packed.diff_id, sizeof packing->diff_id);
	return pack_target_has(packing->target, packed.digest, packed.size)
		       ? 0
		       : pack_target_end(packing->target, packed.digest, packed.size, err);
}

static int add_layer(struct packing *packing, struct error *err)
{
	size_t item = packing->base.n_layers;

	/* Its digest is known in the end only. */
	progress_item(packing->progress, item, "new layer", 0);
	progress_state(packing->progress, item, PROGRESS_EXTRACTING);
	int result = make_layer(packing, err);
	progress_state(packing->progress, item, result ? PROGRESS_FAILED : PROGRESS_DONE);
	return result ? error_prefix(err, "new layer") : 0;
}

static int add_documents(struct packing *packing, struct error *err)
{
	const char *below = packing->has_base ? packing->base.config_text : NULL;

	if (pack_config(below, &packing->options->settings,
			packing->has_new_layer ? packing->diff_id : NULL, &packing->config_text,
			err) ||
	    pack_text(packing->target, packing->config_text, packing->config, err) ||
	    pack_manifest(packing->config, strlen(packing->config_text), packing->layers,
			  packing->n_layers, &packing->manifest_text, err))
		return -1;
	return pack_text(packing->target, packing->manifest_text, packing->manifest, err);
}

static struct wanted_platform platform_of(const struct packing *packing)
{
	if (packing->options->settings.platform.os)
		return packing->options->settings.platform;
	if (!packing->has_base)
		return platform_of_host();
	return (struct wanted_platform){ .os = packing->base.config->os,
					 .architecture = packing->base.config->architecture,
					 .variant = packing->base.config->variant };
}

static int commit(const struct packing *packing, struct error *err)
{
	const struct reference *to = &packing->options->to;
	OWNED(string_list_finish) struct string_list layers = { 0 };

	for (size_t i = 0; i < packing->n_layers; i++)
		if (string_list_add(&layers, packing->layers[i].digest))
			return error_errno(err, ENOMEM, "layers");
	const struct pack_image image = {
		/* Without a tag it would be found only as long as it is alone. */
		.tag = to->tag ? to->tag : "latest",
		.docker = to->transport == TRANSPORT_DOCKER_ARCHIVE ? to->tag : NULL,
		.manifest = packing->manifest,
		.manifest_size = strlen(packing->manifest_text),
		.config = packing->config,
		.layers = layers,
		.platform = platform_of(packing),
		.created = packing->options->settings.created,
	};

	return pack_target_commit(packing->target, &image, err);
}

static int run(struct packing *packing, struct error *err)
{
	if (find_base(packing, err))
		return -1;
	packing->layers = calloc(packing->base.n_layers + 1, sizeof *packing->layers);
	if (!packing->layers)
		return error_errno(err, ENOMEM, "layers");
	if (open_target(packing, err))
		return -1;
	packing->progress = progress_open(packing->options->progress, STDERR_FILENO,
					  packing->base.n_layers + 1, err);
	if (!packing->progress)
		return -1;
	progress_activity(packing->progress, "Packing");
	if (copy_base(packing, err) || add_layer(packing, err) || add_documents(packing, err))
		return -1;
	return commit(packing, err);
}

int pack(const struct pack_options *options, char digest[DIGEST_MAX], struct error *err)
{
	struct packing packing = { .options = options };
	int result = run(&packing, err);

	memcpy(digest, packing.manifest, DIGEST_MAX);
	progress_close(packing.progress);
	pack_target_close(packing.target);
	if (packing.has_base)
		image_finish(&packing.base);
	record_free(packing.record);
	free(packing.layers);
	free(packing.config_text);
	free(packing.manifest_text);
	return result;
}
