/* Capability sets as bit masks. capabilities(7). */
#pragma once

#include <stdint.h>

#include "spec/config.h"

struct caps {
	uint64_t bounding, effective, permitted, inheritable,
		ambient; /* bit n: capability number n */
};

/* Resolves names ("CAP_CHOWN", any case). Unknown names, and capabilities that are not in @grantable,
 * are left out and one text each is added to @warnings: config.md wants a warning, not a failure.
 * What the kernel
 * would refuse is dropped with a warning too: effective ones that are not permitted, inheritable ones
 * that are not in bounding, ambient ones that are not permitted and inheritable. NULL @from gives empty
 * sets. */
int caps_resolve(const struct capabilities *from, uint64_t grantable, struct caps *ret,
		 struct string_list *warnings, struct error *err);

/* Appends the names that caps_resolve knows, in the order of their numbers, whether or not this kernel has
 * them. -1: memory is out. */
int caps_names(struct string_list *names);

/* What this process can hand on: what is both in its bounding set and in its permitted set. A new user namespace grants
 * everything the kernel knows: caps_all(). */
uint64_t caps_grantable(void);
uint64_t caps_all(void);

/* The three steps of taking them on. Bounding needs CAP_SETPCAP, so it is first. */
int caps_limit_bounding(const struct caps *caps, struct error *err);
/* Sets permitted, inheritable and ambient, keeping what the process has of @also (a mask)
 * permitted and effective for a while. */
int caps_set_keeping(const struct caps *caps, uint64_t also, struct error *err);
/* The last word, one capset(2): exactly @caps. */
int caps_set(const struct caps *caps, struct error *err);
