/* systemd's socket activation, sd_listen_fds(3): LISTEN_FDS descriptors from 3 on are meant for us and so
 * for the process we make. */
#pragma once

#include "spec/config.h"

/* How many the caller's environment announces, to us by LISTEN_PID or, as crun has it, to whom it may concern. */
unsigned socket_activation_count(void);

/* Announces @n of them in the environment of @process (NULL allowed). */
int socket_activation_announce(struct process *process, unsigned n, struct error *err);
