/* The completion of zsh(1), by the function _arguments of its own completion system. */
#include <string.h>

#include "spec/cli/completion.h"

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

static void print_action(const struct program *program, const char *name, size_t length, FILE *to)
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
		fprintf(to, "_%s_ids", program->name);
		return;
	case COMPLETE_IMAGE:
		fprintf(to, "_%s_images", program->name);
		return;
	case COMPLETE_COMMAND:
		fprintf(to, "_%s_commands", program->name);
		return;
	case COMPLETE_CHOICE:
		fputc('(', to);
		completion_print_choices(name, length, to);
		fputc(')', to);
		return;
	}
}

/* One word for _arguments. */
static void print_option(const struct program *program, const struct option *option, FILE *to)
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
		print_action(program, option->argument, strlen(option->argument), to);
	}
	fputc('\'', to);
}

static void print_arguments(const struct program *program, const struct verb *verb, FILE *to)
{
	struct completion_argument argument;
	const char *at = verb->arguments;

	for (int position = 1; completion_next_argument(&at, &argument); position++) {
		if (argument.repeats)
			fprintf(to, " \\\n\t\t'*:argument:");
		else
			fprintf(to, " \\\n\t\t'%d:argument:", position);
		print_action(program, argument.name, argument.length, to);
		fputc('\'', to);
	}
}

static void print_verb(const struct program *program, const struct verb *verb, FILE *to)
{
	fprintf(to, "\t%s)\n\t\t_arguments -s '(- *)'{-h,--help}'[print help]'", verb->name);
	for (const struct option *option = verb->options; option->name; option++)
		print_option(program, option, to);
	print_arguments(program, verb, to);
	fprintf(to, "\n\t\t;;\n");
}

static const char ids_function[] =
	"_@program@_ids()\n{\n\tlocal -a ids\n"
	"\t[[ -z $state_root || -d $state_root ]] || return\n"
	"\tids=(${(f)\"$(command @program@ ${state_root:+--root} $state_root list -q "
	"2>/dev/null)\"})\n"
	"\tcompadd -a ids\n}\n";

static const char images_function[] = "_@program@_images()\n{\n"
				      "\tif compset -P '*:'; then\n\t\t_files\n"
				      "\telse\n\t\tcompadd -S '' -- " COMPLETION_TRANSPORTS
				      "\n\t\t_files\n\tfi\n}\n";

static void print_commands(const struct program *program, FILE *to)
{
	fprintf(to, "_%s_commands()\n{\n\tlocal -a commands\n\tcommands=(", program->name);
	for (const struct verb *const *verb = program->verbs; *verb; verb++) {
		fprintf(to, "\n\t\t'%s:", (*verb)->name);
		print_description((*verb)->summary, to);
		fputc('\'', to);
	}
	fputs("\n\t)\n\t_describe command commands\n}\n", to);
}

void completion_print_zsh(const struct program *program, FILE *to)
{
	completion_print_named(
		"#compdef @program@\n"
		"# zsh completion for @program@, made by: @program@ completion zsh\n",
		program, to);
	if (completion_has(program, COMPLETE_ID))
		completion_print_named(ids_function, program, to);
	if (completion_has(program, COMPLETE_IMAGE))
		completion_print_named(images_function, program, to);
	print_commands(program, to);
	completion_print_named("_@program@()\n{\n"
			       "\tlocal context state state_descr line state_root\n"
			       "\tlocal -A opt_args\n\t_arguments -C",
			       program, to);
	for (const struct option *option = program->options; option->name; option++)
		print_option(program, option, to);
	completion_print_named(" \\\n\t\t'1:command:_@program@_commands'"
			       " \\\n\t\t'*::argument:->argument'\n"
			       "\t[[ $state == argument ]] || return\n"
			       "\tstate_root=${opt_args[--root]}\n\tcase $words[1] in\n",
			       program, to);
	for (const struct verb *const *verb = program->verbs; *verb; verb++)
		print_verb(program, *verb, to);
	completion_print_named("\tesac\n}\nif [[ $funcstack[1] == _@program@ ]]; "
			       "then _@program@ \"$@\"; else compdef _@program@ @program@; fi\n",
			       program, to);
}
