#include "spec/cli/cli.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "spec/base/log.h"
#include "spec/base/text.h"

/* Length of the name in "name=value", or of the whole word. */
static size_t name_length(const char *word)
{
	return strcspn(word, "=");
}

static const struct option *find(const struct option *options, const char *word, size_t length)
{
	for (const struct option *option = options; option->name; option++)
		if ((strlen(option->name) == length && strncmp(option->name, word, length) == 0) ||
		    (length == 1 && option->letter && option->letter == *word))
			return option;
	return NULL;
}

static int set_flag(const struct option *option, const char *value, struct error *err)
{
	bool on = !value || strcmp(value, "true") == 0 || strcmp(value, "1") == 0;

	if (!on && strcmp(value, "false") != 0 && strcmp(value, "0") != 0)
		return error_set(err, EINVAL, "option --%s: '%s' is neither true nor false",
				 option->name, value);
	*(bool *)option->target = on;
	return 0;
}

static int set_value(const struct option *option, const char *value, struct error *err)
{
	uint64_t number;

	if (option->kind == OPTION_TEXT) {
		*(const char **)option->target = value;
		return 0;
	}
	if (option->kind == OPTION_LIST) {
		if (string_list_add(option->target, value))
			return error_errno(err, ENOMEM, "option --%s", option->name);
		return 0;
	}
	if (text_to_uint64(value, &number) || number > 65535)
		return error_set(err, EINVAL, "option --%s: '%s' is no number from 0 to 65535",
				 option->name, value);
	*(unsigned *)option->target = (unsigned)number;
	return 0;
}

/* @at is the index of the word; moves on over a value in a word of its own. Returns 0, OPTIONS_HELP or -1. */
static int parse_option(const struct option *options, int argc, char **argv, int *at,
			struct error *err)
{
	const char *word = argv[*at] + 1 + (argv[*at][1] == '-');
	size_t length = name_length(word);
	const struct option *option = find(options, word, length);
	const char *value = word[length] ? word + length + 1 : NULL;

	if (!option && (strcmp(word, "help") == 0 || strcmp(word, "h") == 0))
		return OPTIONS_HELP;
	if (!option) {
		error_set(err, EINVAL, "flag provided but not defined: -%.*s", (int)length, word);
		return error_hint(err, "--help lists the options");
	}
	if (option->kind == OPTION_FLAG)
		return set_flag(option, value, err);
	if (!value && ++*at < argc)
		value = argv[*at];
	if (!value)
		return error_set(err, EINVAL, "flag needs an argument: --%s", option->name);
	return set_value(option, value, err);
}

int options_parse(const struct option *options, int argc, char **argv, bool stop_at_first,
		  struct error *err)
{
	int left = 0;
	bool options_end = false;

	for (int i = 0; i < argc; i++) {
		bool is_option = argv[i][0] == '-' && argv[i][1];
		if (!options_end && strcmp(argv[i], "--") == 0) {
			options_end = true;
			continue;
		}
		if (!options_end && is_option) {
			int unusual = parse_option(options, argc, argv, &i, err);
			if (unusual)
				return unusual;
			continue;
		}
		argv[left++] = argv[i];
		options_end = options_end || stop_at_first;
	}
	argv[left] = NULL;
	return left;
}

static void print_options(const struct option *options)
{
	enum { COLUMN = 30 };

	for (const struct option *option = options; option->name; option++) {
		char left[96];
		int used = option->letter ? snprintf(left, sizeof left, "-%c, ", option->letter)
					  : snprintf(left, sizeof left, "    ");
		used += snprintf(left + used, sizeof left - (size_t)used, "--%s%s%s", option->name,
				 option->argument ? " " : "",
				 option->argument ? option->argument : "");
		if (used > COLUMN)
			printf("  %s\n  %*s %s\n", left, COLUMN, "", option->help);
		else
			printf("  %-*s %s\n", COLUMN, left, option->help);
	}
}

void help_print_verb(const struct program *program, const struct verb *verb)
{
	printf("Usage: %s %s [OPTIONS] %s\n\n%s\n", program->name, verb->name, verb->arguments,
	       verb->summary);
	if (verb->options->name)
		printf("\nOptions:\n");
	print_options(verb->options);
}

void help_print_program(const struct program *program)
{
	printf("Usage: %s [OPTIONS] COMMAND [OPTIONS] [ARGUMENTS]\n\n%s\n\nCommands:\n",
	       program->name, program->purpose);
	for (const struct verb *const *verb = program->verbs; *verb; verb++)
		printf("  %-10s %s\n", (*verb)->name, (*verb)->summary);
	printf("\nOptions:\n");
	print_options(program->options);
	printf("\n`%s COMMAND --help` tells more about one command.\n", program->name);
}

static const struct verb *find_verb(const struct program *program, const char *name)
{
	for (const struct verb *const *verb = program->verbs; *verb; verb++)
		if (strcmp((*verb)->name, name) == 0)
			return *verb;
	return NULL;
}

int verb_run_named(const struct program *program, const struct globals *globals, int argc,
		   char **argv, char *const words[], struct error *err)
{
	const struct verb *verb = find_verb(program, argv[0]);

	if (!verb) {
		error_set(err, EINVAL, "unknown command '%s'", argv[0]);
		error_hint(err, "--help lists the commands");
		return UNKNOWN_COMMAND;
	}
	if (verb->prepare && verb->prepare(words, err))
		return 1;
	int left = options_parse(verb->options, argc - 1, argv + 1, verb->options_first, err);
	if (left == OPTIONS_HELP) {
		help_print_verb(program, verb);
		return 0;
	}
	if (left < 0)
		return 1;
	if (left < verb->min_arguments || left > verb->max_arguments) {
		error_set(err, EINVAL, "%s: wants %s", verb->name,
			  *verb->arguments ? verb->arguments : "no arguments");
		error_hint(err, "`%s %s --help` tells more", program->name, verb->name);
		return 1;
	}
	if (text_starts_with(verb->arguments, "ID"))
		log_about_container(argv[1]);
	return verb->about ? verb->about(program, left, argv + 1, err)
			   : verb->run(globals, left, argv + 1, err);
}
