/* Waiting for a process in the foreground, as `run`, `exec` and `restore` do without --detach. */
#pragma once

#include "runtime/namespace.h"

/* Forwards the terminal (@console -1: none) and signals until @process, a child of ours, has ended. Returns
 * its exit status, 128 + the signal's number when one ended it, or 1 with err when that cannot be found
 * out. Failures of the forwarding are logged. */
int foreground_attend(const struct init_process *process, int console, struct error *err);
