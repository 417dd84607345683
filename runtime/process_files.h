/* How callers learn of the process that was made: --pid-file and --pidfd-socket. */
#pragma once

#include <sys/types.h>

#include "spec/base/error.h"

/* Writes digits and nothing else: callers take the whole file for the number. Replaces the file as a whole. @path NULL:
 * nothing to do. */
int pid_file_write(const char *path, pid_t pid, struct error *err);
void pid_file_remove(const char *path);

/* Sends @pidfd over the Unix socket at @path, with @text beside it: "standard" for a container's init, "setns"
 * for a process of exec, as runc's callers know them. @path NULL: nothing to do. */
int pidfd_socket_send(const char *path, int pidfd, const char *text, struct error *err);
