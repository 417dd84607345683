#include "imgtool/convert/environment.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>

#include "spec/base/io.h"
#include "spec/base/owned.h"
#include "spec/table_path.h"

static bool is_one_line(const char *name)
{
	static const char *const names[] = { "HOME",  "HOSTNAME", "LOGNAME", "PATH",
					     "SHELL", "TERM",	  "USER" };

	for (size_t i = 0; i < sizeof names / sizeof *names; i++)
		if (strcmp(names[i], name) == 0)
			return true;
	return false;
}

static int refuse(const char *name, const char *words, struct error *err)
{
	owned_string quoted = table_quoted(name);

	return error_set(err, EINVAL, "environment variable %s: %s", quoted, words);
}

static int check(const char *name, const char *value, struct error *err)
{
	if (!*name)
		return refuse(name, "has no name", err);
	if (text_has_control(name))
		return refuse(name, "control character in the name", err);
	if (is_one_line(name) && text_has_control(value))
		return refuse(name, "control character in the value", err);
	return 0;
}

static char **find(const struct string_list *environment, const char *name)
{
	size_t length = strlen(name);

	for (size_t i = 0; i < environment->n; i++)
		if (strncmp(environment->v[i], name, length) == 0 &&
		    environment->v[i][length] == '=')
			return &environment->v[i];
	return NULL;
}

bool environment_has(const struct string_list *environment, const char *name)
{
	return find(environment, name);
}

int environment_set(struct string_list *environment, const char *name, const char *value,
		    struct error *err)
{
	if (check(name, value, err))
		return -1;
	owned_string variable = text_format("%s=%s", name, value);
	char **old = find(environment, name);
	if (!variable)
		return error_errno(err, ENOMEM, "environment");
	if (old) {
		free(*old);
		*old = take_pointer(variable);
		return 0;
	}
	if (string_list_add(environment, variable))
		return error_errno(err, ENOMEM, "environment");
	return 0;
}

/* @equals: the first '=' of @variable. */
static int set_variable(struct string_list *environment, const char *variable, const char *equals,
			struct error *err)
{
	owned_string name = strndup(variable, (size_t)(equals - variable));

	if (!name)
		return error_errno(err, ENOMEM, "environment");
	return environment_set(environment, name, equals + 1, err);
}

int environment_add_image(struct string_list *environment, const struct string_list *variables,
			  struct error *err)
{
	for (size_t i = 0; i < variables->n; i++) {
		const char *equals = strchr(variables->v[i], '=');

		if (!equals)
			return refuse(variables->v[i], "the image gives it no value", err);
		if (set_variable(environment, variables->v[i], equals, err))
			return error_prefix(err, "image");
	}
	return 0;
}

static int add_option(struct string_list *environment, const char *option, struct error *err)
{
	const char *equals = strchr(option, '=');

	if (equals)
		return set_variable(environment, option, equals, err);
	if (check(option, "", err))
		return -1;
	const char *value = getenv(option);
	return value ? environment_set(environment, option, value, err) : 0;
}

int environment_add_options(struct string_list *environment, const struct string_list *options,
			    struct error *err)
{
	for (size_t i = 0; i < options->n; i++)
		if (add_option(environment, options->v[i], err))
			return error_prefix(err, "--env");
	return 0;
}

static int add_line(struct string_list *environment, const char *line, struct error *err)
{
	static const char blanks[] = " \t\v\f\r";

	line += strspn(line, blanks);
	if (!*line || *line == '#')
		return 0;
	size_t length = strcspn(line, "=");
	if (strcspn(line, blanks) < length)
		return refuse(line, "blank in the name", err);
	return add_option(environment, line, err);
}

int environment_add_file(struct string_list *environment, const char *path, struct error *err)
{
	static const char byte_order_mark[] = "\xef\xbb\xbf";
	owned_string text = NULL;
	size_t length, number = 0;

	if (read_file_at(AT_FDCWD, path, ENVIRONMENT_FILE_MAX, &text, &length, err))
		return error_prefix(err, "--env-file");
	if (strlen(text) != length)
		return error_set(err, EINVAL, "--env-file %s: the file contains a NUL character",
				 path);
	char *rest = text_starts_with(text, byte_order_mark) ? text + strlen(byte_order_mark)
							     : text;
	for (char *line; (line = strsep(&rest, "\n"));) {
		size_t end = strlen(line);

		number++;
		if (end && line[end - 1] == '\r')
			line[end - 1] = '\0';
		if (add_line(environment, line, err))
			return error_prefix(err, "--env-file %s: line %zu", path, number);
	}
	return 0;
}
