/* What the command line says about the container, in the words of `docker run`. */
#pragma once

#include <stdbool.h>

#include "spec/base/text.h"
#include "spec/config.h"

/* NULL and empty: nothing is said, the image or the default decides. */
struct run_options {
	char *const *args; /* replaces Cmd; NULL-terminated */
	const char *
		entrypoint; /* one word, which replaces Entrypoint and drops Cmd; "" leaves neither */
	const char *user, *workdir;
	const char *hostname; /* NULL: the name that the runtime's caller has */
	const char *
		network; /* "host", "none" (a new namespace: the default) or the path of one to join */
	struct string_list env, env_files, volumes, tmpfs, cap_add, cap_drop, security, annotations;
	const char *memory, *cpus, *pids_limit;
	bool tty, read_only;

	/* With mappings the container gets a user namespace of its own that has them; the caller keeps the lists.
	 * @rootless: for a caller who may set no limits: they are left out unless asked for. */
	struct id_mapping_list uid_mappings, gid_mappings;
	bool rootless;
	bool owners_recorded; /* all files of the image belong to the caller, who is root in the container */
};
