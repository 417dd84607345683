/* Digests, "sha256:HEX" or "sha512:HEX", descriptor.md. libcrypto does the work. */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "spec/base/error.h"

#define DIGEST_MAX 136 /* "sha512:" and 128 digits, and the NUL */

/* Whether @text is a digest of an algorithm that we know, in lower case and of the right length: safe as a part
 * of a path. */
int digest_check(const char *text, struct error *err);

/* For digest_begin and digest_of: the algorithm of what we make ourselves. */
#define DIGEST_LIKE_SHA256 "sha256:0000000000000000000000000000000000000000000000000000000000000000"

struct digest; /* one in the making */
/* @like: "sha256:…" for its algorithm, which may stand alone. */
struct digest *digest_begin(const char *like, struct error *err);
void digest_add(struct digest *digest, const void *data, size_t length);
/* Frees @digest. */
void digest_end(struct digest *digest, char ret[DIGEST_MAX]);
void digest_drop(struct digest *digest); /* NULL allowed */

/* All at once. */
int digest_of(const char *like, const void *data, size_t length, char ret[DIGEST_MAX],
	      struct error *err);

/* The chain id of a layer on top of another, config.md: digest(@parent + " " + @diff_id). @parent NULL: @diff_id itself. */
int chain_id(const char *parent, const char *diff_id, char ret[DIGEST_MAX], struct error *err);
