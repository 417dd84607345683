#include "imgtool/store/overlay_bundle.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "imgtool/base/attributes.h"
#include "imgtool/base/mounts.h"
#include "imgtool/store/overlay.h"
#include "imgtool/store/reference.h"
#include "spec/base/owned.h"

#define ROOTFS "rootfs"

/* The directories of an overlay bundle. */
struct places {
	int overlay, upper, work;
};

static void places_finish(struct places *places)
{
	close_fd(places->work);
	close_fd(places->upper);
	close_fd(places->overlay);
}

static int open_directory(int parent, const char *name, struct error *err)
{
	int fd = openat(parent, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);

	return fd < 0 ? error_errno(err, errno, "open %s", name) : fd;
}

static int make_directory(int parent, const char *name, mode_t mode, struct error *err)
{
	if (mkdirat(parent, name, mode))
		return error_errno(err, errno, "mkdir %s", name);
	int fd = open_directory(parent, name, err);
	/* Whatever the umask is. */
	if (fd >= 0 && fchmod(fd, mode)) {
		error_errno(err, errno, "chmod %s", name);
		close_fd(fd);
		return -1;
	}
	return fd;
}

/* Both only for places_finish, also on failure. */
static int make_places(int bundle, struct places *ret, struct error *err)
{
	*ret = (struct places){ -1, -1, -1 };
	owned_fd rootfs = make_directory(bundle, ROOTFS, 0755, err);
	if (rootfs < 0)
		return -1;
	/* What containers wrote is for nobody else's eyes, whatever the modes inside. */
	ret->overlay = make_directory(bundle, RECORD_OVERLAY, 0700, err);
	ret->upper = ret->overlay < 0 ? -1 : make_directory(ret->overlay, RECORD_UPPER, 0755, err);
	ret->work = ret->upper < 0 ? -1 : make_directory(ret->overlay, RECORD_WORK, 0700, err);
	return ret->work < 0 ? -1 : 0;
}

static int open_places(int bundle, struct places *ret, struct error *err)
{
	*ret = (struct places){ -1, -1, -1 };
	ret->overlay = open_directory(bundle, RECORD_OVERLAY, err);
	ret->upper = ret->overlay < 0 ? -1 : open_directory(ret->overlay, RECORD_UPPER, err);
	ret->work = ret->upper < 0 ? -1 : open_directory(ret->overlay, RECORD_WORK, err);
	return ret->work < 0 ? -1 : 0;
}

/* The upper directory shadows those of the layers, so it has to look like the topmost one that a layer described. */
static int copy_root(const struct store_stack *stack, int upper, struct error *err)
{
	if (stack->root < 0) /* as in a plain bundle */
		return futimens(upper, (const struct timespec[2]){ 0 })
			       ? error_errno(err, errno, "root directory")
			       : 0;
	return attributes_copy(stack->directories[stack->root], upper, err)
		       ? error_prefix(err, "root directory")
		       : 0;
}

static int mount_stack(const struct store_stack *stack, const struct places *places,
		       const char *reference, bool user_xattrs, struct error *err)
{
	char label[STORE_LABEL_MAX];
	const struct overlay overlay = { .lower = stack->directories,
					 .n_lower = stack->keys.n,
					 .upper = places->upper,
					 .work = places->work,
					 .user_xattrs = user_xattrs,
					 .label = label };

	store_reference_label(reference, label);
	int mount = overlay_mount(&overlay, err);
	if (mount < 0 && err && err->code == EPERM)
		error_hint(err, "mounting needs root, or root of a user namespace as in "
				"\"podman unshare\"");
	return mount;
}

static int refer(struct store *store, const struct store_stack *stack, const char *path,
		 struct bundle_record *record, struct error *err)
{
	char reference[RECORD_REFERENCE_LENGTH + 1];

	if (store_reference_add(store, path, &stack->keys, reference, err))
		return -1;
	free(record->store);
	free(record->reference);
	string_list_finish(&record->layers);
	record->store = strdup(store->path);
	record->reference = strdup(reference);
	int failed = !record->store || !record->reference;
	for (size_t i = 0; i < stack->keys.n; i++)
		failed |= string_list_add(&record->layers, stack->keys.v[i]);
	return failed ? error_errno(err, ENOMEM, RECORD_NAME) : 0;
}

int overlay_bundle_make(struct store *store, const struct image *image, int bundle,
			const char *path, struct bundle_record *record,
			const struct layer_options *options, struct progress *progress,
			struct error *err)
{
	struct store_stack stack = { .root = -1 };
	struct places places = { -1, -1, -1 };
	int mount = -1;

	if (store_extract(store, image, options, progress, &stack, err) == 0 &&
	    make_places(bundle, &places, err) == 0 && copy_root(&stack, places.upper, err) == 0 &&
	    refer(store, &stack, path, record, err) == 0 && record_write(bundle, record, err) == 0)
		mount = mount_stack(&stack, &places, record->reference, options->tree.user_xattrs,
				    err);
	places_finish(&places);
	store_stack_finish(&stack);
	return mount;
}

void overlay_bundle_drop(struct store *store, const struct bundle_record *record)
{
	if (record->reference)
		(void)store_reference_remove(store, record->reference, NULL);
}

int overlay_bundle_attach(struct store *store, int bundle, const struct bundle_record *record,
			  int mount, struct error *err)
{
	owned_fd overlay = open_directory(bundle, RECORD_OVERLAY, err);

	/* Not before: a bundle that was not finished shall hold no layers. */
	if (overlay < 0 || store_reference_link(store, record->reference, overlay, err))
		return -1;
	return overlay_attach(mount, bundle, ROOTFS, err);
}

/* ---- bundles that are complete ---- */

/* A bundle with its record. */
struct opened {
	char path[PATH_MAX]; /* absolute */
	int bundle;
	struct bundle_record *record;
};

static void opened_finish(struct opened *opened)
{
	record_free(opened->record);
	close_fd(opened->bundle);
}

/* For opened_finish, also on failure. */
static int open_bundle(const char *path, struct opened *ret, struct error *err)
{
	*ret = (struct opened){ .bundle = -1 };
	if (!realpath(path, ret->path))
		return error_errno(err, errno, "open");
	ret->bundle = open(ret->path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (ret->bundle < 0)
		return error_errno(err, errno, "open");
	ret->record = record_read(ret->bundle, err);
	if (!ret->record)
		return -1;
	if (!ret->record->store)
		return error_set(err, EINVAL, "its root file system is a plain directory");
	return 0;
}

/* The bundle may have been moved or copied, or its reference lost: it gets one for the place where it is now. That of the
 * place where it was is the other copy's, or dead. */
static int claim(struct opened *opened, struct store *store, const struct store_stack *stack,
		 struct error *err)
{
	struct store_reference *reference =
		store_reference_read(store, opened->record->reference, NULL);
	bool is_ours = reference && strcmp(reference->bundle, opened->path) == 0 &&
		       reference->layers.n == stack->keys.n;

	for (size_t i = 0; is_ours && i < stack->keys.n; i++)
		is_ours = strcmp(reference->layers.v[i], stack->keys.v[i]) == 0;
	store_reference_free(reference);
	if (is_ours)
		return 0;
	if (refer(store, stack, opened->path, opened->record, err))
		return -1;
	return record_write(opened->bundle, opened->record, err);
}

static int mount_opened(struct opened *opened, struct error *err)
{
	struct store_stack stack = { .root = -1 };
	struct places places = { -1, -1, -1 };
	owned_fd mount = -1;
	struct store *store = store_open(opened->record->store, STORE_TO_USE, err);

	if (store && store_stack_open(store, &opened->record->layers, &stack, err) == 0 &&
	    open_places(opened->bundle, &places, err) == 0 &&
	    claim(opened, store, &stack, err) == 0)
		mount = mount_stack(&stack, &places, opened->record->reference, !store->initial,
				    err);
	int result = mount < 0 ? -1
			       : overlay_bundle_attach(store, opened->bundle, opened->record, mount,
						       err);
	places_finish(&places);
	store_stack_finish(&stack);
	store_close(store);
	return result;
}

/* Its mount is there twice: here, and in the container. */
static int check_unused(const struct opened *opened, struct error *err)
{
	char label[STORE_LABEL_MAX];

	store_reference_label(opened->record->reference, label);
	pid_t pid = mounts_find_container(label);
	if (!pid)
		return 0;
	error_set(err, EBUSY, "process %d runs in it", (int)pid);
	return error_hint(err, "stop the container first");
}

static int mount_unless_mounted(struct opened *opened, struct error *err)
{
	int mounted = overlay_is_mounted(opened->bundle, ROOTFS, err);

	if (mounted)
		return mounted < 0 ? -1 : 0;
	/* The kernel leaves it undefined what two mounts with one upper directory do. */
	return check_unused(opened, err) || mount_opened(opened, err) ? -1 : 0;
}

static int unmount_if_mounted(struct opened *opened, struct error *err)
{
	int mounted = overlay_is_mounted(opened->bundle, ROOTFS, err);

	if (mounted < 0 || check_unused(opened, err))
		return -1;
	return mounted ? overlay_detach(opened->bundle, ROOTFS, err) : 0;
}

static int with_bundle(const char *path, int (*act)(struct opened *, struct error *),
		       struct error *err)
{
	struct opened opened;
	int result = open_bundle(path, &opened, err) || act(&opened, err) ? -1 : 0;

	if (result)
		error_prefix(err, "bundle %s", path);
	opened_finish(&opened);
	return result;
}

int overlay_bundle_mount(const char *path, struct error *err)
{
	return with_bundle(path, mount_unless_mounted, err);
}

int overlay_bundle_unmount(const char *path, struct error *err)
{
	return with_bundle(path, unmount_if_mounted, err);
}

/* ---- all of a store ---- */

struct listing {
	struct store *store;
	struct string_list paths;
};

static int list_one(const char *name, void *context, struct error *err)
{
	struct listing *listing = context;
	struct store_reference *reference = store_reference_read(listing->store, name, err);

	if (!reference)
		return -1;
	/* One that was moved is where nobody knows, until it is mounted there by its name. */
	int failed = store_reference_is_at(listing->store, name, reference) &&
		     string_list_add(&listing->paths, reference->bundle);
	store_reference_free(reference);
	return failed ? error_errno(err, ENOMEM, "store") : 0;
}

int overlay_bundles(const char *store_path, struct string_list *ret, struct error *err)
{
	struct listing listing = { .store = store_open(store_path, STORE_TO_USE, err) };

	*ret = (struct string_list){ 0 };
	if (!listing.store)
		return -1;
	int result = store_references(listing.store, list_one, &listing, err);
	*ret = listing.paths;
	store_close(listing.store);
	return result;
}
