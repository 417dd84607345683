/* Platforms in Go's words, as image-index.md wants them: "linux/arm64/v8". Knows no image. */
#pragma once

#include "spec/base/error.h"
#include "spec/image.h"

/* The platform to choose from an index: os, architecture, variant (NULL: any). */
struct wanted_platform {
	const char *os, *architecture, *variant;
};

/* This machine's: "linux", "amd64". */
struct wanted_platform platform_of_host(void);

/* "os/arch[/variant]", cut in place. The kernel's names for architectures (x86_64) are taken too. */
int platform_parse(char *text, struct wanted_platform *ret, struct error *err);

/* How well @offered suits @wanted: 0 is not at all, and more is better. A processor runs what was built for an
 * earlier variant of it, never for a later one; of what is wanted without a variant, that without one is best. */
unsigned platform_score(const struct wanted_platform *wanted, const struct platform *offered);

/* "os/arch[/variant]" for the caller to free; NULL when memory is out. */
char *platform_text(const char *os, const char *architecture, const char *variant);
