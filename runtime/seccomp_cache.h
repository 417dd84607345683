/* Compiled seccomp filters on disk, found again by what they were made from. Knows BPF only as
 * numbers, and nothing of profiles. */
#pragma once

#include <linux/filter.h>
#include <stddef.h>

#include "spec/base/text.h"

/* At most so many filters are kept; the oldest go first. */
#define SECCOMP_CACHE_FILES 64

/* The directory of the filters in the state root @root, made where missing: 0700, under a name that no
 * container can have. -1 where that is not possible: then each start compiles. */
int seccomp_cache_open(int root);

/* Returns the number of instructions, and in *ret a copy for the caller to free; 0 when there is no
 * usable filter made from exactly @key. Whatever is odd about a file makes it unusable: another owner, write
 * permission for others, a symlink, wrong lengths, a wrong checksum, another key with the same hash. */
size_t seccomp_cache_load(int dirfd, const struct buffer *key, struct sock_filter **ret);

/* Best effort: without room or permission the next start compiles again. */
void seccomp_cache_save(int dirfd, const struct buffer *key, const struct sock_filter *instructions,
			size_t n);
