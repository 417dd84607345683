#include "imgtool/store/making.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include "imgtool/base/discard.h"
#include "spec/base/owned.h"

int making_lock(struct making *making, const struct store *store, const char *key, bool *present,
		struct error *err)
{
	*making = (struct making){ .store = store, .key = key, .directory = -1, .tree = -1 };
	snprintf(making->name, sizeof making->name, "%s" LAYER_IN_THE_MAKING, key);
	making->lock = store_try_lock(store, key);
	if (making->lock < 0)
		return errno == EWOULDBLOCK ? MAKING_BUSY : error_errno(err, errno, "lock %s", key);
	/* Only under the lock is the answer for good. */
	owned_fd there = store_open_layer(store, key);
	*present = there >= 0;
	if (there >= 0 || errno == ENOENT)
		return 0;
	error_errno(err, errno, "open %s", key);
	close_fd(making->lock);
	return -1;
}

static int open_both(struct making *making, struct error *err)
{
	const int flags = O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC;

	making->directory = openat(making->store->layers, making->name, flags);
	if (making->directory < 0)
		return error_errno(err, errno, "open %s", making->name);
	making->tree = openat(making->directory, LAYER_TREE, flags);
	if (making->tree < 0)
		return error_errno(err, errno, "open %s/" LAYER_TREE, making->name);
	return 0;
}

static void close_both(struct making *making)
{
	close_fd(take_fd(&making->tree));
	close_fd(take_fd(&making->directory));
}

int making_begin(struct making *making, struct error *err)
{
	int layers = making->store->layers;
	char tree[sizeof making->name + sizeof "/" LAYER_TREE];

	close_both(making);
	snprintf(tree, sizeof tree, "%s/" LAYER_TREE, making->name);
	if (discard(layers, making->name, NULL, err))
		return -1;
	if (mkdirat(layers, making->name, 0700) || mkdirat(layers, tree, 0755))
		return error_errno(err, errno, "mkdir %s", tree);
	if (open_both(making, err))
		return -1;
	/* Whatever the umask is. */
	return fchmod(making->tree, 0755) ? error_errno(err, errno, "chmod %s", tree) : 0;
}

int making_take(struct making *making, const char *from, struct error *err)
{
	int layers = making->store->layers;

	close_both(making);
	if (discard(layers, making->name, NULL, err))
		return -1;
	if (renameat(layers, from, layers, making->name))
		return errno == ENOENT ? 0 : error_errno(err, errno, "rename %s", from);
	return open_both(making, err) ? -1 : 1;
}

int making_publish(struct making *making, const char *as, struct error *err)
{
	int layers = making->store->layers;

	/* The order that survives a loss of power: first what is in it, then its name. */
	if (syncfs(making->tree))
		return error_errno(err, errno, "sync %s", making->name);
	if (renameat(layers, making->name, layers, as))
		return error_errno(err, errno, "rename %s", making->name);
	close_both(making);
	return fsync(layers) ? error_errno(err, errno, "sync the directory of layers") : 0;
}

void making_end(struct making *making)
{
	/* What cannot be removed now is removed by whoever makes the layer next, or by gc. */
	if (making->directory >= 0) {
		close_both(making);
		(void)discard(making->store->layers, making->name, NULL, NULL);
	}
	close_fd(making->lock);
}
