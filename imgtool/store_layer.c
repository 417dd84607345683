#include "imgtool/store_layer.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "imgtool/discard.h"
#include "imgtool/overlay.h"
#include "spec/base/io.h"
#include "spec/base/owned.h"

#define WORK "work"

/* A layer while it is made: STORE/layers/KEY.new. The lock of its name makes it ours. */
struct making {
	const struct store *store;
	const char *key;
	int lock;
	char name[KEY_MAX + sizeof LAYER_IN_THE_MAKING];
	int directory, tree;
};

/* Whoever had the lock before and is gone without a result has left its temporary directory. */
static int begin(struct making *making, struct error *err)
{
	int layers = making->store->layers;

	snprintf(making->name, sizeof making->name, "%s" LAYER_IN_THE_MAKING, making->key);
	if (discard(layers, making->name, NULL, err))
		return -1;
	if (mkdirat(layers, making->name, 0700))
		return error_errno(err, errno, "mkdir %s", making->name);
	making->directory =
		openat(layers, making->name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (making->directory < 0 || mkdirat(making->directory, LAYER_TREE, 0755))
		return error_errno(err, errno, "mkdir %s/" LAYER_TREE, making->name);
	making->tree = openat(making->directory, LAYER_TREE,
			      O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	/* Whatever the umask is. */
	if (making->tree < 0 || fchmod(making->tree, 0755))
		return error_errno(err, errno, "open %s/" LAYER_TREE, making->name);
	return 0;
}

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

/* The order that survives a loss of power: first what is in it, then its name. */
static int publish(const struct making *making, struct error *err)
{
	int layers = making->store->layers;

	if (syncfs(making->tree))
		return error_errno(err, errno, "sync %s", making->name);
	if (renameat(layers, making->name, layers, making->key))
		return error_errno(err, errno, "rename %s", making->name);
	if (fsync(layers))
		return error_errno(err, errno, "sync the directory of layers");
	return 0;
}

static void end(struct making *making, bool made)
{
	close_fd(making->tree);
	close_fd(making->directory);
	/* What cannot be removed now is removed by whoever makes the layer next, or by gc. */
	if (!made)
		(void)discard(making->store->layers, making->name, NULL, NULL);
	close_fd(making->lock);
}

/* 0: @making is to be ended; STORE_LAYER_BUSY; -1. *present: it is there already. */
static int lock_layer(struct making *making, bool *present, struct error *err)
{
	making->lock = store_try_lock(making->store, making->key);
	if (making->lock < 0)
		return errno == EWOULDBLOCK ? STORE_LAYER_BUSY
					    : error_errno(err, errno, "lock %s", making->key);
	/* Only under the lock is the answer for good. */
	owned_fd there = store_open_layer(making->store, making->key);
	*present = there >= 0;
	if (there >= 0 || errno == ENOENT)
		return 0;
	error_errno(err, errno, "open %s", making->key);
	close_fd(making->lock);
	return -1;
}

static int fill(struct making *making, int root, const struct layer *layer,
		const struct layer_options *options, struct error *err)
{
	struct tree_counts counts = { 0 };
	bool has_root = false;
	int result = layer_apply(layer, root, options, &counts, &has_root, err);

	return result ? result : write_information(making, layer, &counts, has_root, err);
}

int store_layer_make(const struct store *store, const struct layer *layer,
		     const struct layer_options *options, struct error *err)
{
	char key[KEY_MAX];
	struct making making = { .store = store, .key = key, .directory = -1, .tree = -1 };
	struct layer_options alone = *options;
	bool present;

	store_key_alone(layer->diff_id, key);
	int result = lock_layer(&making, &present, err);
	if (result)
		return result;
	if (present) {
		close_fd(making.lock);
		return 0;
	}
	alone.form = LAYER_FOR_OVERLAY;
	result = begin(&making, err);
	if (!result)
		result = fill(&making, making.tree, layer, &alone, err);
	if (!result)
		result = publish(&making, err);
	end(&making, !result);
	return result;
}

/* The layers below as lower directories, and the tree of @making as the upper one, which then is the new layer. */
static int fill_on(struct making *making, const struct store_stack *lower,
		   const struct layer *layer, const struct layer_options *options,
		   struct error *err)
{
	if (!lower->keys.n)
		return fill(making, making->tree, layer, options, err);
	if (mkdirat(making->directory, WORK, 0700))
		return error_errno(err, errno, "mkdir %s/" WORK, making->name);
	owned_fd work = openat(making->directory, WORK, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	const struct overlay overlay = { .lower = lower->directories,
					 .n_lower = lower->keys.n,
					 .upper = making->tree,
					 .work = work,
					 .user_xattrs = options->tree.user_xattrs,
					 .label = "imgtool" };
	int mount = work < 0 ? error_errno(err, errno, "open %s/" WORK, making->name)
			     : overlay_mount(&overlay, err);
	if (mount < 0)
		return -1;
	int result = fill(making, mount, layer, options, err);
	/* It was attached to nothing, so this is its end. */
	close_fd(mount);
	return result || discard(making->directory, WORK, NULL, err) ? -1 : 0;
}

int store_layer_make_on(const struct store *store, const struct store_stack *lower, const char *key,
			const struct layer *layer, const struct layer_options *options,
			struct error *err)
{
	struct making making = { .store = store, .key = key, .directory = -1, .tree = -1 };
	struct layer_options onto = *options;
	bool present;
	int result = lock_layer(&making, &present, err);

	if (result)
		return result;
	if (present) {
		close_fd(making.lock);
		return 0;
	}
	onto.form = LAYER_ONTO_TREE;
	result = begin(&making, err) || fill_on(&making, lower, layer, &onto, err) ||
				 publish(&making, err)
			 ? -1
			 : 0;
	end(&making, !result);
	return result;
}
