/* imgtool.json of a bundle: what was unpacked into it, and for an overlay bundle what is needed to mount it again.
 * Who reads it must take it for hostile: anyone with the bundle may have edited it. */
#pragma once

#include "imgtool/image/image.h"
#include "spec/table.h"

#define RECORD_NAME "imgtool.json"
#define RECORD_MAX (1u << 20) /* bytes */
#define RECORD_VERSION 1

/* In an overlay bundle: the writable layer and what the kernel needs beside it, and the bundle's link to its reference in the
 * store. */
#define RECORD_OVERLAY "overlay"
#define RECORD_UPPER "upper"
#define RECORD_WORK "work"
#define RECORD_LINK "reference"
#define RECORD_REFERENCE_LENGTH 32
/* Behind the chain id of a layer that was extracted on those below it. */
#define RECORD_ON_LOWER "-on-lower"
/* Behind the diff_id of a layer that has parents without an entry and waits for the layers below, to take what those are like
 * from there. */
#define RECORD_IMPLIED "-implied"

struct bundle_record {
	int64_t version; /* RECORD_VERSION */
	char *image;	 /* as the user named it, its path absolute; NULL: unknown */
	char *manifest_digest, *config_digest; /* manifest_digest NULL for a docker-archive */
	bool mapped; /* files have the owners of a user namespace with the user's subordinate ids */

	/* Of an overlay bundle only; @store NULL: the root file system is a plain directory. */
	char *store;		   /* absolute path */
	char *reference;	   /* the store's name for this bundle, 32 hexadecimal digits */
	struct string_list layers; /* their names in the store, the base first */
};
extern const struct type bundle_record_type;

/* Reads and checks the record of the bundle open at @bundle: the right version, digests that are digests, names that
 * are single components. No record: ENOENT, and the error says that this is no bundle of imgtool's. NULL on failure. */
struct bundle_record *record_read(int bundle, struct error *err);

/* Replaces it, mode 0644. */
int record_write(int bundle, const struct bundle_record *record, struct error *err);

/* A new record of a plain bundle of @image, which the user called @name ("oci:DIR:TAG"; relative paths are made absolute).
 * NULL on failure. */
struct bundle_record *record_of_image(const struct image *image, const char *name,
				      struct error *err);

/* Whether @text is a name that the store gives: to a bundle, to a layer. */
bool record_is_reference(const char *text);
bool record_is_layer(const char *text);

void record_free(struct bundle_record *record); /* NULL allowed */
