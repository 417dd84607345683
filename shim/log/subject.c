#include "shim/log/subject.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "shim/log/encode.h"
#include "spec/base/owned.h"

enum { SHORT_ID = 12 };

/* ---- the tag ---- */

/* Appends what the word between braces at @word stands for; returns false when there is no such word. */
static bool add_word(struct buffer *to, const char *word, size_t length,
		     const struct log_subject *subject)
{
	const struct {
		const char *name, *value;
		size_t max;
	} words[] = {
		{ ".ID", subject->id, SHORT_ID },
		{ ".FullID", subject->id, SIZE_MAX },
		{ ".Name", subject->name, SIZE_MAX },
		{ ".ImageName", subject->image, SIZE_MAX },
	};

	for (; length && *word == ' '; word++)
		length--;
	while (length && word[length - 1] == ' ')
		length--;
	for (size_t i = 0; i < sizeof words / sizeof *words; i++)
		if (strlen(words[i].name) == length && strncmp(words[i].name, word, length) == 0) {
			buffer_add(to, words[i].value, strnlen(words[i].value, words[i].max));
			return true;
		}
	return false;
}

char *log_tag(const char *template, const struct log_subject *subject, struct error *err)
{
	OWNED(buffer_finish) struct buffer tag = { 0 };
	const char *at = template;

	buffer_add(&tag, "", 0);
	for (const char *open; (open = strstr(at, "{{"));) {
		const char *word = open + 2, *close = strstr(word, "}}");
		buffer_add(&tag, at, (size_t)(open - at));
		if (!close || !add_word(&tag, word, (size_t)(close - word), subject)) {
			error_set(err, EINVAL,
				  "log option tag=%.200s: knows {{.ID}}, {{.FullID}}, {{.Name}} "
				  "and {{.ImageName}}",
				  template);
			return NULL;
		}
		at = close + 2;
	}
	buffer_add(&tag, at, strlen(at));
	if (tag.failed) {
		error_errno(err, ENOMEM, "log option tag");
		return NULL;
	}
	return tag.text ? take_pointer(tag.text) : strdup("");
}

/* ---- labels and variables ---- */

static int set_attribute(struct string_map *map, const char *key, const char *value)
{
	size_t at = 0;

	while (at < map->n && strcmp(map->v[at].key, key) < 0)
		at++;
	owned_string copy = strdup(value);
	if (!copy)
		return -1;
	if (at < map->n && strcmp(map->v[at].key, key) == 0) {
		free(map->v[at].value);
		map->v[at].value = take_pointer(copy);
		return 0;
	}
	owned_string name = strdup(key);
	struct string_pair *larger = name ? reallocarray(map->v, map->n + 1, sizeof *larger) : NULL;
	if (!larger)
		return -1;
	map->v = larger;
	memmove(larger + at + 1, larger + at, (map->n - at) * sizeof *larger);
	larger[at] = (struct string_pair){ take_pointer(name), take_pointer(copy) };
	map->n++;
	return 0;
}

/* The value of variable @name, or NULL. */
static const char *find_variable(const struct string_list *env, const char *name)
{
	size_t length = strlen(name);

	for (size_t i = 0; env && i < env->n; i++)
		if (strncmp(env->v[i], name, length) == 0 && env->v[i][length] == '=')
			return env->v[i] + length + 1;
	return NULL;
}

static int collect(const struct log_options *options, const struct log_subject *subject,
		   struct string_map *ret)
{
	for (size_t i = 0; i < options->labels.n; i++) {
		const char *name = options->labels.v[i];
		const char *value = subject->labels ? string_map_get(subject->labels, name) : NULL;
		if (value && set_attribute(ret, name, value))
			return -1;
	}
	for (size_t i = 0; i < options->env.n; i++) {
		const char *name = options->env.v[i];
		const char *value = find_variable(subject->env, name);
		if (value && set_attribute(ret, name, value))
			return -1;
	}
	return 0;
}

int log_attributes(const struct log_options *options, const struct log_subject *subject,
		   struct string_map *ret, struct error *err)
{
	*ret = (struct string_map){ 0 };
	if (collect(options, subject, ret))
		return error_errno(err, ENOMEM, "the log's attributes");
	return 0;
}

static int add_tag(const struct log_options *options, const struct log_subject *subject,
		   struct string_map *attributes, struct error *err)
{
	if (!options->tag || !*options->tag)
		return 0;
	owned_string tag = log_tag(options->tag, subject, err);
	if (!tag)
		return -1;
	if (*tag && set_attribute(attributes, "tag", tag))
		return error_errno(err, ENOMEM, "log option tag");
	return 0;
}

int log_attributes_json(const struct log_options *options, const struct log_subject *subject,
			char **ret, struct error *err)
{
	OWNED(string_map_finish) struct string_map attributes = { 0 };
	OWNED(buffer_finish) struct buffer text = { 0 };

	*ret = NULL;
	if (log_attributes(options, subject, &attributes, err) ||
	    add_tag(options, subject, &attributes, err))
		return -1;
	if (attributes.n == 0)
		return 0;
	for (size_t i = 0; i < attributes.n; i++) {
		buffer_add(&text, i ? "," : "{", 1);
		log_add_json_string(&text, attributes.v[i].key);
		buffer_add(&text, ":", 1);
		log_add_json_string(&text, attributes.v[i].value);
	}
	buffer_add(&text, "}", 1);
	if (text.failed)
		return error_errno(err, ENOMEM, "the log's attributes");
	*ret = take_pointer(text.text);
	return 0;
}
