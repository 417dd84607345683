/* A container made from the files of a checkpoint, with CRIU. */
#pragma once

#include "runtime/create.h"
#include "runtime/criu_options.h"

struct restore_request {
	int root; /* the state root */
	const char *id;
	const struct config *config;
	const char *config_text; /* what it was parsed from: kept for later commands */
	size_t config_length;
	struct plan_options options;
	const struct checkpoint_options *checkpoint;
	const char *pid_file;	    /* NULL: none */
	const char *console_socket; /* path; NULL: none */
	bool foreground;	    /* keep the terminal's master for the caller */
};

/* Makes the container as create does, but for its processes, which come from the images and run at once. Its
 * prestart and createRuntime hooks run when its namespaces are there. Standard streams that were pipes or
 * files of the host become the caller's. On failure nothing is left behind; the error names CRIU's log. */
int container_restore(const struct restore_request *request, struct created *ret,
		      struct error *err);
