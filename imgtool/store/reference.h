/* The bundles that use the layers of a store: STORE/bundles/REFERENCE.json is written before a bundle is complete, and is
 * dead when the bundle is gone. As far as the file system allows BUNDLE/overlay/reference is the same file, so that a
 * bundle that was renamed still holds its layers. */
#pragma once

#include "imgtool/record.h"
#include "imgtool/store/parts.h"

/* What a reference says. */
struct store_reference {
	char *bundle; /* absolute path */
	struct string_list layers;
};

/* A new reference, on disk when this returns; its name in @ret. */
int store_reference_add(struct store *store, const char *bundle, const struct string_list *layers,
			char ret[RECORD_REFERENCE_LENGTH + 1], struct error *err);

/* Makes the link in @overlay, BUNDLE/overlay, in place of the one that is there. */
int store_reference_link(const struct store *store, const char *name, int overlay,
			 struct error *err);

/* NULL on failure; ENOENT. */
struct store_reference *store_reference_read(const struct store *store, const char *name,
					     struct error *err);
void store_reference_free(struct store_reference *reference); /* NULL allowed */

/* Removes it; absent is fine. */
int store_reference_remove(struct store *store, const char *name, struct error *err);

/* Whether a bundle holds it: 1, 0, -1. The bundle may be anywhere and hostile; in doubt it does. */
int store_reference_is_alive(const struct store *store, const char *name,
			     const struct store_reference *reference, struct error *err);

/* Whether the bundle that the reference means is at the path that it says, or may be: what cannot be read is not gone. */
bool store_reference_is_at(const struct store *store, const char *name,
			   const struct store_reference *reference);

/* The label of the bundle's mount in mountinfo. */
#define STORE_LABEL_MAX (RECORD_REFERENCE_LENGTH + 16)
void store_reference_label(const char *name, char ret[STORE_LABEL_MAX]);

/* Calls @each with the name of every reference, until it returns -1. */
int store_references(const struct store *store,
		     int (*each)(const char *name, void *context, struct error *err), void *context,
		     struct error *err);
