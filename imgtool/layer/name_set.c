/* Sets of names: see name_set.h. */
#include "imgtool/layer/name_set.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

#define FIRST_CAPACITY 1024 /* a power of two, as all that follow */

int name_key_make(struct name_key *ret, struct error *err)
{
	/* At most 256 bytes come whole once the kernel's generator is up: getrandom(2). */
	if (getrandom(ret, sizeof *ret, 0) != (ssize_t)sizeof *ret)
		return error_errno(err, errno, "random key");
	return 0;
}

static inline uint64_t rotate(uint64_t value, unsigned bits)
{
	return value << bits | value >> (64 - bits);
}

static inline void sip_round(uint64_t v[4])
{
	v[0] += v[1];
	v[2] += v[3];
	v[1] = rotate(v[1], 13) ^ v[0];
	v[3] = rotate(v[3], 16) ^ v[2];
	v[0] = rotate(v[0], 32);
	v[2] += v[1];
	v[0] += v[3];
	v[1] = rotate(v[1], 17) ^ v[2];
	v[3] = rotate(v[3], 21) ^ v[0];
	v[2] = rotate(v[2], 32);
}

static inline void sip_word(uint64_t v[4], uint64_t word)
{
	v[3] ^= word;
	sip_round(v);
	v[0] ^= word;
}

uint64_t name_hash(const struct name_key *key, uint32_t directory, const char *name, size_t length)
{
	uint64_t v[4] = { key->k0 ^ 0x736f6d6570736575, key->k1 ^ 0x646f72616e646f6d,
			  key->k0 ^ 0x6c7967656e657261, key->k1 ^ 0x7465646279746573 };
	uint64_t word;
	size_t left = length;

	sip_word(v, directory);
	for (; left >= sizeof word; left -= sizeof word, name += sizeof word) {
		memcpy(&word, name, sizeof word);
		sip_word(v, word);
	}
	word = 0;
	memcpy(&word, name, left);
	sip_word(v, word | (uint64_t)(sizeof word + length) << 56);
	v[2] ^= 0xff;
	for (int i = 0; i < 3; i++)
		sip_round(v);
	uint64_t hash = v[0] ^ v[1] ^ v[2] ^ v[3];
	return hash ? hash : 1;
}

static size_t slot_of(const struct name_set *set, uint64_t hash)
{
	size_t at = hash & (set->capacity - 1);

	while (set->slots[at] && set->slots[at] != hash)
		at = (at + 1) & (set->capacity - 1);
	return at;
}

static int grow(struct name_set *set, struct error *err)
{
	struct name_set larger = { .capacity = set->capacity ? 2 * set->capacity : FIRST_CAPACITY };

	larger.slots = calloc(larger.capacity, sizeof *larger.slots);
	if (!larger.slots)
		return error_errno(err, ENOMEM, "names of the layer");
	for (size_t i = 0; i < set->capacity; i++)
		if (set->slots[i])
			larger.slots[slot_of(&larger, set->slots[i])] = set->slots[i];
	larger.n = set->n;
	free(set->slots);
	*set = larger;
	return 0;
}

int name_set_add(struct name_set *set, uint64_t hash, struct error *err)
{
	if (set->n >= set->capacity / 4 * 3 && grow(set, err))
		return -1;
	size_t at = slot_of(set, hash);
	if (!set->slots[at]) {
		set->slots[at] = hash;
		set->n++;
	}
	return 0;
}

bool name_set_has(const struct name_set *set, uint64_t hash)
{
	return set->n && set->slots[slot_of(set, hash)];
}

void name_set_finish(struct name_set *set)
{
	free(set->slots);
	*set = (struct name_set){ 0 };
}
