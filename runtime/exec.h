/* A further process in a running container: the runtime's half. exec_child.h has the other. */
#pragma once

#include <stdbool.h>

#include "runtime/container.h"
#include "runtime/namespace.h"
#include "runtime/plan.h"

struct exec_request {
	const struct container *container;
	const struct config *config; /* the container's, with the further process as its process */
	struct plan_options options;
	const char *pid_file, *console_socket, *pidfd_socket; /* paths; NULL: none */
	const struct string_list *cgroups; /* --cgroup: [CONTROLLER,…:]PATH below the container's */
	bool foreground;		   /* keep the terminal's master for the caller */
	bool ignore_paused;
};

struct executed {
	struct init_process process; /* a child of the caller */
	int console;		     /* the terminal's master, or -1 */
};

/* Returns when the process has executed its program. On failure none is left, and the error says which
 * step failed. Warnings are logged. The container's lock is not needed. */
int container_exec(const struct exec_request *request, struct executed *ret, struct error *err);
void executed_finish(struct executed *executed);
