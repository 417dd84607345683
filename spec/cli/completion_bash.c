/* The completion of bash(1). Needs nothing of the package bash-completion. */
#include <string.h>

#include "spec/cli/completion.h"

/* What follows the tables. A word is a value, an option, the command or an argument: which of them the
 * last one is, the words before it say. bash makes a word of its own of each "=" and ":"; what stands around colons
 * is one for us, which begins at $end. A missing state root would be made by `list`, so that is not asked then. */
static const char behind_tables[] =
	"_@program@()\n"
	"{\n"
	"	local cur=${COMP_WORDS[COMP_CWORD]} i=1 word kind= command= position=1 root=\n"
	"	local end=$COMP_CWORD colon=\n"
	"	COMPREPLY=()\n"
	"	[[ $cur != : ]] || { cur= colon=1; ((end--)); }\n"
	"	while [[ ${COMP_WORDS[end - 1]} == : ]]; do colon=1; ((end -= 2)); done\n"
	"	while ((i < end)); do\n"
	"		word=${COMP_WORDS[i++]}\n"
	"		case $word in\n"
	"		-*)\n"
	"			kind=$(_@program@_kind \"$command\" \"$word\")\n"
	"			[[ $kind ]] || continue\n"
	"			[[ ${COMP_WORDS[i]} != = || $i -ge $end ]] || ((i++))\n"
	"			((i < end)) || break\n"
	"			kind=\n"
	"			[[ $command || $word != *-root ]] || root=${COMP_WORDS[i]}\n"
	"			((i++))\n"
	"			;;\n"
	"		=) ;;\n"
	"		:) ((i++)) ;;\n"
	"		*)\n"
	"			if [[ $command ]]; then ((position++)); else command=$word; fi\n"
	"			;;\n"
	"		esac\n"
	"	done\n"
	"	[[ $cur != = ]] || cur=\n"
	"	if [[ ! $kind && $cur == -* ]]; then\n"
	"		COMPREPLY=($(compgen -W \"$(_@program@_options \"$command\")\" -- "
	"\"$cur\"))\n"
	"		return\n"
	"	fi\n"
	"	[[ $kind ]] || kind=$(_@program@_kind \"$command\" \"$position\")\n"
	"	case $kind in\n"
	"	file)\n"
	"		compopt -o filenames 2>/dev/null\n"
	"		mapfile -t COMPREPLY < <(compgen -f -- \"$cur\")\n"
	"		;;\n"
	"	directory)\n"
	"		compopt -o filenames 2>/dev/null\n"
	"		mapfile -t COMPREPLY < <(compgen -d -- \"$cur\")\n"
	"		;;\n"
	"	id)\n"
	"		[[ ! $root || -d $root ]] || return\n"
	"		word=$(command \"${COMP_WORDS[0]}\" ${root:+--root \"$root\"} list -q "
	"2>/dev/null)\n"
	"		COMPREPLY=($(compgen -W \"$word\" -- \"$cur\"))\n"
	"		;;\n"
	"	image)\n"
	"		[[ $colon ]] || COMPREPLY=($(compgen -W '" COMPLETION_TRANSPORTS
	"' -- \"$cur\"))\n"
	"		if ((${#COMPREPLY[@]})); then compopt -o nospace 2>/dev/null\n"
	"		else compopt -o filenames 2>/dev/null; fi\n"
	"		mapfile -t -O ${#COMPREPLY[@]} COMPREPLY < <(compgen -f -- \"$cur\")\n"
	"		;;\n"
	"	'choice '*) COMPREPLY=($(compgen -W \"${kind#choice }\" -- \"$cur\")) ;;\n"
	"	esac\n"
	"}\n"
	"complete -F _@program@ @program@\n";

static void print_options(const char *command, const struct option *options, FILE *to)
{
	fprintf(to, "\t'%s') echo '", command);
	for (const struct option *option = options; option->name; option++) {
		fprintf(to, "--%s ", option->name);
		if (option->letter)
			fprintf(to, "-%c ", option->letter);
	}
	fprintf(to, "%s' ;;\n", *command ? "--help -h" : "");
}

static void print_kind(const struct program *program, const char *name, size_t length, FILE *to)
{
	switch (completion_of(name, length)) {
	case COMPLETE_NOTHING:
		fprintf(to, "any");
		return;
	case COMPLETE_FILE:
		fprintf(to, "file");
		return;
	case COMPLETE_DIRECTORY:
		fprintf(to, "directory");
		return;
	case COMPLETE_ID:
		fprintf(to, "id");
		return;
	case COMPLETE_IMAGE:
		fprintf(to, "image");
		return;
	case COMPLETE_COMMAND:
		fprintf(to, "choice ");
		completion_print_commands(program, to);
		return;
	case COMPLETE_CHOICE:
		fprintf(to, "choice ");
		completion_print_choices(name, length, to);
		return;
	}
}

/* runc's single dash is taken for two. */
static void print_option_kinds(const struct program *program, const char *command,
			       const struct option *options, FILE *to)
{
	for (const struct option *option = options; option->name; option++) {
		if (option->kind == OPTION_FLAG)
			continue;
		fprintf(to, "\t'%s --%s' | '%s -%s'", command, option->name, command, option->name);
		if (option->letter)
			fprintf(to, " | '%s -%c'", command, option->letter);
		fprintf(to, ") echo '");
		print_kind(program, option->argument, strlen(option->argument), to);
		fprintf(to, "' ;;\n");
	}
}

static void print_argument_kinds(const struct program *program, const struct verb *verb, FILE *to)
{
	struct completion_argument argument;
	const char *at = verb->arguments;

	for (int position = 1; completion_next_argument(&at, &argument); position++) {
		if (argument.repeats)
			fprintf(to, "\t'%s '[!-]*) echo '", verb->name);
		else
			fprintf(to, "\t'%s %d') echo '", verb->name, position);
		print_kind(program, argument.name, argument.length, to);
		fprintf(to, "' ;;\n");
	}
}

void completion_print_bash(const struct program *program, FILE *to)
{
	completion_print_named(
		"# bash completion for @program@, made by: @program@ completion bash\n"
		"_@program@_options() # COMMAND: its options\n{\n\tcase $1 in\n",
		program, to);
	print_options("", program->options, to);
	for (const struct verb *const *verb = program->verbs; *verb; verb++)
		print_options((*verb)->name, (*verb)->options, to);
	completion_print_named(
		"\tesac\n}\n"
		"_@program@_kind() # COMMAND OPTION-OR-POSITION: what stands there\n{\n"
		"\tcase \"$1 $2\" in\n",
		program, to);
	print_option_kinds(program, "", program->options, to);
	fprintf(to, "\t' 1') echo 'choice ");
	completion_print_commands(program, to);
	fprintf(to, "' ;;\n");
	for (const struct verb *const *verb = program->verbs; *verb; verb++) {
		print_option_kinds(program, (*verb)->name, (*verb)->options, to);
		print_argument_kinds(program, *verb, to);
	}
	fputs("\tesac\n}\n", to);
	completion_print_named(behind_tables, program, to);
}
