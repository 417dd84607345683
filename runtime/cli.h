/* The command line: verbs and their options as tables, one parser, help made from the tables. */
#pragma once

#include <stdbool.h>

#include "runtime/cgroup/settings.h"
#include "spec/base/error.h"
#include "spec/base/text.h"

enum option_kind {
	OPTION_FLAG,  /* bool */
	OPTION_TEXT,  /* const char * into argv */
	OPTION_COUNT, /* unsigned */
	OPTION_LIST   /* struct string_list: may be given several times */
};

struct option {
	const char *name; /* without dashes; "-name" and "--name" are taken alike, as runc does */
	char letter;	  /* 0: none */
	enum option_kind kind;
	void *target;
	const char *argument; /* its word in the help; NULL for a flag */
	const char *help;
};

struct verb;

/* What every verb is given. */
struct globals {
	const char *root; /* NULL: the default */
	const char *log, *log_format, *log_level;
	bool debug, version, help;
	bool systemd_cgroup;
	const char *cgroup_manager, *rootless; /* NULL: not given */
	struct cgroup_settings cgroup;	       /* what the three say */
	const char *handlers;
	/* The whole command line, for the commands that tell of it. */
	const struct verb *const *verbs; /* ends with NULL */
	const struct option *options;	 /* the global ones */
};

struct verb {
	const char *name;
	const char *arguments; /* "ID SIGNAL" */
	const char *summary;
	const struct option *options; /* ends with name NULL */
	int min_arguments, max_arguments;
	/* Returns the exit status; 1 with err filled means that main words the error. */
	int (*run)(const struct globals *globals, int argc, char **argv, struct error *err);
	bool options_first;    /* what follows the first argument is another program's words */
	bool enters_container; /* a process of ours can be seen there: exe_protect */
};

/* options_parse: --help or -h was among them, and the table has no option of that name. */
#define OPTIONS_HELP (-2)

/* Takes options out of @argv and moves what is left to its front; returns how many are left, OPTIONS_HELP,
 * or -1. @stop_at_first: the first word that is no option ends the options (for the global ones). "--" always
 * does. */
int options_parse(const struct option *options, int argc, char **argv, bool stop_at_first,
		  struct error *err);

void help_print_verb(const struct verb *verb);
void help_print_program(const struct verb *const *verbs, const struct option *globals);
