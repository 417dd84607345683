/* What the runtime (parent) and the container's init (child) say to each other while a container is
 * created, over one SOCK_SEQPACKET pair. The child never words an error for the user: it sends the
 * struct error it got and exits.
 *
 *   parent                                   child
 *     clone3 ─────────────────────────────────►
 *     id maps, cgroup
 *     GO ─────────────────────────────────────► root of its namespaces: mounts, devices, …
 *     prestart and createRuntime hooks  ◄────── HOOKS
 *     HOOKS_DONE ─────────────────────────────► createContainer hooks, pivot_root, ids, capabilities
 *     rlimits, state `created`  ◄────────────── READY
 *     RELEASE ────────────────────────────────► waits at the start socket
 *
 * exec has the same protocol without GO and HOOKS; there the stream ends with execve(2), and an ERROR
 * may still come after RELEASE.
 *
 * HOOKS is left out when there are no such hooks. ERROR may come in place of any message of the child.
 * The end of the stream means that the other side has died: the child then exits, so a killed runtime
 * leaves no process that nobody has recorded. */
#pragma once

#include "spec/base/error.h"

enum sync_type { SYNC_GO, SYNC_HOOKS, SYNC_HOOKS_DONE, SYNC_READY, SYNC_RELEASE, SYNC_ERROR };

/* Both ends close-on-exec. */
int sync_open(int *parent, int *child, struct error *err);

/* When the other side has ended with an ERROR, *err is that error. */
int sync_send(int socket, enum sync_type type, struct error *err);

/* Waits for the end of the stream: close-on-exec ends it when the child executes its program. An ERROR that comes
 * instead becomes *err. */
int sync_expect_end(int socket, struct error *err);

/* The last thing a failed child says. Best effort: a parent that is gone needs no answer. */
void sync_send_error(int socket, const struct error *error);

/* Waits for @expected. An ERROR from the other side becomes *err as it is; anything else, and the end
 * of the stream, is an error too (EPIPE when the other side has died). */
int sync_expect(int socket, enum sync_type expected, struct error *err);
