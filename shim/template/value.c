#include "shim/template/value.h"

#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "spec/base/json_text.h"
#include "spec/base/owned.h"

bool value_is_true(struct json_object *value)
{
	switch (json_object_get_type(value)) {
	case json_type_null:
		return false;
	case json_type_boolean:
		return json_object_get_boolean(value);
	case json_type_int:
		return json_object_get_int64(value) != 0;
	case json_type_double:
		return json_object_get_double(value) != 0;
	case json_type_string:
		return json_object_get_string_len(value) > 0;
	case json_type_array:
		return json_object_array_length(value) > 0;
	case json_type_object:
		return json_object_object_length(value) > 0;
	}
	return false;
}

static int compare_keys(const void *a, const void *b)
{
	return strcmp(*(const char *const *)a, *(const char *const *)b);
}

const char **value_keys(struct json_object *object, size_t *n)
{
	const char **keys =
		calloc((size_t)json_object_object_length(object) + 1, sizeof(const char *));
	size_t count = 0;

	if (!keys)
		return NULL;
	json_object_object_foreach(object, key, value)
	{
		(void)value;
		keys[count++] = key;
	}
	if (count)
		qsort(keys, count, sizeof *keys, compare_keys);
	*n = count;
	return keys;
}

/* The shortest decimal form that is read back as the same number, with an exponent where Go has one; JSON has no
 * infinity. */
static void print_double(double number, struct buffer *to)
{
	char text[40];
	int decimals = 0;

	do
		snprintf(text, sizeof text, "%.*e", decimals, number);
	while (strtod(text, NULL) != number && ++decimals < 17);
	const char *e = strchr(text, 'e');
	long exponent = e ? strtol(e + 1, NULL, 10) : 0;
	if (exponent < -4 || exponent >= 21)
		buffer_print(to, "%s", text);
	else
		buffer_print(to, "%.*f", exponent < decimals ? decimals - (int)exponent : 0,
			     number);
}

static void print_array(struct json_object *array, struct buffer *to)
{
	size_t n = json_object_array_length(array);

	buffer_add(to, "[", 1);
	for (size_t i = 0; i < n; i++) {
		if (i)
			buffer_add(to, " ", 1);
		value_print(json_object_array_get_idx(array, i), to);
	}
	buffer_add(to, "]", 1);
}

static void print_object(struct json_object *object, struct buffer *to)
{
	size_t n = 0;
	owned_memory const char **keys = value_keys(object, &n);

	if (!keys)
		to->failed = true;
	buffer_print(to, "map[");
	for (size_t i = 0; keys && i < n; i++) {
		struct json_object *member = NULL;

		json_object_object_get_ex(object, keys[i], &member);
		buffer_print(to, "%s%s:", i ? " " : "", keys[i]);
		value_print(member, to);
	}
	buffer_add(to, "]", 1);
}

/* An integer that only an unsigned one holds is the largest signed one to json_object_get_int64. */
static void print_integer(struct json_object *value, struct buffer *to)
{
	int64_t as_signed = json_object_get_int64(value);

	if (as_signed == INT64_MAX)
		buffer_print(to, "%" PRIu64, json_object_get_uint64(value));
	else
		buffer_print(to, "%" PRId64, as_signed);
}

void value_print(struct json_object *value, struct buffer *to)
{
	switch (json_object_get_type(value)) {
	case json_type_null:
		buffer_print(to, "<nil>");
		return;
	case json_type_boolean:
		buffer_print(to, "%s", json_object_get_boolean(value) ? "true" : "false");
		return;
	case json_type_int:
		print_integer(value, to);
		return;
	case json_type_double:
		print_double(json_object_get_double(value), to);
		return;
	case json_type_string:
		buffer_add(to, json_object_get_string(value),
			   (size_t)json_object_get_string_len(value));
		return;
	case json_type_array:
		print_array(value, to);
		return;
	case json_type_object:
		print_object(value, to);
		return;
	}
}

static void print_json_object(struct json_object *object, struct buffer *to)
{
	const char *separator = "";

	buffer_add(to, "{", 1);
	json_object_object_foreach(object, key, member)
	{
		buffer_print(to, "%s", separator);
		buffer_add_json_string(to, key, strlen(key));
		buffer_add(to, ":", 1);
		value_print_json(member, to);
		separator = ",";
	}
	buffer_add(to, "}", 1);
}

static void print_json_array(struct json_object *array, struct buffer *to)
{
	size_t n = json_object_array_length(array);

	buffer_add(to, "[", 1);
	for (size_t i = 0; i < n; i++) {
		if (i)
			buffer_add(to, ",", 1);
		value_print_json(json_object_array_get_idx(array, i), to);
	}
	buffer_add(to, "]", 1);
}

void value_print_json(struct json_object *value, struct buffer *to)
{
	switch (json_object_get_type(value)) {
	case json_type_null:
		buffer_print(to, "null");
		return;
	case json_type_string:
		buffer_add_json_string(to, json_object_get_string(value),
				       (size_t)json_object_get_string_len(value));
		return;
	case json_type_array:
		print_json_array(value, to);
		return;
	case json_type_object:
		print_json_object(value, to);
		return;
	default:
		value_print(value, to);
	}
}

bool value_is_number(struct json_object *value)
{
	return json_object_is_type(value, json_type_int) ||
	       json_object_is_type(value, json_type_double);
}

bool value_is_text(struct json_object *value)
{
	return json_object_is_type(value, json_type_string);
}

static int compare_texts(struct json_object *a, struct json_object *b)
{
	size_t length_a = (size_t)json_object_get_string_len(a);
	size_t length_b = (size_t)json_object_get_string_len(b);
	int order = memcmp(json_object_get_string(a), json_object_get_string(b),
			   length_a < length_b ? length_a : length_b);

	if (order == 0)
		return length_a < length_b ? -1 : length_a > length_b;
	return order < 0 ? -1 : 1;
}

int value_compare(struct json_object *a, struct json_object *b)
{
	if (json_object_is_type(a, json_type_int) && json_object_is_type(b, json_type_int)) {
		int64_t x = json_object_get_int64(a), y = json_object_get_int64(b);

		return x < y ? -1 : x > y;
	}
	if (value_is_number(a) && value_is_number(b)) {
		double x = json_object_get_double(a), y = json_object_get_double(b);

		return isless(x, y) ? -1 : isgreater(x, y);
	}
	if (value_is_text(a) && value_is_text(b))
		return compare_texts(a, b);
	if (json_object_is_type(a, json_type_boolean) && json_object_is_type(b, json_type_boolean))
		return json_object_get_boolean(a) == json_object_get_boolean(b) ? 0 : VALUE_UNEQUAL;
	if (!a || !b)
		return a == b ? 0 : VALUE_UNEQUAL;
	return VALUE_INCOMPARABLE;
}
