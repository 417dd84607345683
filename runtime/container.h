/* The record of a container below the state root (/run/orun): its directory, lock, state and
 * start socket. Everything here survives the death of the process that wrote it.
 *
 *   ROOT/ID/            0700, flock(2)ed by whichever orun works on the container
 *   ROOT/ID/state.json  struct state, replaced by rename(2)
 *   ROOT/ID/config.json what the container was made from: the bundle's may change (runtime.md, Lifecycle)
 *   ROOT/ID/start.sock  init waits here for `start`, and tells here why execve failed
 *   ROOT/ID/created     flock(2)ed by init until execve(2): the kernel's own word on "created" */
#pragma once

#include <stdbool.h>
#include <sys/types.h>

#include "spec/state.h"

struct container {
	const char *id;	     /* borrowed */
	int root;	     /* the state root */
	int directory;	     /* ROOT/ID */
	bool locked;	     /* directory holds the lock: nobody else works on the container */
	struct state *state; /* owned; NULL while nothing was written */
};

/* Letters, digits and "_+-.", no "." or "..", at most 239 bytes (a file's name). */
int container_check_id(const char *id, struct error *err);

/* Opens the state root, made where missing. NULL: the default, /run/orun or for others than root, and for root of
 * a user namespace unless $USER is root, $XDG_RUNTIME_DIR/orun. */
int container_open_root(const char *root, struct error *err);

/* Makes ROOT/ID and takes its lock. When it is there already: EEXIST, "container with given ID
 * already exists". Of any number of callers exactly one wins. */
int container_claim(int root, const char *id, struct container *ret, struct error *err);

/* Takes the lock of an existing container and reads its state; waits for the lock. "container … does
 * not exist" (ENOENT) when there is none. A directory without a state, left by a killed create, gives a container whose
 * state is NULL when @allow_unfinished, else an error with a hint. */
int container_open(int root, const char *id, bool allow_unfinished, struct container *ret,
		   struct error *err);
/* The same without the lock: for reading only. */
int container_peek(int root, const char *id, struct container *ret, struct error *err);

int container_save(const struct container *container, struct error *err);

/* Keeps a copy of the configuration that the container is made from, before the first container_save. */
int container_keep_config(const struct container *container, const char *text, size_t length,
			  struct error *err);
/* That configuration, for the caller to config_free; NULL on failure. */
struct config *container_config(const struct container *container, struct error *err);

/* Removes ROOT/ID with everything in it. */
int container_remove(struct container *container, struct error *err);

void container_close(struct container *container);

/* A pidfd of the container's init, or -1 when it has gone (errno ESRCH) or the pid is another process's
 * now. */
int container_pidfd(const struct container *container);

enum container_status container_status(const struct container *container);

/* Field 22 of /proc/PID/stat (clock ticks), 0 when there is no such process or it is a zombie. */
uint64_t process_start_time(pid_t pid);

/* The state as hooks and `state` see it, one line of JSON or with @indent. @status and @pid override what is
 * recorded. For the caller to free; NULL when memory is out. @owner: a user name or "". */
char *container_view(const struct state *state, enum container_status status, int64_t pid,
		     const char *owner, int indent);
