/* A layer while it is made: a directory under a temporary name, which only one process at a time may have, and which becomes
 * the layer when it is whole and on disk. Knows nothing of how it is filled. */
#pragma once

#include "imgtool/store/parts.h"

struct making {
	const struct store *store;
	const char *key;
	int lock;
	char name[KEY_MAX + sizeof LAYER_IN_THE_MAKING];
	int directory, tree; /* of @name, and of LAYER_TREE in it; -1: not open */
};

#define MAKING_BUSY 2

/* Takes the right to make the layer @key. 0: *present says whether it is there already, and making_end must follow;
 * MAKING_BUSY: another has the right; -1. */
int making_lock(struct making *making, const struct store *store, const char *key, bool *present,
		struct error *err);

/* An empty directory, in place of what a process that is gone has left. */
int making_begin(struct making *making, struct error *err);

/* What is in the store under the name @from, which is no layer, becomes the directory. 1, 0 when there is nothing, -1. */
int making_take(struct making *making, const char *from, struct error *err);

/* Gives the directory the name @as. */
int making_publish(struct making *making, const char *as, struct error *err);

/* Removes what was not published, and gives the right back. */
void making_end(struct making *making);
