/* Everything that a reference leads to, read and compared with its digests: indexes, manifests, configs, layers, of
 * all platforms. */
#pragma once

#include "imgtool/image/reference.h"
#include "spec/base/error.h"

struct verified_blob {
	const char *what;   /* "index", "manifest", "config", "layer" or "blob" */
	const char *digest; /* a docker-archive's layers have that of the plain tar alone */
	const struct error *problem; /* NULL: it is as it should be */
};

/* Calls @each for every blob, once for each digest; what is wrong with one does not hold up the others. Returns -1 when it
 * cannot go on. */
int image_verify(const struct reference *reference,
		 void (*each)(const struct verified_blob *, void *), void *context,
		 struct error *err);
