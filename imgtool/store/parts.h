/* What the files of the store share. For them alone. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "imgtool/image/digest.h"

struct store_stack;

struct store {
	char *path; /* absolute, without links */
	int directory, lock;
	int layers;   /* those that this process can use: see store.c */
	int locks;    /* one empty file per layer that is being extracted */
	int bundles;  /* references: see store_reference.h */
	bool initial; /* the process is in no user namespace */
};

#define STORE_LAYERS "layers"

/* "fs" is the layer; beside it LAYER_INFORMATION; while it is made also "work". */
#define LAYER_TREE "fs"
#define LAYER_INFORMATION "layer.json"

/* Behind a layer's name while it is made, under its lock; and while it is removed. */
#define LAYER_IN_THE_MAKING ".new"
#define LAYER_CONDEMNED ".dead"

#define KEY_MAX (DIGEST_MAX + 16)

/* What is known of a layer beside its files. */
struct layer_information {
	char *diff_id;
	bool root;	/* the layer says what the root directory is like */
	uint64_t bytes; /* of file data */
};
extern const struct type layer_information_type;

/* The names that a layer has in the store, see record.h: alone, and on those below it (@chain: the chain id up to it). */
void store_key_alone(const char *diff_id, char ret[KEY_MAX]);
void store_key_on_lower(const char *chain, char ret[KEY_MAX]);

/* The layer's directory, for reading. -1 with errno only: ENOENT. */
int store_open_layer(const struct store *store, const char *key);

/* Whether the layer says what the root directory is like: 1, 0, -1. */
int store_layer_has_root(const struct store *store, const char *key, struct error *err);

/* The right to make the layer: a descriptor that holds it, -1 with errno EWOULDBLOCK when another has it. */
int store_try_lock(const struct store *store, const char *key);

/* Appends to a stack, whose keys are unique: a layer that is there already moves to the top, where it hides all that
 * it has below. Takes @directory. */
int store_stack_push(struct store_stack *stack, const char *key, int directory, struct error *err);

/* Finds the topmost layer that has a root, for a stack that is complete. */
int store_stack_find_root(const struct store *store, struct store_stack *stack, struct error *err);
