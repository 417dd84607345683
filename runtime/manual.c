#include "runtime/manual.h"

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

static void print_title(const char *name, const char *summary, FILE *to)
{
	fputs(".TH ", to);
	for (const char *at = name; *at; at++)
		fputc(toupper((unsigned char)*at), to);
	fprintf(to, " 8 \"\" \"orun " ORUN_VERSION "\" \"Containers\"\n.SH NAME\n");
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

static void print_program(const struct globals *globals, FILE *to)
{
	print_title("orun", "run containers by the OCI runtime specification", to);
	fputs(".SH SYNOPSIS\n\\fBorun\\fR [\\fIOPTIONS\\fR] \\fICOMMAND\\fR [\\fIOPTIONS\\fR] "
	      "[\\fIARGUMENTS\\fR]\n.SH COMMANDS\n",
	      to);
	for (const struct verb *const *verb = globals->verbs; *verb; verb++) {
		fprintf(to, ".TP\n\\fBorun\\-%s\\fR(8)\n", (*verb)->name);
		print_text((*verb)->summary, to);
		fputc('\n', to);
	}
	print_options(globals->options, to);
}

void manual_print(const struct globals *globals, const struct verb *verb, FILE *to)
{
	char name[64];

	if (!verb) {
		print_program(globals, to);
		return;
	}
	snprintf(name, sizeof name, "orun-%s", verb->name);
	print_title(name, verb->summary, to);
	fprintf(to, ".SH SYNOPSIS\n\\fBorun %s\\fR %s", verb->name,
		verb->options->name ? "[\\fIOPTIONS\\fR] " : "");
	print_arguments(verb->arguments, to);
	print_options(verb->options, to);
}
