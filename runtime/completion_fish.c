/* The completion of fish(1). */
#include <string.h>

#include "runtime/completion.h"

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
static void print_candidates(const struct globals *globals, const char *name, size_t length,
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
		fputs(" -f -a '(__orun_ids)'", to);
		return;
	case COMPLETE_COMMAND:
		fputs(" -f -a '", to);
		completion_print_commands(globals, to);
		fputc('\'', to);
		return;
	case COMPLETE_CHOICE:
		fputs(" -f -a '", to);
		completion_print_choices(name, length, to);
		fputc('\'', to);
		return;
	}
}

static void print_options(const struct globals *globals, const char *condition,
			  const struct option *options, FILE *to)
{
	for (const struct option *option = options; option->name; option++) {
		fprintf(to, "complete -c orun -n '%s' -l %s", condition, option->name);
		if (option->letter)
			fprintf(to, " -s %c", option->letter);
		if (option->kind != OPTION_FLAG) {
			fputs(" -r", to);
			print_candidates(globals, option->argument, strlen(option->argument), to);
		}
		fputs(" -d ", to);
		print_quoted(option->help, to);
		fputc('\n', to);
	}
}

static void print_verb(const struct globals *globals, const struct verb *verb, FILE *to)
{
	struct completion_argument argument;
	const char *at = verb->arguments;
	char condition[96];

	fprintf(to, "complete -c orun -n '__orun_at command' -a %s -d ", verb->name);
	print_quoted(verb->summary, to);
	fputc('\n', to);
	snprintf(condition, sizeof condition, "__orun_at %s", verb->name);
	print_options(globals, condition, verb->options, to);
	for (int position = 1; completion_next_argument(&at, &argument); position++) {
		if (completion_of(argument.name, argument.length) == COMPLETE_NOTHING)
			continue;
		fprintf(to, "complete -c orun -n '__orun_at %s %s%d'", verb->name,
			argument.repeats ? "+" : "", position);
		print_candidates(globals, argument.name, argument.length, to);
		fputc('\n', to);
	}
}

/* __orun_at looks at the words before the cursor: which command was given, and how many arguments of it. */
void completion_print_fish(const struct globals *globals, FILE *to)
{
	fprintf(to, "# fish completion for orun, made by: orun completion fish\n"
		    "function __orun_at --argument-names command position\n"
		    "\tset -l valued");
	for (const struct option *option = globals->options; option->name; option++)
		if (option->kind != OPTION_FLAG)
			fprintf(to, " :%s", option->name);
	for (const struct verb *const *verb = globals->verbs; *verb; verb++)
		for (const struct option *option = (*verb)->options; option->name; option++) {
			if (option->kind == OPTION_FLAG)
				continue;
			fprintf(to, " %s:%s", (*verb)->name, option->name);
			if (option->letter)
				fprintf(to, " %s:%c", (*verb)->name, option->letter);
		}
	fprintf(to, "\n\tset -l given\n\tset -l skip 0\n\tset -l count 1\n"
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
		    "\ttest $count = $position\nend\n"
		    "function __orun_ids\n"
		    "\tset -l words (commandline -opc)\n"
		    "\tset -l root\n"
		    "\tset -l at (contains -i -- --root $words); "
		    "and set root $words[(math $at + 1)]\n"
		    "\tif test -z \"$root\"\n\t\tcommand orun list -q 2>/dev/null\n"
		    "\telse if test -d \"$root\"\n"
		    "\t\tcommand orun --root \"$root\" list -q 2>/dev/null\n\tend\nend\n"
		    "complete -c orun -f\n"
		    "complete -c orun -s h -l help -d 'print help'\n");
	print_options(globals, "__orun_at command", globals->options, to);
	for (const struct verb *const *verb = globals->verbs; *verb; verb++)
		print_verb(globals, *verb, to);
}
