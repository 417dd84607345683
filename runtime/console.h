/* The pseudoterminal of a container with process.terminal. pty(7), devpts. */
#pragma once

#include "spec/config.h"

struct console {
	int master, slave; /* close-on-exec; -1 when there is none */
};

/* Opens a pair in the devpts mounted at /dev/pts beneath @root and sets its size. Every step is by
 * descriptor: nothing is opened by the pty's name (CVE-2025-52565). */
int console_open(int root, const struct process *process, struct console *ret, struct error *err);

/* The slave becomes the container's /dev/console. */
int console_bind(int root, const struct console *console, struct error *err);

/* Makes the slave the controlling terminal of the calling session leader and its standard streams. */
int console_take(const struct console *console, struct error *err);
