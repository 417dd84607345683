/* The rules by which a layer changes a tree: see layer.h. */
#include "imgtool/layer/layer.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "imgtool/layer/tar.h"
#include "spec/base/owned.h"
#include "spec/base/text.h"

/* layer.md, "Whiteouts" and "Opaque Whiteout". */
#define WHITEOUT ".wh."
#define OPAQUE ".wh..wh..opq"
#define AUFS ".wh..wh." /* its own records, which other tools once took for files */

enum meaning {
	MEANING_FILE, /* of whatever type */
	MEANING_WHITEOUT,
	MEANING_OPAQUE,
	MEANING_NOTHING,
};

/* What applying a layer goes on with. */
struct application {
	const struct layer_options *options;
	struct tar *tar;
	struct tree *tree;
	bool has_root;
};

/* ---- names ---- */

static int meaning_of(const char *path, enum meaning *ret, struct error *err)
{
	*ret = MEANING_FILE;
	if (!strstr(path, WHITEOUT))
		return 0;
	for (const char *name = path, *slash; *ret == MEANING_FILE; name = slash + 1) {
		slash = strchr(name, '/');
		if (!slash && strcmp(name, OPAQUE) == 0)
			*ret = MEANING_OPAQUE;
		else if (text_starts_with(name, AUFS))
			*ret = MEANING_NOTHING;
		else if (text_starts_with(name, WHITEOUT) && slash)
			return error_set(err, EINVAL, "a whiteout cannot be a directory");
		else if (text_starts_with(name, WHITEOUT))
			*ret = MEANING_WHITEOUT;
		if (!slash)
			break;
	}
	return 0;
}

/* The path of what a whiteout hides, or of the directory that is opaque. For the caller to free. */
static char *hidden_path(const char *path, enum meaning meaning, struct error *err)
{
	const char *slash = strrchr(path, '/');
	size_t parent = slash ? (size_t)(slash - path) : 0;
	const char *name = path + (slash ? parent + 1 : 0) + strlen(WHITEOUT);
	char *hidden = meaning == MEANING_OPAQUE
			       ? text_format("%.*s", (int)parent, path)
			       : text_format("%.*s%s%s", (int)parent, path, slash ? "/" : "", name);

	if (!hidden)
		error_errno(err, ENOMEM, "whiteout");
	return hidden;
}

/* ---- entries ---- */

static int check_stopped(const struct application *at, struct error *err)
{
	if (at->options->stopped &&
	    atomic_load_explicit(at->options->stopped, memory_order_relaxed))
		return error_set(err, ECANCELED, "stopped");
	return 0;
}

static int apply_whiteout(struct application *at, const char *path, enum meaning meaning,
			  struct error *err)
{
	owned_string hidden = hidden_path(path, meaning, err);

	if (!hidden)
		return -1;
	if (at->options->form == LAYER_FOR_OVERLAY)
		return meaning == MEANING_OPAQUE ? tree_make_opaque(at->tree, hidden, err)
						 : tree_whiteout(at->tree, hidden, err);
	return meaning == MEANING_OPAQUE ? tree_clear(at->tree, hidden, err)
					 : tree_remove(at->tree, hidden, err);
}

static int apply_data(struct application *at, struct error *err)
{
	const void *data;
	size_t length;
	int64_t offset;
	int status;

	while ((status = tar_data(at->tar, &data, &length, &offset, err)) == 1)
		if (check_stopped(at, err) || tree_write(at->tree, data, length, offset, err))
			return -1;
	return status;
}

static int apply_entry(struct application *at, const struct entry *entry, struct error *err)
{
	enum meaning meaning;

	if (meaning_of(entry->path, &meaning, err))
		return -1;
	if (meaning == MEANING_NOTHING)
		return 0;
	if (meaning != MEANING_FILE)
		return apply_whiteout(at, entry->path, meaning, err);
	if (!*entry->path)
		at->has_root = true;
	int status = tree_make(at->tree, entry, err);
	if (status == 0 && S_ISREG(entry->mode) && !entry->hardlink && entry->size > 0)
		status = apply_data(at, err);
	return status;
}

static int apply_entries(struct application *at, struct error *err)
{
	const struct entry *entry;
	uint64_t entries = 0;
	int status;

	while ((status = tar_next(at->tar, &entry, err)) == 1) {
		if (++entries > at->options->max_entries)
			return error_set(err, EFBIG, "more than %llu entries",
					 (unsigned long long)at->options->max_entries);
		if (check_stopped(at, err))
			return -1;
		status = apply_entry(at, entry, err);
		if (status < 0)
			return error_prefix(err, "'%.300s'", entry->path);
		if (status)
			return LAYER_NEEDS_LOWER;
	}
	return status;
}

static int apply(struct plain *plain, int root, const struct layer_options *options,
		 struct tree_counts *counts, bool *has_root, struct error *err)
{
	struct application at = { .options = options };
	struct tree_options tree = options->tree;

	tree.parents_must_exist = options->form == LAYER_FOR_OVERLAY;
	at.tar = tar_open(plain, err);
	if (!at.tar)
		return -1;
	at.tree = tree_open(root, &tree, err);
	int status = at.tree ? apply_entries(&at, err) : -1;
	if (status == 0)
		status = tree_finish(take_pointer(at.tree), counts, err);
	tree_drop(at.tree);
	tar_close(at.tar);
	*has_root = at.has_root;
	return status;
}

int layer_apply(const struct layer *layer, int root, const struct layer_options *options,
		struct tree_counts *counts, bool *has_root, struct error *err)
{
	struct plain *plain = plain_open(layer, &options->plain, err);

	if (!plain)
		return -1;
	int status = apply(plain, root, options, counts, has_root, err);
	plain_close(plain);
	return status;
}
