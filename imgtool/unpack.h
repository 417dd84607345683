/* An image as a bundle: its layers become the root file system, its configuration config.json. All of it or nothing. */
#pragma once

#include "imgtool/base/progress.h"
#include "imgtool/convert/run_options.h"
#include "imgtool/image/platform.h"
#include "imgtool/layer/layer.h"

/* Most files and directories of a layer. */
#define UNPACK_ENTRIES_MAX (4u << 20)

struct unpack_options {
	const char *image, *bundle; /* as the user names them */
	struct wanted_platform platform;
	struct run_options run;
	bool rootfs_only; /* no config.json */
	struct tree_options tree;
	bool mapped;	   /* we are in a user namespace that has the user's subordinate ids */
	bool overlay;	   /* the layers are in the store, and rootfs is a mount of them */
	const char *store; /* NULL: the default */
	uint64_t max_size; /* bytes of a layer that are not compressed, and of all files together */
	enum progress_style progress;
};

/* Makes the bundle, which is absent or an empty directory before. On failure nothing is left. */
int unpack(const struct unpack_options *options, struct error *err);
