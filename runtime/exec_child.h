/* The process of exec, from clone3 to execve. */
#pragma once

#include "runtime/init_context.h"

/* Runs in the child; never returns. Errors go to the runtime over sync. @container: pidfd of the container's
 * init; @root: its root directory, for a container without a mount namespace of its own, else -1. */
struct exec_child {
	struct init init;
	int container;
	int root;
	bool attached; /* the runtime has us moved into the group; its GO says that it is done */
};
_Noreturn void exec_child(struct exec_child *child);
