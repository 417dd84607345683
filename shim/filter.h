/* --filter of ps, as docker's: which containers are listed. Knows no file. */
#pragma once

#include "shim/record.h"

enum filter_key {
	FILTER_ANCESTOR,
	FILTER_EXITED,
	FILTER_HEALTH,
	FILTER_ID,
	FILTER_LABEL,
	FILTER_NAME,
	FILTER_STATUS,
	FILTER_KEYS
};

struct filter {
	struct string_list values[FILTER_KEYS];
};

/* Adds "key=value". EINVAL: no such key, or a value that the key cannot have. */
int filter_add(struct filter *filter, const char *text, struct error *err);
void filter_finish(struct filter *filter);

/* Whether the container passes: one value of every key that was given must fit, and every label. @image: what it
 * was made from, NULL when nobody knows. */
bool filter_passes(const struct filter *filter, const struct record *record, const char *image);
