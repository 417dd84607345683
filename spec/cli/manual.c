#include "spec/cli/manual.h"

#include <ctype.h>
#include <string.h>

/* Hyphens of options must stay hyphens when they are copied from the page; no line may look like a
 * request. */
static void print_text(const char *text, FILE *to)
{
	if (*text == '.' || *text == '\'')
		fputs("\\&", to);
	for (; *text; text++) {
		if (*text == '-')
			fputs("\\-", to);
		else if (*text == '\\')
			fputs("\\e", to);
		else if (strncmp(text, "…", strlen("…")) == 0) {
			fputs("...", to);
			text += strlen("…") - 1;
		} else
			fputc(*text, to);
	}
}

static void print_title(const struct program *program, const char *name, const char *summary,
			FILE *to)
{
	fputs(".TH ", to);
	for (const char *at = name; *at; at++)
		fputc(toupper((unsigned char)*at), to);
	fprintf(to, " %d \"\" \"%s " ORUN_VERSION "\" \"Containers\"\n.SH NAME\n", program->section,
		program->name);
	print_text(name, to);
	fputs(" \\- ", to);
	print_text(summary, to);
	fputc('\n', to);
}

/* "ID [SIGNAL]": names in italics, brackets and bars as they are. */
static void print_arguments(const char *arguments, FILE *to)
{
	while (*arguments) {
		size_t marks = strspn(arguments, " []|:");
		size_t name = strcspn(arguments + marks, " []|:");

		fprintf(to, "%.*s", (int)marks, arguments);
		arguments += marks;
		if (!name)
			break;
		char word[64];
		snprintf(word, sizeof word, "%.*s", (int)name, arguments);
		fputs("\\fI", to);
		print_text(word, to);
		fputs("\\fR", to);
		arguments += name;
	}
	fputc('\n', to);
}

static void print_options(const struct option *options, FILE *to)
{
	if (options->name)
		fputs(".SH OPTIONS\n", to);
	for (const struct option *option = options; option->name; option++) {
		fputs(".TP\n", to);
		if (option->letter)
			fprintf(to, "\\fB\\-%c\\fR, ", option->letter);
		fputs("\\fB\\-\\-", to);
		print_text(option->name, to);
		fputs("\\fR", to);
		if (option->argument) {
			fputs(" \\fI", to);
			print_text(option->argument, to);
			fputs("\\fR", to);
		}
		fputc('\n', to);
		print_text(option->help, to);
		fputs(option->kind == OPTION_LIST ? "; may be given several times\n" : "\n", to);
	}
}

static void print_program(const struct program *program, FILE *to)
{
	print_title(program, program->name, program->summary, to);
	fprintf(to,
		".SH SYNOPSIS\n\\fB%s\\fR [\\fIOPTIONS\\fR] \\fICOMMAND\\fR [\\fIOPTIONS\\fR] "
		"[\\fIARGUMENTS\\fR]\n.SH COMMANDS\n",
		program->name);
	for (const struct verb *const *verb = program->verbs; *verb; verb++) {
		fprintf(to, ".TP\n\\fB%s\\-%s\\fR(%d)\n", program->name, (*verb)->name,
			program->section);
		print_text((*verb)->summary, to);
		fputc('\n', to);
	}
	print_options(program->options, to);
}

void manual_print(const struct program *program, const struct verb *verb, FILE *to)
{
	char name[64];

	if (!verb) {
		print_program(program, to);
		return;
	}
	snprintf(name, sizeof name, "%s-%s", program->name, verb->name);
	print_title(program, name, verb->summary, to);
	fprintf(to, ".SH SYNOPSIS\n\\fB%s %s\\fR %s", program->name, verb->name,
		verb->options->name ? "[\\fIOPTIONS\\fR] " : "");
	print_arguments(verb->arguments, to);
	print_options(verb->options, to);
}
