/* A layer in the making: names of the file system and whiteouts become the entries of its tar. Knows neither layout nor
 * image. */
#pragma once

#include "imgtool/base/progress.h"
#include "imgtool/pack/stream.h"

struct packer_options {
	bool recorded;	/* see pack_file_open */
	bool clamp;	/* no time of modification is later than */
	int64_t latest; /* seconds since 1970 */
};

struct packer;

/* Everything is borrowed. @item: of the layer, in @progress. */
struct packer *packer_open(struct pack_stream *stream, const struct packer_options *options,
			   struct progress *progress, size_t item, struct error *err);

/* Packs @name of @directory, "." for itself, as @path, "" for the root; a directory without what is in it. A socket is
 * left out with a notice. Errors name @path. */
int packer_add(struct packer *packer, int directory, const char *name, const char *path,
	       struct error *err);
/* A whiteout of @path, layer.md. */
int packer_remove(struct packer *packer, const char *path, struct error *err);

/* The directory open at @root and all below it, in the order of their paths. */
int packer_add_tree(struct packer *packer, int root, struct error *err);

/* Entries so far. */
uint64_t packer_count(const struct packer *packer);
void packer_close(struct packer *packer); /* NULL allowed */
