/* Filters of system calls for a container: the one that Docker has for every container, and those that a file holds. What they
 * allow depends on the machine's architecture and on the container's capabilities. */
#pragma once

#include "spec/config.h"

struct seccomp_for {
	const char *architecture;		/* in Go's words, "amd64" */
	const struct string_list *capabilities; /* of the bounding set */
};

/* Each returns a filter for table_free(&seccomp_type, …), NULL on failure. */

/* In effect Docker's default. */
struct seccomp *seccomp_default(const struct seccomp_for *container, struct error *err);

/* A file in Docker's format (archMap, includes, excludes) or as linux.seccomp of config.json. */
struct seccomp *seccomp_load(const char *path, const struct seccomp_for *container,
			     struct error *err);
