/* Which process a number stands for: whether a recorded init is still that process, on this boot, and how long it
 * has run. Signals nobody. */
#pragma once

#include <sys/types.h>

#include "shim/record.h"

/* What the process @pid is now. ret->boot_id is the caller's to free. ESRCH: there is none (a zombie is one: its
 * exit status is still to be had). */
int identity_read(pid_t pid, struct process_identity *ret, struct error *err);

/* A pidfd of the recorded process, or -1 with errno: ESRCH when it is gone, or the number is another process's now
 * or was of another boot. NULL is nobody. */
int identity_open(const struct process_identity *identity);

/* Nanoseconds since it was started, on a clock that nobody sets and that runs through a suspend; 0 when it was of
 * another boot. Works after its end too. Exact to a clock tick. */
int64_t identity_age(const struct process_identity *identity);
