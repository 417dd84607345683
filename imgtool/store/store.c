#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <time.h>

#include "imgtool/base/interrupt.h"
#include "imgtool/id_mappings.h"
#include "imgtool/record.h"
#include "imgtool/store/parts.h"
#include "imgtool/store/store.h"
#include "spec/base/io.h"
#include "spec/base/owned.h"
#include "spec/base/sys.h"
#include "spec/table_fields.h"

#define LAYER_INFORMATION_MAX 4096 /* bytes */
#define LOCK_POLL_NANOSECONDS 10000000

static const struct field layer_information_fields[] = {
	FIELD_STRING(layer_information, diff_id, "diffId", REQUIRED),
	FIELD_BOOL(layer_information, root, "root"),
	FIELD_UINT64(layer_information, bytes, "bytes", ALWAYS),
};
TYPE(layer_information);

/* ---- where it is ---- */

static char *default_path(bool identical)
{
	const char *chosen = getenv("IMGTOOL_STORE"), *data = getenv("XDG_DATA_HOME"),
		   *home = getenv("HOME");

	if (chosen && *chosen)
		return strdup(chosen);
	if (geteuid() == 0 && identical)
		return strdup("/var/lib/imgtool");
	if (data && *data == '/')
		return text_format("%s/imgtool", data);
	return home && *home == '/' ? text_format("%s/.local/share/imgtool", home) : NULL;
}

/* The owners and marks of a layer's files are right for one set of mappings only, so each has a directory of its
 * own. */
static int layers_name(const struct id_mappings *mappings, char *ret, size_t size,
		       struct error *err)
{
	OWNED(buffer_finish) struct buffer text = { 0 };
	const struct id_mapping_list *lists[] = { &mappings->uids, &mappings->gids };
	char digest[DIGEST_MAX];

	if (id_mappings_identical(mappings)) {
		snprintf(ret, size, STORE_LAYERS);
		return 0;
	}
	for (size_t i = 0; i < 2; i++) {
		for (size_t j = 0; j < lists[i]->n; j++)
			buffer_print(&text, "%u %u %u,", lists[i]->v[j]->container_id,
				     lists[i]->v[j]->host_id, lists[i]->v[j]->size);
		buffer_print(&text, ";");
	}
	if (text.failed)
		return error_errno(err, ENOMEM, "store");
	if (digest_of(DIGEST_LIKE_SHA256, text.text, text.length, digest, err))
		return -1;
	snprintf(ret, size, STORE_LAYERS "-%.16s", strchr(digest, ':') + 1);
	return 0;
}

/* A directory of ours in the store. */
static int open_part(const struct store *store, const char *name, enum store_use use,
		     struct error *err)
{
	if (use == STORE_TO_FILL && mkdirat(store->directory, name, 0700) && errno != EEXIST)
		return error_errno(err, errno, "store %s: mkdir %s", store->path, name);
	int fd = openat(store->directory, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	return fd < 0 ? error_errno(err, errno, "store %s: open %s", store->path, name) : fd;
}

/* What is in the store becomes root file systems, so nobody else may write there. */
static int check_owner(const struct store *store, struct error *err)
{
	struct stat st;

	if (fstat(store->directory, &st))
		return error_errno(err, errno, "store %s", store->path);
	if (st.st_uid != geteuid())
		return error_set(err, EPERM, "store %s: belongs to user %u, not to user %u",
				 store->path, st.st_uid, geteuid());
	if (st.st_mode & (S_IWGRP | S_IWOTH))
		return error_set(err, EPERM, "store %s: others may write there", store->path);
	return 0;
}

static int open_parts(struct store *store, const char *path, enum store_use use, struct error *err)
{
	struct id_mappings mappings = { 0 };
	char layers[64], resolved[PATH_MAX];

	int failed = id_mappings_of_process(&mappings, err) ||
		     layers_name(&mappings, layers, sizeof layers, err);
	store->initial = id_mappings_identical(&mappings);
	owned_string chosen = path ? strdup(path) : default_path(store->initial);
	id_mappings_finish(&mappings);
	if (failed)
		return -1;
	if (!chosen) {
		error_set(err, ENOENT, "store: neither XDG_DATA_HOME nor HOME says where it is");
		return error_hint(err, "--store DIR does");
	}
	if (use == STORE_TO_FILL && make_directories(chosen, 0700, err))
		return error_prefix(err, "store");
	if (!realpath(chosen, resolved) || !(store->path = strdup(resolved)))
		return error_errno(err, errno, "store %s", chosen);
	store->directory = open(store->path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (store->directory < 0)
		return error_errno(err, errno, "store %s", store->path);
	if (check_owner(store, err))
		return -1;
	store->bundles = open_part(store, "bundles", use, err);
	store->locks = store->bundles < 0 ? -1 : open_part(store, "locks", use, err);
	store->layers = store->locks < 0 ? -1 : open_part(store, layers, use, err);
	return store->layers < 0 ? -1 : 0;
}

/* ---- locks ---- */

static int lock_waiting(const struct store *store, int operation, struct error *err)
{
	const struct timespec pause = { .tv_nsec = LOCK_POLL_NANOSECONDS };

	/* Asked again and again: a signal must end the wait, and it may come to another thread. */
	while (flock(store->lock, operation | LOCK_NB)) {
		if (errno != EWOULDBLOCK && errno != EINTR)
			return error_errno(err, errno, "store %s: lock", store->path);
		if (interrupt_check(err))
			return error_prefix(err, "store %s: lock", store->path);
		nanosleep(&pause, NULL);
	}
	return 0;
}

static int take_lock(struct store *store, enum store_use use, struct error *err)
{
	store->lock =
		openat(store->directory, "lock", O_RDWR | O_CREAT | O_NOFOLLOW | O_CLOEXEC, 0600);
	if (store->lock < 0)
		return error_errno(err, errno, "store %s: lock", store->path);
	if (use == STORE_TO_FILL || use == STORE_TO_USE)
		return lock_waiting(store, LOCK_SH, err);
	if (use == STORE_TO_CLEAN)
		return lock_waiting(store, LOCK_EX, err);
	if (flock(store->lock, LOCK_EX | LOCK_NB))
		return error_errno(err, errno, "store %s: lock", store->path);
	return 0;
}

int store_try_lock(const struct store *store, const char *key)
{
	owned_fd lock = openat(store->locks, key, O_RDWR | O_CREAT | O_NOFOLLOW | O_CLOEXEC, 0600);

	return lock < 0 || flock(lock, LOCK_EX | LOCK_NB) ? -1 : take_fd(&lock);
}

struct store *store_open(const char *path, enum store_use use, struct error *err)
{
	struct store *store = malloc(sizeof *store);

	if (!store) {
		error_errno(err, ENOMEM, "store");
		return NULL;
	}
	*store = (struct store){ NULL, -1, -1, -1, -1, -1, false };
	if (open_parts(store, path, use, err) == 0 && take_lock(store, use, err) == 0)
		return store;
	store_close(store);
	return NULL;
}

const char *store_path(const struct store *store)
{
	return store->path;
}

void store_close(struct store *store)
{
	if (!store)
		return;
	close_fd(store->bundles);
	close_fd(store->locks);
	close_fd(store->layers);
	close_fd(store->lock);
	close_fd(store->directory);
	free(store->path);
	free(store);
}

/* ---- layers ---- */

void store_key_alone(const char *diff_id, char ret[KEY_MAX])
{
	snprintf(ret, KEY_MAX, "%s", strchr(diff_id, ':') + 1);
}

void store_key_on_lower(const char *chain, char ret[KEY_MAX])
{
	snprintf(ret, KEY_MAX, "%s" RECORD_ON_LOWER, strchr(chain, ':') + 1);
}

int store_open_layer(const struct store *store, const char *key)
{
	char path[KEY_MAX + sizeof "/" LAYER_TREE];

	snprintf(path, sizeof path, "%s/" LAYER_TREE, key);
	return sys_openat2(store->layers, path, O_RDONLY | O_DIRECTORY | O_CLOEXEC, 0,
			   RESOLVE_BENEATH | RESOLVE_NO_SYMLINKS | RESOLVE_NO_XDEV);
}

int store_layer_has_root(const struct store *store, const char *key, struct error *err)
{
	struct problems problems = { 0 };
	owned_string text = NULL;
	size_t length;
	char path[KEY_MAX + sizeof "/" LAYER_INFORMATION];

	snprintf(path, sizeof path, "%s/" LAYER_INFORMATION, key);
	if (read_file_at(store->layers, path, LAYER_INFORMATION_MAX, &text, &length, err))
		return error_prefix(err, "store %s", store->path);
	struct layer_information *information =
		table_parse(&layer_information_type, text, length, &problems);
	int root = information ? information->root : problems_to_error(&problems, path, err);
	table_free(&layer_information_type, information);
	problems_finish(&problems);
	return root;
}

/* ---- stacks ---- */

void store_stack_finish(struct store_stack *stack)
{
	for (size_t i = 0; i < stack->keys.n; i++)
		close_fd(stack->directories[i]);
	free(stack->directories);
	string_list_finish(&stack->keys);
	*stack = (struct store_stack){ .root = -1 };
}

static void take_out(struct store_stack *stack, size_t at)
{
	size_t behind = --stack->keys.n - at;

	free(stack->keys.v[at]);
	close_fd(stack->directories[at]);
	memmove(stack->keys.v + at, stack->keys.v + at + 1, behind * sizeof *stack->keys.v);
	memmove(stack->directories + at, stack->directories + at + 1,
		behind * sizeof *stack->directories);
	stack->keys.v[stack->keys.n] = NULL;
}

int store_stack_push(struct store_stack *stack, const char *key, int directory, struct error *err)
{
	owned_fd mine = directory;

	for (size_t i = 0; i < stack->keys.n; i++)
		if (strcmp(stack->keys.v[i], key) == 0) {
			take_out(stack, i);
			break;
		}
	int *directories = reallocarray(stack->directories, stack->keys.n + 1, sizeof *directories);
	if (!directories)
		return error_errno(err, ENOMEM, "store");
	stack->directories = directories;
	if (string_list_add(&stack->keys, key))
		return error_errno(err, ENOMEM, "store");
	directories[stack->keys.n - 1] = take_fd(&mine);
	return 0;
}

int store_stack_find_root(const struct store *store, struct store_stack *stack, struct error *err)
{
	stack->root = -1;
	for (size_t i = stack->keys.n; i-- > 0;) {
		int has_root = store_layer_has_root(store, stack->keys.v[i], err);
		if (has_root < 0)
			return -1;
		if (has_root) {
			stack->root = (int)i;
			return 0;
		}
	}
	return 0;
}

int store_stack_open(struct store *store, const struct string_list *keys, struct store_stack *ret,
		     struct error *err)
{
	*ret = (struct store_stack){ .root = -1 };
	for (size_t i = 0; i < keys->n; i++) {
		int directory = store_open_layer(store, keys->v[i]);
		if (directory >= 0) {
			if (store_stack_push(ret, keys->v[i], directory, err))
				return -1;
			continue;
		}
		int code = errno;
		error_errno(err, code, "store %s: layer %s", store->path, keys->v[i]);
		if (code == ENOENT)
			error_hint(err, "unpack the image again to bring it back");
		return -1;
	}
	return 0;
}
