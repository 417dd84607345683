/* The verb completion. */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "spec/cli/completion.h"

static const struct {
	const char *name;
	void (*print)(const struct program *program, FILE *to);
} shells[] = {
	{ "bash", completion_print_bash },
	{ "zsh", completion_print_zsh },
	{ "fish", completion_print_fish },
};

static const struct option options[] = { { 0 } };

static int run(const struct program *program, int argc, char **argv, struct error *err)
{
	(void)argc;
	for (size_t i = 0; i < sizeof shells / sizeof *shells; i++) {
		if (strcmp(shells[i].name, argv[0]) != 0)
			continue;
		shells[i].print(program, stdout);
		if (!fflush(stdout) && !ferror(stdout))
			return 0;
		error_errno(err, errno, "print the completion");
		return 1;
	}
	error_set(err, EINVAL, "completion '%s': is none of bash, zsh, fish", argv[0]);
	return 1;
}

const struct verb completion_verb = {
	.name = "completion",
	.arguments = "bash|zsh|fish",
	.summary = "print a script by which a shell completes the commands",
	.options = options,
	.min_arguments = 1,
	.max_arguments = 1,
	.about = run,
};
