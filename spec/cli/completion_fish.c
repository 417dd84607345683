/* The completion of fish(1). */
#include <string.h>

#include "spec/cli/completion.h"

/* In single quotes. */
static void print_quoted(const char *text, FILE *to)
{
	fputc('\'', to);
	for (; *text; text++) {
		if (*text == '\'' || *text == '\\')
			fputc('\\', to);
		fputc(*text, to);
	}
	fputc('\'', to);
}

/* What stands there, as options of `complete`. */
static void print_candidates(const struct program *program, const char *name, size_t length,
			     FILE *to)
{
	switch (completion_of(name, length)) {
	case COMPLETE_NOTHING:
		return;
	case COMPLETE_FILE:
		fputs(" -F", to);
		return;
	case COMPLETE_DIRECTORY:
		fputs(" -f -a '(__fish_complete_directories (commandline -ct))'", to);
		return;
	case COMPLETE_ID:
		fprintf(to, " -f -a '(__%s_ids)'", program->name);
		return;
	case COMPLETE_IMAGE:
		fprintf(to, " -f -a '(__%s_images)'", program->name);
		return;
	case COMPLETE_COMMAND:
		fputs(" -f -a '", to);
		completion_print_commands(program, to);
		fputc('\'', to);
		return;
	case COMPLETE_CHOICE:
		fputs(" -f -a '", to);
		completion_print_choices(name, length, to);
		fputc('\'', to);
		return;
	}
}

static void print_options(const struct program *program, const char *condition,
			  const struct option *options, FILE *to)
{
	for (const struct option *option = options; option->name; option++) {
		fprintf(to, "complete -c %s -n '%s' -l %s", program->name, condition, option->name);
		if (option->letter)
			fprintf(to, " -s %c", option->letter);
		if (option->kind != OPTION_FLAG) {
			fputs(" -r", to);
			print_candidates(program, option->argument, strlen(option->argument), to);
		}
		fputs(" -d ", to);
		print_quoted(option->help, to);
		fputc('\n', to);
	}
}

static void print_verb(const struct program *program, const struct verb *verb, FILE *to)
{
	struct completion_argument argument;
	const char *at = verb->arguments;
	char condition[96];

	fprintf(to, "complete -c %s -n '__%s_at command' -a %s -d ", program->name, program->name,
		verb->name);
	print_quoted(verb->summary, to);
	fputc('\n', to);
	snprintf(condition, sizeof condition, "__%s_at %s", program->name, verb->name);
	print_options(program, condition, verb->options, to);
	for (int position = 1; completion_next_argument(&at, &argument); position++) {
		if (completion_of(argument.name, argument.length) == COMPLETE_NOTHING)
			continue;
		fprintf(to, "complete -c %s -n '__%s_at %s %s%d'", program->name, program->name,
			verb->name, argument.repeats ? "+" : "", position);
		print_candidates(program, argument.name, argument.length, to);
		fputc('\n', to);
	}
}

/* Which command was given before the cursor, and how many arguments of it. */
static const char at_function[] =
	"\n\tset -l given\n\tset -l skip 0\n\tset -l count 1\n"
	"\tfor word in (commandline -opc)[2..-1]\n"
	"\t\tif test $skip = 1\n\t\t\tset skip 0\n\t\t\tcontinue\n\t\tend\n"
	"\t\tif string match -q -- '-*' $word\n"
	"\t\t\tcontains -- \"$given\":(string replace -r '^--?' '' -- $word) $valued; "
	"and set skip 1\n"
	"\t\telse if test -z \"$given\"\n\t\t\tset given $word\n"
	"\t\telse\n\t\t\tset count (math $count + 1)\n\t\tend\n\tend\n"
	"\tif test $command = command\n\t\ttest -z \"$given\"\n\t\treturn\n\tend\n"
	"\ttest \"$given\" = $command; or return 1\n"
	"\ttest -z \"$position\"; and return 0\n"
	"\tif string match -q -- '+*' $position\n"
	"\t\ttest $count -ge (string sub -s 2 -- $position)\n\t\treturn\n\tend\n"
	"\ttest $count = $position\nend\n";

static const char ids_function[] =
	"function __@program@_ids\n"
	"\tset -l words (commandline -opc)\n"
	"\tset -l root\n"
	"\tset -l at (contains -i -- --root $words); "
	"and set root $words[(math $at + 1)]\n"
	"\tif test -z \"$root\"\n\t\tcommand @program@ list -q 2>/dev/null\n"
	"\telse if test -d \"$root\"\n"
	"\t\tcommand @program@ --root \"$root\" list -q 2>/dev/null\n\tend\nend\n";

static const char images_function[] =
	"function __@program@_images\n"
	"\tset -l token (commandline -ct)\n"
	"\tif string match -q -- '*:*' $token\n"
	"\t\tset -l transport (string replace -r ':.*' ':' -- $token)\n"
	"\t\tfor path in (__fish_complete_path (string replace -r '^[^:]*:' '' -- $token))\n"
	"\t\t\techo $transport$path\n\t\tend\n"
	"\telse\n\t\tstring split ' ' '" COMPLETION_TRANSPORTS "'\n"
	"\t\t__fish_complete_path $token\n\tend\nend\n";

/* Options that are followed by a value, as COMMAND:OPTION. */
static void print_valued(const struct program *program, FILE *to)
{
	for (const struct option *option = program->options; option->name; option++)
		if (option->kind != OPTION_FLAG)
			fprintf(to, " :%s", option->name);
	for (const struct verb *const *verb = program->verbs; *verb; verb++)
		for (const struct option *option = (*verb)->options; option->name; option++) {
			if (option->kind == OPTION_FLAG)
				continue;
			fprintf(to, " %s:%s", (*verb)->name, option->name);
			if (option->letter)
				fprintf(to, " %s:%c", (*verb)->name, option->letter);
		}
}

void completion_print_fish(const struct program *program, FILE *to)
{
	char condition[96];

	completion_print_named(
		"# fish completion for @program@, made by: @program@ completion fish\n"
		"function __@program@_at --argument-names command position\n"
		"\tset -l valued",
		program, to);
	print_valued(program, to);
	completion_print_named(at_function, program, to);
	if (completion_has(program, COMPLETE_IMAGE))
		completion_print_named(images_function, program, to);
	if (completion_has(program, COMPLETE_ID))
		completion_print_named(ids_function, program, to);
	completion_print_named("complete -c @program@ -f\n"
			       "complete -c @program@ -s h -l help -d 'print help'\n",
			       program, to);
	snprintf(condition, sizeof condition, "__%s_at command", program->name);
	print_options(program, condition, program->options, to);
	for (const struct verb *const *verb = program->verbs; *verb; verb++)
		print_verb(program, *verb, to);
}
