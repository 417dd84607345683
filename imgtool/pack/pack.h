/* An image from a folder, or from what a bundle's container changed. */
#pragma once

#include "imgtool/base/progress.h"
#include "imgtool/image/digest.h"
#include "imgtool/image/image.h"
#include "imgtool/pack/config.h"

struct pack_options {
	const char *folder; /* a directory that becomes the root, or a bundle that imgtool made */
	const char *from;   /* the image below; NULL: the bundle's, or none */
	struct reference to;
	struct pack_settings settings;
	enum compression compression;
	int level;     /* see pack_stream_open */
	bool clamp;    /* no file's time of modification is later than settings.created */
	bool recorded; /* see pack_file_open */
	struct wanted_platform choice; /* which image below, of several */
	enum progress_style progress;
};

/* @digest: of the new image's manifest. On failure everything is as it was. */
int pack(const struct pack_options *options, char digest[DIGEST_MAX], struct error *err);

/* Whether @folder is a bundle that imgtool made: 1 or 0; -1 for one that others made, whose root file system is meant. *mapped:
 * see struct bundle_record. */
int pack_is_bundle(const char *folder, bool *mapped, struct error *err);
