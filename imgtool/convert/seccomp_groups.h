/* The system calls of the default filter, grouped by what they are for. Knows no filter. */
#pragma once

#include "spec/config.h"

struct seccomp_group {
	const char *names; /* with a blank between them */
	const char *with,
		*without; /* a capability that the container must have, or must not have */
	const char
		*architectures; /* in the profile's words, with a blank between them; NULL: all */
	const char *not_architectures;
	uint32_t fails_with; /* an errno; 0: the calls are allowed */
	bool has_argument;   /* only when @argument is so */
	struct seccomp_arg argument;
};

/* The last one has no names. */
extern const struct seccomp_group seccomp_groups[];
