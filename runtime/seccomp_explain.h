/* run --explain: says which system calls the seccomp profile refuses, by name, and refuses them as the
 * profile would. seccomp_unotify(2). */
#pragma once

#include <sys/types.h>

#include "runtime/seccomp.h"

struct seccomp_explainer {
	pid_t pid;  /* a child of the caller that ends with the container's last process; 0: none */
	int socket; /* where it waits for the filter's notify descriptor; -1: none */
};

/* Makes @filter ask rather than refuse, and starts a process that answers as @filter would have done. Each
 * refused call is logged as a warning when it first occurs; how often it was refused, at the end. A death is
 * carried out as SIGKILL. Without instructions in @filter there is nothing to explain: EINVAL. So it is for
 * a filter that has a listener already. */
int seccomp_explain(struct seccomp_filter *filter, struct seccomp_explainer *ret,
		    struct error *err);

/* Waits until it has said all. */
void seccomp_explainer_wait(const struct seccomp_explainer *explainer);
