/* The completion of zsh(1), by the function _arguments of its own completion system. */
#include <string.h>

#include "runtime/completion.h"

/* Into single quotes, between the brackets of a description. */
static void print_description(const char *text, FILE *to)
{
	for (; *text; text++) {
		if (*text == '\'')
			fputs("'\\'", to);
		else if (strchr("[]:\\", *text))
			fputc('\\', to);
		fputc(*text, to);
	}
}

static void print_action(const char *name, size_t length, FILE *to)
{
	switch (completion_of(name, length)) {
	case COMPLETE_NOTHING:
		fputc(' ', to);
		return;
	case COMPLETE_FILE:
		fputs("_files", to);
		return;
	case COMPLETE_DIRECTORY:
		fputs("_files -/", to);
		return;
	case COMPLETE_ID:
		fputs("_orun_ids", to);
		return;
	case COMPLETE_COMMAND:
		fputs("_orun_commands", to);
		return;
	case COMPLETE_CHOICE:
		fputc('(', to);
		completion_print_choices(name, length, to);
		fputc(')', to);
		return;
	}
}

/* One word for _arguments. */
static void print_option(const struct option *option, FILE *to)
{
	const char *star = option->kind == OPTION_LIST ? "*" : "";

	if (option->letter && *star)
		fprintf(to, " \\\n\t\t'%s'{-%c,--%s}'[", star, option->letter, option->name);
	else if (option->letter)
		fprintf(to, " \\\n\t\t'(-%c --%s)'{-%c,--%s}'[", option->letter, option->name,
			option->letter, option->name);
	else
		fprintf(to, " \\\n\t\t'%s--%s[", star, option->name);
	print_description(option->help, to);
	fputc(']', to);
	if (option->kind != OPTION_FLAG) {
		fputc(':', to);
		print_description(option->argument, to);
		fputc(':', to);
		print_action(option->argument, strlen(option->argument), to);
	}
	fputc('\'', to);
}

static void print_arguments(const struct verb *verb, FILE *to)
{
	struct completion_argument argument;
	const char *at = verb->arguments;

	for (int position = 1; completion_next_argument(&at, &argument); position++) {
		if (argument.repeats)
			fprintf(to, " \\\n\t\t'*:argument:");
		else
			fprintf(to, " \\\n\t\t'%d:argument:", position);
		print_action(argument.name, argument.length, to);
		fputc('\'', to);
	}
}

static void print_verb(const struct verb *verb, FILE *to)
{
	fprintf(to, "\t%s)\n\t\t_arguments -s '(- *)'{-h,--help}'[print help]'", verb->name);
	for (const struct option *option = verb->options; option->name; option++)
		print_option(option, to);
	print_arguments(verb, to);
	fprintf(to, "\n\t\t;;\n");
}

void completion_print_zsh(const struct globals *globals, FILE *to)
{
	fprintf(to, "#compdef orun\n# zsh completion for orun, made by: orun completion zsh\n"
		    "_orun_ids()\n{\n\tlocal -a ids\n"
		    "\t[[ -z $orun_root || -d $orun_root ]] || return\n"
		    "\tids=(${(f)\"$(command orun ${orun_root:+--root} $orun_root list -q "
		    "2>/dev/null)\"})\n"
		    "\tcompadd -a ids\n}\n"
		    "_orun_commands()\n{\n\tlocal -a commands\n\tcommands=(");
	for (const struct verb *const *verb = globals->verbs; *verb; verb++) {
		fprintf(to, "\n\t\t'%s:", (*verb)->name);
		print_description((*verb)->summary, to);
		fputc('\'', to);
	}
	fprintf(to, "\n\t)\n\t_describe command commands\n}\n"
		    "_orun()\n{\n\tlocal context state state_descr line orun_root\n"
		    "\tlocal -A opt_args\n\t_arguments -C");
	for (const struct option *option = globals->options; option->name; option++)
		print_option(option, to);
	fprintf(to, " \\\n\t\t'1:command:_orun_commands' \\\n\t\t'*::argument:->argument'\n"
		    "\t[[ $state == argument ]] || return\n"
		    "\torun_root=${opt_args[--root]}\n\tcase $words[1] in\n");
	for (const struct verb *const *verb = globals->verbs; *verb; verb++)
		print_verb(*verb, to);
	fprintf(to, "\tesac\n}\n"
		    "if [[ $funcstack[1] == _orun ]]; then _orun \"$@\"; else compdef _orun orun; "
		    "fi\n");
}
