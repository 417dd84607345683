#include "imgtool/store/clean.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>

#include "imgtool/base/discard.h"
#include "imgtool/store/reference.h"
#include "spec/base/owned.h"

struct cleaning {
	struct store *store;
	struct string_list used;   /* keys of layers that a bundle holds */
	struct string_list dead;   /* names of references */
	struct string_list doomed; /* "layers/NAME" */
};

/* Calls @each with every name in the directory. */
static int for_names(struct cleaning *cleaning, const char *directory,
		     int (*each)(struct cleaning *, const char *directory, const char *name,
				 struct error *err),
		     struct error *err)
{
	int fd = openat(cleaning->store->directory, directory,
			O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	owned_dir dir = fd < 0 ? NULL : fdopendir(fd);
	const struct dirent *entry;

	if (!dir) {
		error_errno(err, errno, "open %s", directory);
		close_fd(fd);
		return -1;
	}
	while (errno = 0, (entry = readdir(dir)))
		if (entry->d_name[0] != '.' && each(cleaning, directory, entry->d_name, err))
			return -1;
	return errno ? error_errno(err, errno, "read %s", directory) : 0;
}

/* ---- references ---- */

static int look_at_reference(const char *name, void *context, struct error *err)
{
	struct cleaning *cleaning = context;
	struct store_reference *reference = store_reference_read(cleaning->store, name, err);

	/* What it held nobody knows, so nothing can be said to be unused. */
	if (!reference)
		return error_hint(err, "remove that file when its bundle is gone");
	int alive = store_reference_is_alive(cleaning->store, name, reference, err);
	int failed = alive < 0 ? -1 : 0;
	if (alive == 0 && string_list_add(&cleaning->dead, name))
		failed = error_errno(err, ENOMEM, "store");
	for (size_t i = 0; alive > 0 && i < reference->layers.n && !failed; i++)
		if (string_list_add(&cleaning->used, reference->layers.v[i]))
			failed = error_errno(err, ENOMEM, "store");
	store_reference_free(reference);
	return failed;
}

static int compare_texts(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

static bool is_used(const struct cleaning *cleaning, const char *key)
{
	return cleaning->used.n &&
	       bsearch(&key, cleaning->used.v, cleaning->used.n, sizeof key, compare_texts);
}

/* ---- layers ---- */

static bool ends_with(const char *text, const char *end)
{
	size_t length = strlen(text), end_length = strlen(end);

	return length >= end_length && strcmp(text + length - end_length, end) == 0;
}

/* Whether it is a name that only an unfinished extraction or removal leaves. */
static bool is_leftover(const char *name)
{
	return ends_with(name, LAYER_IN_THE_MAKING) || ends_with(name, LAYER_CONDEMNED);
}

/* Files that the store did not make are not touched. */
static int look_at_layer(struct cleaning *cleaning, const char *directory, const char *name,
			 struct error *err)
{
	size_t length = strcspn(name, ".");
	owned_string key = strndup(name, length);
	owned_string path = text_format("%s/%s", directory, name);

	if (!key || !path)
		return error_errno(err, ENOMEM, "store");
	if (!record_is_layer(key) || (name[length] ? !is_leftover(name) : is_used(cleaning, name)))
		return 0;
	return string_list_add(&cleaning->doomed, path) ? error_errno(err, ENOMEM, "store") : 0;
}

/* One directory of layers for each set of owners. */
static int look_at_part(struct cleaning *cleaning, const char *directory, const char *name,
			struct error *err)
{
	(void)directory;
	if (strcmp(name, STORE_LAYERS) != 0 && !text_starts_with(name, STORE_LAYERS "-"))
		return 0;
	return for_names(cleaning, name, look_at_layer, err);
}

static int find(struct cleaning *cleaning, struct error *err)
{
	if (store_references(cleaning->store, look_at_reference, cleaning, err))
		return -1;
	if (cleaning->used.n)
		qsort(cleaning->used.v, cleaning->used.n, sizeof *cleaning->used.v, compare_texts);
	return for_names(cleaning, ".", look_at_part, err);
}

/* ---- removal ---- */

static int remove_file(struct cleaning *cleaning, const char *directory, const char *name,
		       struct error *err)
{
	owned_string path = text_format("%s/%s", directory, name);

	if (!path)
		return error_errno(err, ENOMEM, "store");
	if (unlinkat(cleaning->store->directory, path, 0) && errno != ENOENT)
		return error_errno(err, errno, "remove %s", path);
	return 0;
}

/* Of a layer that nobody makes: we are alone. */
static int remove_lock(struct cleaning *cleaning, const char *directory, const char *name,
		       struct error *err)
{
	return record_is_layer(name) ? remove_file(cleaning, directory, name, err) : 0;
}

static int remove_temporary(struct cleaning *cleaning, const char *directory, const char *name,
			    struct error *err)
{
	return ends_with(name, ".tmp") ? remove_file(cleaning, directory, name, err) : 0;
}

/* From now on nobody finds it. */
static int condemn(struct cleaning *cleaning, char **path, struct error *err)
{
	int directory = cleaning->store->directory;

	if (ends_with(*path, LAYER_CONDEMNED))
		return 0;
	owned_string condemned = text_format("%s" LAYER_CONDEMNED, *path);
	if (!condemned)
		return error_errno(err, ENOMEM, "store");
	/* Of an earlier attempt, whose layer has come again since. */
	if (discard(directory, condemned, NULL, err))
		return -1;
	if (renameat(directory, *path, directory, condemned))
		return error_errno(err, errno, "rename %s", *path);
	free(*path);
	*path = take_pointer(condemned);
	return 0;
}

static int condemn_all(struct cleaning *cleaning, struct error *err)
{
	for (size_t i = 0; i < cleaning->doomed.n; i++)
		if (condemn(cleaning, &cleaning->doomed.v[i], err))
			return -1;
	for (size_t i = 0; i < cleaning->dead.n; i++)
		if (store_reference_remove(cleaning->store, cleaning->dead.v[i], err))
			return -1;
	return for_names(cleaning, "locks", remove_lock, err) ||
			       for_names(cleaning, "bundles", remove_temporary, err)
		       ? -1
		       : 0;
}

static int remove_doomed(const struct cleaning *cleaning, const char *path, bool was_layer,
			 bool dry_run, void (*each)(const struct store_garbage *, void *context),
			 void *context, struct error *err)
{
	int directory = cleaning->store->directory;
	struct discarded counts = { 0 };
	owned_string name = strdup(strchr(path, '/') + 1);

	if (!name)
		return error_errno(err, ENOMEM, "store");
	if (dry_run ? discard_foresee(directory, path, &counts, err)
		    : discard(directory, path, &counts, err))
		return -1;
	name[strcspn(name, ".")] = '\0';
	each(&(struct store_garbage){ was_layer ? "layer" : "leftover", name, counts.bytes },
	     context);
	return 0;
}

static int clean(struct cleaning *cleaning, bool dry_run,
		 void (*each)(const struct store_garbage *, void *context), void *context,
		 struct error *err)
{
	if (find(cleaning, err))
		return -1;
	OWNED(owned_free) bool *was_layer = calloc(cleaning->doomed.n + 1, sizeof *was_layer);
	if (!was_layer)
		return error_errno(err, ENOMEM, "store");
	for (size_t i = 0; i < cleaning->doomed.n; i++)
		was_layer[i] = !is_leftover(cleaning->doomed.v[i]);
	if (!dry_run && condemn_all(cleaning, err))
		return -1;
	/* Removing many files takes long, and they are in nobody's way any more. */
	flock(cleaning->store->lock, LOCK_UN);
	for (size_t i = 0; i < cleaning->dead.n; i++)
		each(&(struct store_garbage){ "reference", cleaning->dead.v[i], 0 }, context);
	for (size_t i = 0; i < cleaning->doomed.n; i++)
		if (remove_doomed(cleaning, cleaning->doomed.v[i], was_layer[i], dry_run, each,
				  context, err))
			return -1;
	return 0;
}

int store_clean(struct store *store, bool dry_run,
		void (*each)(const struct store_garbage *, void *context), void *context,
		struct error *err)
{
	struct cleaning cleaning = { .store = store };
	int result = clean(&cleaning, dry_run, each, context, err);

	if (result)
		error_prefix(err, "store %s", store->path);
	string_list_finish(&cleaning.used);
	string_list_finish(&cleaning.dead);
	string_list_finish(&cleaning.doomed);
	store_close(store);
	return result;
}
