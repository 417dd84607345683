/* What this host offers to containers, found out by trying, without leaving anything behind. */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "spec/base/text.h"

/* Adds to @detail what there is of it, or the reason why there is not, and returns whether there is. */
typedef bool probe_function(struct buffer *detail);

struct probe {
	const char *name; /* in the words of the kernel or of the specification */
	probe_function *run;
};

/* Each ends with a NULL name. */
extern const struct probe probes_of_kernel[];  /* system calls, namespaces, seccomp */
extern const struct probe probes_of_cgroups[]; /* hierarchies and controllers */
extern const struct probe probes_of_host[];    /* security modules, file systems, programs */
