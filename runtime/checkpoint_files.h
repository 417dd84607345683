/* The directories of a checkpoint and what orun itself keeps in them. A checkpoint may come from
 * anywhere: what is in it is checked before it is believed. Knows no container and no CRIU. */
#pragma once

#include <stdbool.h>

#include "spec/base/error.h"
#include "spec/base/text.h"

/* Standard streams, whose other ends are not in the checkpoint. */
#define CHECKPOINT_STREAMS 3

struct checkpoint_directories {
	int images; /* holds the images and descriptors.json */
	int work;   /* holds the log and other by-products; may be the same directory */
	const char *images_path, *work_path; /* borrowed: for messages */
};

/* @images_path NULL or "": `checkpoint` below the working directory. @work_path NULL or "": the images'
 * directory. The work directory is made (0700) where missing, the images' only when @make_images.
 * Directories that everybody may write to are refused; one that another user owns is warned of. */
int checkpoint_directories_open(const char *images_path, const char *work_path, bool make_images,
				struct checkpoint_directories *ret, struct error *err);
void checkpoint_directories_close(struct checkpoint_directories *directories);

/* A --parent-path: relative, and from the images' directory the way to another. */
int checkpoint_check_parent(const struct checkpoint_directories *directories, const char *path,
			    struct error *err);

/* descriptors.json: a list of names, one for each standard stream, as runc and crun write it: "pipe:[7]" for one
 * that can be put back in place, and "file[MOUNT:INODE]", in CRIU's words; others say nothing. */
int checkpoint_write_descriptors(int images, const struct string_list *names, struct error *err);

/* Reads it: at most CHECKPOINT_STREAMS strings. Names of no stream that can be put back are "". */
int checkpoint_read_descriptors(int images, struct string_list *names, struct error *err);

/* Adds where the log @name is to *err, and the last error in it. Returns -1. */
int checkpoint_quote_log(const struct checkpoint_directories *directories, const char *name,
			 struct error *err);
