/* What the container's first process is given, and what it keeps for itself from step to step. */
#pragma once

#include <stdbool.h>
#include <sys/types.h>

#include "runtime/console.h"
#include "runtime/plan.h"
#include "spec/state.h"

/* Everything the child needs, prepared by the parent before the clone: descriptors and what they are
 * for. -1 where there is none. All are close-on-exec. */
struct init {
	const struct plan *plan;
	const struct plan_options *options;
	const struct state *state; /* for hooks in the container */
	int sync;		   /* the child's end */
	int record;	    /* the container's directory, whose lock the child must not keep */
	int root;	    /* rootfs_open */
	int *sources;	    /* mount_sources_open */
	int start_socket;   /* listening; after start the connection to it */
	int created_lock;   /* held until execve: state `created` */
	int procfs;	    /* the host's /proc */
	int console_socket; /* receives the terminal's master */
	int handler;	    /* handler_open */
	int seccomp_agent;  /* connected to linux.seccomp.listenerPath */
	struct cgroup_entries *entries;
	mode_t caller_umask; /* for a process.user without umask */
	bool into_cgroup;    /* clone3 has put us into the v2 group */

	/* The child's own. */
	struct console console;
	bool cwd_entered;
	bool memory_entered; /* v1's memory group, and with it the new cgroup namespace */
	int64_t pid_outside;
	char *program;
};

/* config.json's process, or NULL: it may be missing until start. */
static inline const struct process *init_process(const struct init *init)
{
	return init->plan->config->process;
}
