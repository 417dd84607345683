#include "shim/log/options.h"

#include <ctype.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "shim/log/place.h"

static const char *const driver_names[] = { "k8s-file", "json-file", "journald", "none" };
enum { DRIVERS = sizeof driver_names / sizeof *driver_names };

const char *log_driver_name(enum log_driver driver)
{
	return driver_names[driver];
}

/* ---- sizes ---- */

/* "", "b", "k", "kb" or "kib" and so on: what a number before it is multiplied with; 0: something else. */
static int64_t size_unit(const char *text)
{
	static const char letters[] = "kmgtp";
	const char *letter = *text ? strchr(letters, tolower((unsigned char)*text)) : NULL;
	int64_t unit = 1;

	if (!*text || strcasecmp(text, "b") == 0)
		return 1;
	if (!letter ||
	    (text[1] && strcasecmp(text + 1, "b") != 0 && strcasecmp(text + 1, "ib") != 0))
		return 0;
	for (const char *each = letters; each <= letter; each++)
		unit *= 1000;
	return unit;
}

/* Decimal digits with at most one point among them; returns where they end. */
static const char *take_size(const char *text, double *ret)
{
	double digit = 1;
	bool is_fraction = false;

	for (*ret = 0; isdigit((unsigned char)*text) || (*text == '.' && !is_fraction); text++) {
		if (*text == '.') {
			is_fraction = true;
			continue;
		}
		if (is_fraction)
			*ret += (*text - '0') * (digit /= 10);
		else
			*ret = *ret * 10 + (*text - '0');
	}
	return text;
}

int log_size_parse(const char *text, int64_t *ret, struct error *err)
{
	double number = 0;
	const char *at = isdigit((unsigned char)*text) ? take_size(text, &number) : text;
	int64_t unit = at == text ? 0 : size_unit(at + (*at == ' ' && at[1]));

	number *= (double)unit;
	if (!unit || !(number < 0x1p62))
		return error_set(err, EINVAL,
				 "invalid size '%.100s': wants a number of bytes, or one with a "
				 "unit such as 500k or 10m",
				 text);
	*ret = (int64_t)number;
	if (*ret < 1)
		return error_set(err, EINVAL, "max-size must be a positive number");
	return 0;
}

/* ---- one option ---- */

static int parse_path(const char *value, struct log_options *options, struct error *err)
{
	const char *slash = strrchr(value, '/');

	if (*value != '/' || !slash[1])
		return error_set(err, EINVAL,
				 "invalid log option path=%.200s: wants an absolute path of a file",
				 value);
	free(options->path);
	options->path = strdup(value);
	return options->path ? 0 : error_errno(err, ENOMEM, "log option path");
}

static int parse_max_size(const char *value, struct log_options *options, struct error *err)
{
	return log_size_parse(value, &options->max_size, err);
}

static int parse_max_file(const char *value, struct log_options *options, struct error *err)
{
	int64_t number;

	if (text_to_int64(value, &number))
		return error_set(err, EINVAL, "invalid log option max-file=%.100s: wants a number",
				 value);
	if (number < 1)
		return error_set(err, EINVAL, "max-file cannot be less than 1");
	if (number > LOG_FILES_MAX)
		return error_set(err, EINVAL, "max-file cannot be more than %d", LOG_FILES_MAX);
	options->max_file = (unsigned)number;
	return 0;
}

static int parse_tag(const char *value, struct log_options *options, struct error *err)
{
	free(options->tag);
	options->tag = strdup(value);
	return options->tag ? 0 : error_errno(err, ENOMEM, "log option tag");
}

static int add_names(const char *value, struct string_list *list, struct error *err)
{
	while (*value) {
		size_t length = strcspn(value, ",");
		char *name = strndup(value, length);
		int failed = !name || (length && string_list_add(list, name));
		free(name);
		if (failed)
			return error_errno(err, ENOMEM, "log option");
		value += length + (value[length] == ',');
	}
	return 0;
}

static int parse_labels(const char *value, struct log_options *options, struct error *err)
{
	return add_names(value, &options->labels, err);
}

static int parse_env(const char *value, struct log_options *options, struct error *err)
{
	return add_names(value, &options->env, err);
}

/* ---- all of them ---- */

enum {
	FOR_K8S = 1 << LOG_DRIVER_K8S_FILE,
	FOR_JSON = 1 << LOG_DRIVER_JSON_FILE,
	FOR_JOURNALD = 1 << LOG_DRIVER_JOURNALD,
};

static const struct option {
	const char *key;
	unsigned drivers;
	int (*parse)(const char *value, struct log_options *options, struct error *err);
} known[] = {
	{ "path", FOR_K8S | FOR_JSON, parse_path },
	{ "max-size", FOR_K8S | FOR_JSON, parse_max_size },
	{ "max-file", FOR_K8S | FOR_JSON, parse_max_file },
	{ "tag", FOR_JSON | FOR_JOURNALD, parse_tag },
	{ "labels", FOR_JSON | FOR_JOURNALD, parse_labels },
	{ "env", FOR_JSON | FOR_JOURNALD, parse_env },
};
enum { KNOWN = sizeof known / sizeof *known };

static int parse_option(const struct string_pair *pair, struct log_options *options,
			struct error *err)
{
	for (size_t i = 0; i < KNOWN; i++)
		if (strcmp(known[i].key, pair->key) == 0 &&
		    (known[i].drivers & 1u << options->driver))
			return known[i].parse(pair->value, options, err);
	return error_set(err, EINVAL, "unknown log opt '%.100s' for %s log driver", pair->key,
			 driver_names[options->driver]);
}

static int parse_driver(const char *name, enum log_driver *ret, struct error *err)
{
	for (int i = 0; i < DRIVERS; i++)
		if (!name || strcmp(driver_names[i], name) == 0) {
			*ret = (enum log_driver)i;
			return 0;
		}
	return error_set(
		err, EINVAL,
		"unknown log driver '%.100s': there are k8s-file, json-file, journald and none",
		name);
}

int log_options_parse(const char *driver, const struct string_map *options, struct log_options *ret,
		      struct error *err)
{
	*ret = (struct log_options){ .max_file = 1 };
	if (parse_driver(driver, &ret->driver, err))
		return -1;
	for (size_t i = 0; i < options->n; i++)
		if (parse_option(&options->v[i], ret, err))
			return -1;
	return 0;
}

void log_options_finish(struct log_options *options)
{
	free(options->path);
	free(options->tag);
	string_list_finish(&options->labels);
	string_list_finish(&options->env);
	*options = (struct log_options){ 0 };
}
