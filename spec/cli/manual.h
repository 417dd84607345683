/* The parts of a manual page that the verb table knows, as man(7) has them; the build puts them together
 * with a text by hand (man/ beside the program). */
#pragma once

#include <stdio.h>

#include "spec/cli/cli.h"

/* Title, NAME and SYNOPSIS, then OPTIONS; of the program when @verb is NULL, with COMMANDS before OPTIONS. */
void manual_print(const struct program *program, const struct verb *verb, FILE *to);
