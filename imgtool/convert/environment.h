/* The environment of a container's process, merged from where `docker run` takes it. Knows no config.json. */
#pragma once

#include <stdbool.h>

#include "spec/base/error.h"
#include "spec/base/text.h"

#define ENVIRONMENT_PATH "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"

/* Most bytes that are read of a file of variables. */
#define ENVIRONMENT_FILE_MAX (4u << 20)

/* Sets a variable, over one of that name or behind the others. Control characters are refused in names, and in
 * the values of HOME and its like, which programs write into files line by line (CRI-O CVE-2026-15809); other
 * values may have several lines, as keys and certificates do. */
int environment_set(struct string_list *environment, const char *name, const char *value,
		    struct error *err);
bool environment_has(const struct string_list *environment, const char *name);

/* An image's variables, each NAME=VALUE (config.md, Env). */
int environment_add_image(struct string_list *environment, const struct string_list *variables,
			  struct error *err);
/* `--env`: NAME=VALUE, or NAME for the caller's own value, which need not exist. */
int environment_add_options(struct string_list *environment, const struct string_list *options,
			    struct error *err);
/* `--env-file`: such a line each; blanks in front are cut, empty lines and those that begin with # say nothing. Values
 * stand as they are, quotes too. */
int environment_add_file(struct string_list *environment, const char *path, struct error *err);
