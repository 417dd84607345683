/* A sequence of named steps, read from top to bottom: what orun does when it makes a container, and
 * what it takes back, in reverse, when a step fails. */
#pragma once

#include <stddef.h>

#include "spec/base/error.h"

struct step {
	const char *name;
	int (*run)(void *context, struct error *err);
	/* Takes back what run did. Also called for the step that failed, which may have done half. NULL:
	 * nothing to take back. */
	void (*undo)(void *context);
};

/* Runs @n steps. The error of a failed one gets "SEQUENCE: STEP: " before it; then its undo and those
 * of the steps before it run, last first. */
int steps_run(const char *sequence, const struct step *steps, size_t n, void *context,
	      struct error *err);

/* Called before each step. The one in orun does nothing; the one in tests/fault.c, linked in its
 * place into orun-fault, lets a test end the process or fail the step here. */
int step_reached(const char *sequence, const char *step, struct error *err);
