/* SCMP_ACT_NOTIFY: the filter's notify descriptor goes to the seccomp agent. config-linux.md, The Container
 * Process State. */
#pragma once

#include "runtime/seccomp.h"
#include "spec/state.h"

/* Connects to linux.seccomp.listenerPath when @filter notifies; else *socket stays as it is. */
int seccomp_agent_connect(const struct seccomp_filter *filter, const struct linux_config *linux_,
			  int *socket, struct error *err);

/* Loads @filter and sends its notify descriptor over @socket, connected to linux.seccomp.listenerPath,
 * with @message (seccomp_listener_message). Once the filter is loaded any system call of the caller may
 * wait for the agent, so a thread that the filter does not bind does the sending. When sending fails,
 * the descriptor is closed and the error returned. */
int seccomp_load_and_send(const struct seccomp_filter *filter, int socket, const char *message,
			  struct error *err);

/* The JSON that the agent gets. @pid: the process that loads the filter, init or one of exec, as seen by the runtime. For the caller to free; NULL when memory is
 * out. */
char *seccomp_listener_message(const struct seccomp *seccomp, const struct state *state,
			       int64_t pid);
