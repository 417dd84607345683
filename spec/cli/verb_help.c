/* The verb help. */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "spec/cli/manual.h"

static bool man;

static const struct option options[] = {
	{ "man", 0, OPTION_FLAG, &man, NULL, "print it for a manual page, in man(7)'s language" },
	{ 0 },
};

static const struct verb *find(const struct verb *const *verbs, const char *name)
{
	for (; *verbs; verbs++)
		if (strcmp((*verbs)->name, name) == 0)
			return *verbs;
	return NULL;
}

static int run(const struct program *program, int argc, char **argv, struct error *err)
{
	const struct verb *verb = argc ? find(program->verbs, argv[0]) : NULL;

	if (argc && !verb) {
		error_set(err, EINVAL, "no help for unknown command '%s'", argv[0]);
		return 1;
	}
	if (man)
		manual_print(program, verb, stdout);
	else if (verb)
		help_print_verb(program, verb);
	else
		help_print_program(program);
	if (!fflush(stdout) && !ferror(stdout))
		return 0;
	error_errno(err, errno, "print help");
	return 1;
}

const struct verb help_verb = {
	.name = "help",
	.arguments = "[COMMAND]",
	.summary = "print help about a command, or about all",
	.options = options,
	.min_arguments = 0,
	.max_arguments = 1,
	.about = run,
};
