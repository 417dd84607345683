#include "imgtool/store/layer.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include "imgtool/base/discard.h"
#include "imgtool/record.h"
#include "imgtool/store/implied.h"
#include "imgtool/store/overlay.h"
#include "spec/base/io.h"
#include "spec/base/owned.h"

#define WORK "work" /* of the overlay that a layer is extracted on */
#define IMPLIED \
	"implied" /* a list of store_implied.h, beside the tree of a layer that is to be settled */

static int write_information(const struct making *making, const struct layer *layer,
			     const struct tree_counts *counts, bool has_root, struct error *err)
{
	const struct layer_information information = { .diff_id = layer->diff_id,
						       .root = has_root,
						       .bytes = counts->bytes };
	OWNED(buffer_finish) struct buffer text = { 0 };

	table_print(&layer_information_type, &information, 0, &text);
	if (text.failed)
		return error_errno(err, ENOMEM, LAYER_INFORMATION);
	return write_file_atomic_at(making->directory, LAYER_INFORMATION, text.text, text.length,
				    0600, err);
}

static int fill(struct making *making, int root, const struct layer *layer,
		const struct layer_options *options, struct tree_counts *counts, struct error *err)
{
	bool has_root = false;
	int result = layer_apply(layer, root, options, counts, &has_root, err);

	return result ? result : write_information(making, layer, counts, has_root, err);
}

/* ---- for itself ---- */

struct implied_name {
	char text[KEY_MAX];
};

static struct implied_name implied_name_of(const struct layer *layer)
{
	char key[KEY_MAX];
	struct implied_name name;

	store_key_alone(layer->diff_id, key);
	snprintf(name.text, sizeof name.text, "%.*s" RECORD_IMPLIED, DIGEST_MAX, key);
	return name;
}

static FILE *open_list(const struct making *making, int flags, const char *mode, struct error *err)
{
	int fd = openat(making->directory, IMPLIED, flags | O_NOFOLLOW | O_CLOEXEC, 0600);
	FILE *list = fd < 0 ? NULL : fdopen(fd, mode);

	if (list)
		return list;
	error_errno(err, errno, "open " IMPLIED);
	close_fd(fd);
	return NULL;
}

/* Closes @list, which has what the layer implied. Parents that it does not describe are only right on the layers below: it is
 * kept for those, under a name of its own. */
static int publish(struct making *making, const struct layer *layer, FILE **list, struct error *err)
{
	bool implies = ftell(*list) > 0;

	if (fclose(take_pointer(*list)))
		return error_errno(err, errno, "write " IMPLIED);
	if (implies)
		return making_publish(making, implied_name_of(layer).text, err)
			       ? -1
			       : STORE_LAYER_NEEDS_LOWER;
	if (unlinkat(making->directory, IMPLIED, 0))
		return error_errno(err, errno, "remove " IMPLIED);
	return making_publish(making, making->key, err);
}

static int make_alone(struct making *making, const struct layer *layer,
		      const struct layer_options *options, struct tree_counts *counts,
		      struct error *err)
{
	owned_file implied = NULL;
	struct layer_options alone = *options;

	owned_fd waiting = store_open_layer(making->store, implied_name_of(layer).text);
	if (waiting >= 0)
		return STORE_LAYER_NEEDS_LOWER;
	if (making_begin(making, err) ||
	    !(implied = open_list(making, O_WRONLY | O_CREAT | O_EXCL, "w", err)))
		return -1;
	alone.form = LAYER_FOR_OVERLAY;
	alone.tree.implied = store_implied_add;
	alone.tree.implied_context = implied;
	int result = fill(making, making->tree, layer, &alone, counts, err);
	return result ? result : publish(making, layer, &implied, err);
}

int store_layer_make(const struct store *store, const struct layer *layer,
		     const struct layer_options *options, struct tree_counts *counts,
		     struct error *err)
{
	char key[KEY_MAX];
	struct making making;
	bool present;

	store_key_alone(layer->diff_id, key);
	int result = making_lock(&making, store, key, &present, err);
	if (result)
		return result;
	if (!present)
		result = make_alone(&making, layer, options, counts, err);
	making_end(&making);
	return result;
}

/* ---- on the layers below ---- */

static struct overlay overlay_of(const struct store_stack *lower,
				 const struct layer_options *options)
{
	return (struct overlay){ .lower = lower->directories,
				 .n_lower = lower->keys.n,
				 .upper = -1,
				 .work = -1,
				 .user_xattrs = options->tree.user_xattrs,
				 .label = "imgtool" };
}

/* Takes what make_alone published, so that only the parents are left to be seen to. 1: the layer is whole; 0: it has to be
 * extracted; -1. */
static int settle_implied(struct making *making, const struct store_stack *lower,
			  const struct layer *layer, const struct layer_options *options,
			  struct error *err)
{
	const struct overlay overlay = overlay_of(lower, options);
	int taken = making_take(making, implied_name_of(layer).text, err);

	if (taken <= 0)
		return taken;
	owned_file list = open_list(making, O_RDONLY, "r", err);
	if (!list)
		return -1;
	owned_fd merged = lower->keys.n ? overlay_mount(&overlay, err) : -1;
	if (merged < 0 && lower->keys.n)
		return -1;
	int differs = store_implied_settle(merged, making->tree, list, err);
	if (differs)
		return differs < 0 ? -1 : 0;
	return unlinkat(making->directory, IMPLIED, 0) ? error_errno(err, errno, "remove " IMPLIED)
						       : 1;
}

/* The layers below as lower directories, and the tree of @making as the upper one, which then is the new layer. */
static int fill_on(struct making *making, const struct store_stack *lower,
		   const struct layer *layer, const struct layer_options *options,
		   struct tree_counts *counts, struct error *err)
{
	struct overlay overlay = overlay_of(lower, options);

	if (!lower->keys.n)
		return fill(making, making->tree, layer, options, counts, err);
	if (mkdirat(making->directory, WORK, 0700))
		return error_errno(err, errno, "mkdir %s/" WORK, making->name);
	owned_fd work = openat(making->directory, WORK, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (work < 0)
		return error_errno(err, errno, "open %s/" WORK, making->name);
	overlay.upper = making->tree;
	overlay.work = work;
	int mount = overlay_mount(&overlay, err);
	if (mount < 0)
		return -1;
	int result = fill(making, mount, layer, options, counts, err);
	/* It was attached to nothing, so this is its end. */
	close_fd(mount);
	return result || discard(making->directory, WORK, NULL, err) ? -1 : 0;
}

static int make_on(struct making *making, const struct store_stack *lower,
		   const struct layer *layer, const struct layer_options *options,
		   struct tree_counts *counts, struct error *err)
{
	struct layer_options onto = *options;
	int whole = settle_implied(making, lower, layer, options, err);

	onto.form = LAYER_ONTO_TREE;
	if (whole < 0)
		return -1;
	if (!whole &&
	    (making_begin(making, err) || fill_on(making, lower, layer, &onto, counts, err)))
		return -1;
	return making_publish(making, making->key, err);
}

int store_layer_make_on(const struct store *store, const struct store_stack *lower, const char *key,
			const struct layer *layer, const struct layer_options *options,
			struct tree_counts *counts, struct error *err)
{
	struct making making;
	bool present;
	int result = making_lock(&making, store, key, &present, err);

	if (result)
		return result;
	if (!present)
		result = make_on(&making, lower, layer, options, counts, err);
	making_end(&making);
	return result;
}
