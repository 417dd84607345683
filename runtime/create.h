/* Creating a container: the runtime's half. init.h has the other. */
#pragma once

#include <stdbool.h>

#include "runtime/container.h"
#include "runtime/namespace.h"
#include "runtime/plan.h"
#include "runtime/seccomp_explain.h"

struct create_request {
	int root; /* the state root */
	const char *id;
	const struct config *config;
	const char *config_text; /* what it was parsed from: kept for later commands */
	size_t config_length;
	struct plan_options options;
	const char *pid_file;	    /* NULL: none */
	const char *console_socket; /* path; NULL: none */
	const char *pidfd_socket;   /* path; NULL: none */
	bool foreground;	    /* keep the terminal's master for the caller */
	bool explain;		    /* see seccomp_explain */
};

struct created {
	struct container container; /* locked; state `created` */
	struct init_process init;   /* a child of the caller */
	int console;		    /* the terminal's master, or -1 */
	struct seccomp_explainer explainer;
};

/* Plans and makes the container up to where it waits for start. On failure nothing is left behind, and
 * the error says which step failed. Warnings are logged. */
int container_create(const struct create_request *request, struct created *ret, struct error *err);

/* Closes descriptors; the container stays. */
void created_finish(struct created *created);
