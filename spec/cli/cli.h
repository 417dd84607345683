/* The command line: verbs and their options as tables, one parser, help made from the tables. */
#pragma once

#include <stdbool.h>

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

struct globals; /* what every verb is given: each program has its own */
struct program;

struct verb {
	const char *name;
	const char *arguments; /* "ID SIGNAL" */
	const char *summary;
	const struct option *options; /* ends with name NULL */
	int min_arguments, max_arguments;
	/* Returns the exit status; 1 with err filled means that main words the error. */
	int (*run)(const struct globals *globals, int argc, char **argv, struct error *err);
	/* In place of run, for the verbs that tell of the command line. */
	int (*about)(const struct program *program, int argc, char **argv, struct error *err);
	/* Before anything else; @words is the whole command line as it came. NULL: nothing. */
	int (*prepare)(char *const words[], struct error *err);
	bool options_first; /* what follows the first argument is another program's words */
};

struct program {
	const char *name;
	const char *summary;		 /* in the imperative, for a manual page */
	const char *purpose;		 /* a sentence for the help */
	int section;			 /* of its manual pages */
	const struct verb *const *verbs; /* in the order of the help; ends with NULL */
	const struct option *options;	 /* the global ones */
};

/* The verbs that every program has. */
extern const struct verb help_verb, completion_verb;

/* options_parse: --help or -h was among them, and the table has no option of that name. */
#define OPTIONS_HELP (-2)

/* Takes options out of @argv and moves what is left to its front; returns how many are left, OPTIONS_HELP,
 * or -1. @stop_at_first: the first word that is no option ends the options (for the global ones). "--" always
 * does. */
int options_parse(const struct option *options, int argc, char **argv, bool stop_at_first,
		  struct error *err);

/* The exit status that runc has for it. */
#define UNKNOWN_COMMAND 3

/* Runs the verb that argv[0] names with the rest of @argv, whose options have not been parsed. @words is the whole
 * command line as it came. Returns the exit status, with err filled when there is an error to tell. */
int verb_run_named(const struct program *program, const struct globals *globals, int argc,
		   char **argv, char *const words[], struct error *err);

void help_print_verb(const struct program *program, const struct verb *verb);
void help_print_program(const struct program *program);
