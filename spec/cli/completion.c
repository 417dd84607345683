#include "spec/cli/completion.h"

#include <string.h>

static const struct {
	const char *name;
	enum completion completion;
} names[] = {
	{ "FILE", COMPLETE_FILE },	  { "SOCKET", COMPLETE_FILE },
	{ "PATH", COMPLETE_FILE },	  { "DIR", COMPLETE_DIRECTORY },
	{ "BUNDLE", COMPLETE_DIRECTORY }, { "ID", COMPLETE_ID },
	{ "COMMAND", COMPLETE_COMMAND },  { "IMAGE", COMPLETE_IMAGE },
};

static enum completion find(const char *name, size_t length)
{
	for (size_t i = 0; i < sizeof names / sizeof *names; i++)
		if (strlen(names[i].name) == length && strncmp(names[i].name, name, length) == 0)
			return names[i].completion;
	return COMPLETE_NOTHING;
}

enum completion completion_of(const char *name, size_t length)
{
	const char *bar = name ? memchr(name, '|', length) : NULL;

	if (!name)
		return COMPLETE_NOTHING;
	/* "DIR|BUNDLE" is no choice of two words. */
	if (bar && find(name, (size_t)(bar - name)) == COMPLETE_NOTHING)
		return COMPLETE_CHOICE;
	return find(name, bar ? (size_t)(bar - name) : length);
}

bool completion_next_argument(const char **at, struct completion_argument *ret)
{
	static const char dots[] = "...", ellipsis[] = "…";
	const char *word = *at + strspn(*at, " []");
	const char *end = word + strcspn(word, " ]");

	if (word == end)
		return false;
	*at = end;
	ret->name = word;
	ret->length = (size_t)(end - word);
	ret->repeats = false;
	for (size_t i = 1; i < ret->length && !ret->repeats; i++)
		if (strncmp(word + i, dots, sizeof dots - 1) == 0 ||
		    strncmp(word + i, ellipsis, sizeof ellipsis - 1) == 0) {
			ret->length = i;
			ret->repeats = true;
		}
	return true;
}

void completion_print_choices(const char *name, size_t length, FILE *to)
{
	for (size_t i = 0; i < length; i++)
		fputc(name[i] == '|' ? ' ' : name[i], to);
}

void completion_print_commands(const struct program *program, FILE *to)
{
	for (const struct verb *const *verb = program->verbs; *verb; verb++)
		fprintf(to, "%s%s", verb == program->verbs ? "" : " ", (*verb)->name);
}

void completion_print_named(const char *text, const struct program *program, FILE *to)
{
	static const char mark[] = "@program@";
	const char *at;

	for (; (at = strstr(text, mark)); text = at + sizeof mark - 1) {
		fwrite(text, 1, (size_t)(at - text), to);
		fputs(program->name, to);
	}
	fputs(text, to);
}

static bool verb_has(const struct verb *verb, enum completion completion)
{
	struct completion_argument argument;
	const char *at = verb->arguments;

	while (completion_next_argument(&at, &argument))
		if (completion_of(argument.name, argument.length) == completion)
			return true;
	for (const struct option *option = verb->options; option->name; option++)
		if (option->argument &&
		    completion_of(option->argument, strlen(option->argument)) == completion)
			return true;
	return false;
}

bool completion_has(const struct program *program, enum completion completion)
{
	for (const struct verb *const *verb = program->verbs; *verb; verb++)
		if (verb_has(*verb, completion))
			return true;
	return false;
}
