/* Which containers there are below a state root. Reads names only, no container's state. */
#pragma once

#include "spec/base/error.h"
#include "spec/base/text.h"

/* Appends the ids of all containers below @root, a descriptor of the state root, in alphabetical
 * order. */
int container_ids(int root, struct string_list *ids, struct error *err);

/* Only those in which the extended regular expression @expression (regex(7)) matches somewhere, as crun
 * has it. None is no error. */
int container_ids_matching(int root, const char *expression, struct string_list *ids,
			   struct error *err);
