#include "shim/filter.h"

#include <errno.h>
#include <regex.h>
#include <stdio.h>
#include <string.h>

#include "spec/base/json_text.h"
#include "spec/base/owned.h"

static bool matches(const char *expression, const char *text)
{
	regex_t compiled;

	if (regcomp(&compiled, expression, REG_EXTENDED | REG_NOSUB))
		return false;
	bool found = regexec(&compiled, text, 0, NULL, 0) == 0;
	regfree(&compiled);
	return found;
}

/* ---- what values may be ---- */

static bool is_expression(const char *value)
{
	regex_t compiled;

	if (strlen(value) > 256 || regcomp(&compiled, value, REG_EXTENDED | REG_NOSUB))
		return false;
	regfree(&compiled);
	return true;
}

static bool is_number(const char *value)
{
	int64_t number;

	return text_to_int64(value, &number) == 0;
}

static bool is_status(const char *value)
{
	return state_is_status(value);
}

static bool is_health(const char *value)
{
	for (const struct word *word = health_status_words; word->name; word++)
		if (strcmp(word->name, value) == 0)
			return true;
	return strcmp(value, "none") == 0;
}

static bool is_anything(const char *value)
{
	return *value;
}

/* ---- what they mean ---- */

struct subject {
	const struct record *record;
	const char *image;
};

/* docker takes the image's name with and without its tag. */
static bool has_ancestor(const struct subject *subject, const char *value)
{
	size_t length = strlen(value);

	return subject->image && strncmp(subject->image, value, length) == 0 &&
	       (!subject->image[length] || subject->image[length] == ':' ||
		subject->image[length] == '@');
}

static bool has_exited(const struct subject *subject, const char *value)
{
	int64_t number;

	return text_to_int64(value, &number) == 0 && subject->record->finished &&
	       !state_is_running((enum container_state)subject->record->state) &&
	       number == record_exit_code(subject->record);
}

static bool has_health(const struct subject *subject, const char *value)
{
	const struct health *health = subject->record->health;

	return strcmp(value, health ? health_status_words[health->status].name : "none") == 0;
}

static bool has_id(const struct subject *subject, const char *value)
{
	return matches(value, subject->record->id);
}

/* "key" or "key=value" */
static bool has_label(const struct subject *subject, const char *value)
{
	size_t length = strcspn(value, "=");
	owned_string key = strndup(value, length);
	const char *found = key ? string_map_get(&subject->record->labels, key) : NULL;

	return found && (!value[length] || strcmp(found, value + length + 1) == 0);
}

/* Docker's names begin with a slash, and people write "^/web$". */
static bool has_name(const struct subject *subject, const char *value)
{
	owned_string with_slash = text_format("/%s", subject->record->name);

	return matches(value, subject->record->name) || (with_slash && matches(value, with_slash));
}

static bool has_status(const struct subject *subject, const char *value)
{
	return strcmp(value, state_status((enum container_state)subject->record->state,
					  subject->record->started != 0)) == 0;
}

static const struct {
	const char *name;
	bool (*is_valid)(const char *value);
	bool (*fits)(const struct subject *subject, const char *value);
	bool all; /* every value must fit, and not one of them */
} keys[FILTER_KEYS] = {
	[FILTER_ANCESTOR] = { "ancestor", is_anything, has_ancestor, false },
	[FILTER_EXITED] = { "exited", is_number, has_exited, false },
	[FILTER_HEALTH] = { "health", is_health, has_health, false },
	[FILTER_ID] = { "id", is_expression, has_id, false },
	[FILTER_LABEL] = { "label", is_anything, has_label, true },
	[FILTER_NAME] = { "name", is_expression, has_name, false },
	[FILTER_STATUS] = { "status", is_status, has_status, false },
};

static int refuse(const char *format, const char *text, struct error *err)
{
	char shown[101];

	snprintf(shown, sizeof shown, "%s", text);
	text_make_printable(shown);
	error_set(err, EINVAL, "%s '%s'", format, shown);
	return error_hint(err, "filters are ancestor, exited, health, id, label, name and status");
}

int filter_add(struct filter *filter, const char *text, struct error *err)
{
	const char *equals = strchr(text, '=');

	if (!equals)
		return error_set(err, EINVAL, "bad format of filter (expected name=value)");
	for (size_t i = 0; i < FILTER_KEYS; i++) {
		size_t length = strlen(keys[i].name);

		if ((size_t)(equals - text) != length || strncmp(text, keys[i].name, length) != 0)
			continue;
		if (!keys[i].is_valid(equals + 1))
			return refuse("invalid filter", text, err);
		if (string_list_add(&filter->values[i], equals + 1))
			return error_errno(err, ENOMEM, "filter");
		return 0;
	}
	return refuse("invalid filter", text, err);
}

void filter_finish(struct filter *filter)
{
	for (size_t i = 0; i < FILTER_KEYS; i++)
		string_list_finish(&filter->values[i]);
}

static bool passes_key(const struct filter *filter, size_t key, const struct subject *subject)
{
	const struct string_list *values = &filter->values[key];

	for (size_t i = 0; i < values->n; i++)
		if (keys[key].fits(subject, values->v[i]) != keys[key].all)
			return !keys[key].all;
	return !values->n || keys[key].all;
}

bool filter_passes(const struct filter *filter, const struct record *record, const char *image)
{
	const struct subject subject = { record, image };

	for (size_t i = 0; i < FILTER_KEYS; i++)
		if (!passes_key(filter, i, &subject))
			return false;
	return true;
}
