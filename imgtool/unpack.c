#include "imgtool/unpack.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "imgtool/base/interrupt.h"
#include "imgtool/convert/convert.h"
#include "imgtool/convert/image_root.h"
#include "imgtool/diff/names.h"
#include "imgtool/layer/left_out.h"
#include "imgtool/new_bundle.h"
#include "imgtool/record.h"
#include "imgtool/store/overlay_bundle.h"
#include "spec/base/io.h"
#include "spec/base/owned.h"

struct job {
	const struct unpack_options *options;
	struct reference reference;
	struct image image;
	struct progress *progress;
	struct new_bundle bundle;
	struct bundle_record *record;
	struct store *store; /* of an overlay; open until the bundle holds its layers */
	int root; /* of the root file system; of an overlay its mount, which has no place yet */
};

/* What the progress of one layer is told to. */
struct item {
	struct progress *progress;
	size_t number;
};

static void tell_progress(void *context, uint64_t done, uint64_t size)
{
	const struct item *item = context;

	(void)size;
	progress_bytes(item->progress, item->number, done);
}

static const char *layer_name(const struct layer *layer)
{
	return layer->blob.digest ? layer->blob.digest : layer->diff_id;
}

static int open_progress(struct job *job, struct error *err)
{
	job->progress =
		progress_open(job->options->progress, STDERR_FILENO, job->image.n_layers, err);
	if (!job->progress)
		return -1;
	for (size_t i = 0; i < job->image.n_layers; i++)
		progress_item(job->progress, i, layer_name(&job->image.layers[i]),
			      job->image.layers[i].blob.size);
	return 0;
}

static struct layer_options layer_options(const struct job *job)
{
	return (struct layer_options){
		.form = LAYER_ONTO_TREE,
		.tree = job->options->tree,
		.plain = { .max_size = job->options->max_size },
		.max_entries = UNPACK_ENTRIES_MAX,
	};
}

static int apply_layer(const struct job *job, size_t i, struct tree_counts *sum, struct error *err)
{
	const struct layer *layer = &job->image.layers[i];
	struct item item = { job->progress, i };
	struct layer_options options = layer_options(job);
	struct tree_counts counts = { 0 };
	bool has_root;

	options.plain.progress = tell_progress;
	options.plain.context = &item;
	progress_state(job->progress, i, PROGRESS_EXTRACTING);
	if (layer_apply(layer, job->root, &options, &counts, &has_root, err)) {
		progress_state(job->progress, i, PROGRESS_FAILED);
		return error_prefix(err, "layer %zu (%s)", i + 1, layer_name(layer));
	}
	progress_state(job->progress, i, PROGRESS_DONE);
	left_out_add(sum, &counts);
	if (__builtin_add_overflow(sum->bytes, counts.bytes, &sum->bytes) ||
	    sum->bytes > job->options->max_size)
		return error_set(err, EFBIG, "the image's files have more than %ju bytes",
				 (uintmax_t)job->options->max_size);
	return 0;
}

/* The root file system as a plain directory, in job->root. */
static int make_plain_root(struct job *job, struct error *err)
{
	struct tree_counts counts = { 0 };

	/* What a layer says of its root directory comes over it. When none does, its time is 1970 in every bundle. */
	if (mkdirat(job->bundle.directory, "rootfs", 0755) ||
	    fchmodat(job->bundle.directory, "rootfs", 0755, 0))
		return error_errno(err, errno, "make rootfs");
	job->root = openat(job->bundle.directory, "rootfs",
			   O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (job->root < 0 || futimens(job->root, (const struct timespec[2]){ 0 }))
		return error_errno(err, errno, "rootfs");
	for (size_t i = 0; i < job->image.n_layers; i++)
		if (interrupt_check(err) || apply_layer(job, i, &counts, err))
			return -1;
	left_out_tell(job->progress, &counts);
	return record_write(job->bundle.directory, job->record, err);
}

/* The layers come from the store, and what the container writes goes into the bundle. */
static int make_overlay_root(struct job *job, struct error *err)
{
	const struct layer_options options = layer_options(job);

	job->store = store_open(job->options->store, STORE_TO_FILL, err);
	if (!job->store)
		return -1;
	job->root = overlay_bundle_make(job->store, &job->image, job->bundle.directory,
					job->bundle.path, job->record, &options, job->progress,
					err);
	return job->root < 0 ? -1 : 0;
}

static int make_root(struct job *job, struct error *err)
{
	/* Not after a long time: an option that makes no sense. */
	if (!job->options->rootfs_only &&
	    convert_check(job->image.config, &job->options->run, job->bundle.directory, err))
		return -1;
	job->record = record_of_image(&job->image, job->options->image, err);
	if (!job->record)
		return -1;
	job->record->mapped = job->options->mapped;
	return job->options->overlay ? make_overlay_root(job, err) : make_plain_root(job, err);
}

static int write_config(int bundle, const struct config *config, struct error *err)
{
	struct buffer text = { 0 };
	int result = 0;

	table_print(&config_type, config, 4, &text);
	buffer_print(&text, "\n");
	owned_fd fd = openat(bundle, "config.json",
			     O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0644);
	if (text.failed)
		result = error_errno(err, ENOMEM, "config.json");
	else if (fd < 0 || write_all(fd, text.text, text.length))
		result = error_errno(err, errno, "write config.json");
	buffer_finish(&text);
	return result;
}

static int make_directory(void *context, const char *path, struct error *err)
{
	return image_root_make_directory(*(const int *)context, path, err);
}

static int make_config(struct job *job, struct error *err)
{
	struct string_list notices = { 0 };
	struct config *config =
		convert_image(job->image.config, &job->options->run, job->root, &notices, err);
	int result = config ? 0 : -1;

	for (size_t i = 0; i < notices.n; i++)
		progress_notice(job->progress, "%s", notices.v[i]);
	string_list_finish(&notices);
	if (config)
		result = convert_directories(job->image.config, config, make_directory, &job->root,
					     err) ||
					 write_config(job->bundle.directory, config, err)
				 ? -1
				 : 0;
	config_free(config);
	return result;
}

/* An overlay is mounted in the complete bundle only: killed before, we leave no mount; killed between, the bundle is
 * whole and can be mounted. */
static int make_bundle(struct job *job, struct error *err)
{
	if (make_root(job, err) || (!job->options->rootfs_only && make_config(job, err)) ||
	    (!job->options->overlay && diff_names_write(job->bundle.directory, err)) ||
	    interrupt_check(err) || new_bundle_keep(&job->bundle, err))
		return -1;
	if (!job->options->overlay || overlay_bundle_attach(job->store, job->bundle.directory,
							    job->record, job->root, err) == 0)
		return 0;
	new_bundle_take_back(&job->bundle);
	return -1;
}

int unpack(const struct unpack_options *options, struct error *err)
{
	struct job job = {
		.options = options,
		.bundle = { .directory = -1, .parent = -1 },
		.root = -1,
	};

	if (reference_parse(options->image, &job.reference, err))
		return -1;
	int result = image_open(&job.reference, &options->platform, &job.image, err) ||
				     open_progress(&job, err) ||
				     new_bundle_begin(options->bundle, &job.bundle, err) ||
				     make_bundle(&job, err)
			     ? -1
			     : 0;
	close_fd(job.root);
	if (result && job.store)
		overlay_bundle_drop(job.store, job.record);
	store_close(job.store);
	record_free(job.record);
	new_bundle_drop(&job.bundle);
	progress_close(job.progress);
	image_finish(&job.image);
	reference_finish(&job.reference);
	return result;
}
