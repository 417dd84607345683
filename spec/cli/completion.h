/* Scripts by which shells complete the command line, made from the verb table. Knows no command by name
 * but `list`, which tells the ids. */
#pragma once

#include <stdio.h>

#include "spec/cli/cli.h"

/* What a word of the command line can be, as its name in the tables says. */
enum completion {
	COMPLETE_NOTHING, /* anything: "N", "NAME=VALUE" */
	COMPLETE_CHOICE,  /* "text|json" */
	COMPLETE_FILE,
	COMPLETE_DIRECTORY,
	COMPLETE_ID,
	COMPLETE_IMAGE, /* the reference of an image: "oci:DIR:TAG" */
	COMPLETE_COMMAND
};

/* @name: "FILE", "[COMMAND]", "ID...". NULL gives COMPLETE_NOTHING. @length of @name is read. */
enum completion completion_of(const char *name, size_t length);

/* The next name in the arguments of a verb; *at moves on behind it. False: there is none. Brackets and dots
 * are not part of it; *repeats says whether it stands for all that follow. */
struct completion_argument {
	const char *name;
	size_t length;
	bool repeats;
};
bool completion_next_argument(const char **at, struct completion_argument *ret);

/* "text|json" as words apart by spaces, and the names of all commands. */
void completion_print_choices(const char *name, size_t length, FILE *to);
void completion_print_commands(const struct program *program, FILE *to);

/* Prints @text with the program's name wherever it has "@program@". */
void completion_print_named(const char *text, const struct program *program, FILE *to);

/* Whether a verb or an option of it takes such a word. With COMPLETE_ID `list -q` prints all there are. */
bool completion_has(const struct program *program, enum completion completion);

/* What an image's reference begins with, apart by spaces: containers-transports(5). */
#define COMPLETION_TRANSPORTS "oci: oci-archive: docker-archive:"

/* Prints the script. Errors of @to stay in it: ferror(3). */
void completion_print_bash(const struct program *program, FILE *to);
void completion_print_zsh(const struct program *program, FILE *to);
void completion_print_fish(const struct program *program, FILE *to);
