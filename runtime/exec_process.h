/* What exec is to run: the container's own process with changes from the command line, or a process.json
 * completed from it. */
#pragma once

#include "spec/config.h"

struct exec_arguments {
	const char *cwd, *user, *apparmor, *process_label; /* NULL: as the container's process */
	bool tty, no_new_privs;
	struct string_list env, additional_gids, capabilities;
	char *const *args; /* NULL-terminated; may be empty with a process.json */
};

/* Changes @config->process into what @arguments ask for. Ids are digits and nothing else, below 2³¹. */
int exec_process_from_arguments(struct config *config, const struct exec_arguments *arguments,
				struct error *err);

/* Replaces @config->process by the one in @text; what that leaves out of capabilities, resource limits,
 * labels, scheduling and oomScoreAdj is as in the container's, as with runc. Hostile text is an error naming
 * @document. */
int exec_process_from_json(struct config *config, const char *document, const char *text,
			   size_t length, struct error *err);
