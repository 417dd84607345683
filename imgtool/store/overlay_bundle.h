/* Bundles whose root file system is an overlay: BUNDLE/overlay/upper and work are the container's own, the layers are in
 * a store, and BUNDLE/imgtool.json says which. Knows no config.json. */
#pragma once

#include "imgtool/base/progress.h"
#include "imgtool/image/image.h"
#include "imgtool/layer/layer.h"
#include "imgtool/record.h"
#include "imgtool/store/store.h"

/* Extracts what the store lacks, refers to it there, makes rootfs/, overlay/ and imgtool.json in the new bundle open at
 * @bundle, which will be at @path (absolute) when it is complete. @record: of the image (record_of_image); its store, reference
 * and layers are filled in. Returns the detached mount of the root file system, or -1. What it made in @bundle is the
 * caller's to remove; the reference in the store dies with it. */
int overlay_bundle_make(struct store *store, const struct image *image, int bundle,
			const char *path, struct bundle_record *record,
			const struct layer_options *options, struct progress *progress,
			struct error *err);

/* Attaches that mount to rootfs/, for all to see, when the bundle is at its place. */
int overlay_bundle_attach(struct store *store, int bundle, const struct bundle_record *record,
			  int mount, struct error *err);

/* What overlay_bundle_make left in the store, when the bundle does not come to be. */
void overlay_bundle_drop(struct store *store, const struct bundle_record *record);

/* Mounts the root file system of a complete bundle again. Nothing happens when it is mounted; a plain bundle is
 * EINVAL. EBUSY: a container that was started before it was unmounted still runs. */
int overlay_bundle_mount(const char *path, struct error *err);

/* Unmounts it; the writable layer stays. Nothing happens when it is not mounted. EBUSY: someone uses it. */
int overlay_bundle_unmount(const char *path, struct error *err);

/* The paths of all bundles that have their layers in the store (NULL: the default one). No store: ENOENT. For
 * string_list_finish, also on failure. */
int overlay_bundles(const char *store_path, struct string_list *ret, struct error *err);
