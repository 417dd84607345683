/* The verbs, one file each (cmd_NAME.c), and what several of them share. */
#pragma once

#include "runtime/cgroup/settings.h"
#include "runtime/create.h"
#include "spec/cli/cli.h"

struct globals {
	const char *root; /* NULL: the default */
	const char *log, *log_format, *log_level;
	bool debug, version, help;
	bool systemd_cgroup;
	const char *cgroup_manager, *rootless; /* NULL: not given */
	struct cgroup_settings cgroup;	       /* what the three say */
	const char *handlers;
	const struct program *program; /* the whole command line, for what tells of it */
};

extern const struct verb create_verb, start_verb, exec_verb, state_verb, kill_verb, delete_verb,
	run_verb, list_verb, spec_verb;
extern const struct verb checkpoint_verb, restore_verb;
extern const struct verb mounts_verb;
extern const struct verb ps_verb, pause_verb, resume_verb, events_verb, update_verb;
extern const struct verb features_verb, info_verb;

/* Options that create and run have in common. */
struct create_arguments {
	const char *bundle, *pid_file, *console_socket, *pidfd_socket;
	unsigned preserve_fds;
	bool no_pivot, no_new_keyring;
	bool explain; /* run only */
};
#define CREATE_OPTIONS(arguments)                                                                \
	{ "bundle",    'b',                                                                      \
	  OPTION_TEXT, &(arguments).bundle,                                                      \
	  "DIR",       "directory with config.json (default: the working directory)" },          \
		{ "pid-file",  0,                                                                \
		  OPTION_TEXT, &(arguments).pid_file,                                            \
		  "FILE",      "write the pid of the container's init here" },                   \
		{ "console-socket", 0,                                                           \
		  OPTION_TEXT,	    &(arguments).console_socket,                                 \
		  "SOCKET",	    "Unix socket that receives the terminal's master" },         \
		{ "pidfd-socket", 0,                                                             \
		  OPTION_TEXT,	  &(arguments).pidfd_socket,                                     \
		  "SOCKET",	  "Unix socket that receives a pidfd of the container's init" }, \
		{ "preserve-fds",                                                                \
		  0,                                                                             \
		  OPTION_COUNT,                                                                  \
		  &(arguments).preserve_fds,                                                     \
		  "N",                                                                           \
		  "hand N more descriptors, from 3 on, to the container" },                      \
		{ "no-pivot",  0,                                                                \
		  OPTION_FLAG, &(arguments).no_pivot,                                            \
		  NULL,	       "change the root without pivot_root(2), for an initramfs" },      \
	{                                                                                        \
		"no-new-keyring", 0, OPTION_FLAG, &(arguments).no_new_keyring, NULL,             \
			"keep the caller's session keyring"                                      \
	}

/* Reads config.json and creates the container. Every problem of the file is logged. */
int create_from_arguments(const struct globals *globals, const struct create_arguments *arguments,
			  const char *id, bool foreground, struct created *ret, struct error *err);

/* What a command does to one container of several. */
typedef int container_action(int root, const char *id, struct error *err);

/* For commands that take several ids, or with @regex expressions that ids match. A failure does not
 * keep the others from their turn: each is logged but the last, which is left in err. A single id is
 * worded as the action words it, of several each error names its container. Returns 0 when all went
 * well, which includes that no id matched. */
int each_container(int root, bool regex, int n, char **words, container_action *act,
		   struct error *err);

/* The configuration of a bundle, for the caller to config_free, and the text that it was parsed from, to be freed
 * too. Every problem of it is logged. */
struct config *load_bundle_config(const char *bundle, char **text, size_t *length,
				  struct error *err);

/* Deletes a container that was waited for in the foreground. Others may have used it meanwhile, so its lock was
 * given up and is taken again; one that is gone is no error. */
int delete_ended(int root, const char *id, struct error *err);
