/* The container's first process, from clone3 to execve. See sync.h for what it says to the runtime. */
#pragma once

#include "runtime/init_context.h"

/* Runs in the child; never returns. Until RELEASE errors go to the runtime over sync, after it to
 * `start` over its connection. */
_Noreturn void container_init(struct init *init);
