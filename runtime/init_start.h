/* The last part of the container's first process: from `start` to execve. */
#pragma once

#include "runtime/hooks.h"
#include "runtime/init_context.h"

/* Waits at the start socket, then drops every privilege and executes the program. Errors go to `start`
 * over its connection. */
_Noreturn void init_start(struct init *init);

/* Runs hooks in the container, whose state names the process as the container sees it. @cwd as hooks_run. */
int init_run_hooks(struct init *init, const char *kind, const struct hook_list *hooks,
		   enum container_status status, const char *cwd, struct error *err);
