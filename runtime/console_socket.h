/* Where the terminal of a process goes: the caller's --console-socket, or the runtime itself when it
 * stays in the foreground. Knows nothing of the terminal. */
#pragma once

#include <stdbool.h>

#include "spec/config.h"

struct console_socket {
	int sender;   /* for the child: takes the terminal's master; -1: there is no terminal */
	int receiver; /* foreground: where we get it; else -1 */
};

/* @path: --console-socket or NULL. A terminal without a receiver, or the other way round, is refused. @process may be
 * NULL. */
int console_socket_open(const struct process *process, const char *path, bool foreground,
			struct console_socket *ret, struct error *err);
