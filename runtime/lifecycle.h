/* What happens to a container after create: start, kill, delete. runtime.md, Operations. */
#pragma once

#include "runtime/container.h"

/* Lets init execute the program and waits until it has, or has failed to: then the error is init's own. Runs
 * the poststart hooks; when one fails the container is stopped. */
int container_start(struct container *container, struct error *err);

/* Sends @signal to init; with @all to every process of the container. "container not running" when
 * it has stopped. */
int container_kill(struct container *container, int signal, bool all, struct error *err);

/* Removes a stopped container, or with @force any, with all its processes, control groups and state;
 * then runs the poststop hooks, whose failure is logged only. @container is closed afterwards. */
int container_delete(struct container *container, bool force, struct error *err);

/* The last thing that happens in a container's life; failures are logged and go no further. */
void container_run_poststop_hooks(const struct state *state);
