/* What a log says of its container: tag, labels and environment as attributes. Opens nothing. */
#pragma once

#include "shim/log/options.h"
#include "spec/base/text.h"

struct log_subject {
	const char *id, *name, *image;	 /* image: "" when it is not known */
	const struct string_map *labels; /* NULL: none */
	const struct string_list *env;	 /* "NAME=VALUE"; NULL: none */
};

/* @template with what its {{.ID}} (twelve characters), {{.FullID}}, {{.Name}} and {{.ImageName}} stand for,
 * to be freed; NULL with an error (EINVAL) for other words in braces. */
char *log_tag(const char *template, const struct log_subject *subject, struct error *err);

/* The labels and variables that @options names and @subject has, ordered by name as Go's encoder does; a
 * variable takes the place of a label of its name. @ret must be finished. */
int log_attributes(const struct log_options *options, const struct log_subject *subject,
		   struct string_map *ret, struct error *err);

/* The same with the tag, where one is asked for, as a JSON object for json-file, to be freed. *ret is NULL
 * when there is nothing to say. */
int log_attributes_json(const struct log_options *options, const struct log_subject *subject,
			char **ret, struct error *err);
