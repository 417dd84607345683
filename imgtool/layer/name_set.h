/* Which names were seen, as hashes under a key of the moment: eight bytes a name, however long names are.
 * Knows no file system. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "spec/base/error.h"

/* Random, so that nobody can prepare names that collide: of a million names two are the same hash once in
 * forty million runs. */
struct name_key {
	uint64_t k0, k1;
};

int name_key_make(struct name_key *ret, struct error *err);

/* SipHash-1-3 (Aumasson and Bernstein) of @name in the directory of that number. Never 0. */
uint64_t name_hash(const struct name_key *key, uint32_t directory, const char *name, size_t length);

/* Zeroes make an empty set. */
struct name_set {
	uint64_t *slots; /* owned; 0: free */
	size_t n, capacity;
};

int name_set_add(struct name_set *set, uint64_t hash, struct error *err);
bool name_set_has(const struct name_set *set, uint64_t hash);
void name_set_finish(struct name_set *set);
