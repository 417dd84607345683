/* From JSON text to C structs, as a table says. json-c builds the tree; table_scan has refused what
 * json-c would take wrongly. Knows no format. */
#include <json-c/json.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>

#include "spec/base/owned.h"
#include "spec/table_fields.h"
#include "spec/table_path.h"
#include "spec/table_scan.h"

struct reader {
	struct problems *problems;
	const struct string_map *large_integers;
};

/* What every list in a table looks like. */
struct any_list {
	void *v;
	size_t n;
};

static void read_object(const struct reader *reader, const struct table_path *path,
			struct json_object *json, const struct type *type, void *object);

static const char *type_name(struct json_object *json)
{
	switch (json_object_get_type(json)) {
	case json_type_null:
		return "null";
	case json_type_boolean:
		return "boolean";
	case json_type_double:
		return "a number with a fraction or an exponent";
	case json_type_int:
		return "integer";
	case json_type_object:
		return "object";
	case json_type_array:
		return "array";
	case json_type_string:
		return "string";
	}
	return "something else";
}

static bool expect(const struct reader *reader, const struct table_path *path,
		   struct json_object *json, enum json_type type, const char *name)
{
	if (json_object_get_type(json) == type)
		return true;
	table_problem(reader->problems, path, "expected %s, found %s", name, type_name(json));
	return false;
}

static void *allocate(const struct reader *reader, const struct table_path *path, size_t count,
		      size_t size)
{
	void *memory = calloc(count, size);

	if (!memory)
		table_problem(reader->problems, path, "out of memory");
	return memory;
}

static void read_string(const struct reader *reader, const struct table_path *path,
			struct json_object *json, char **ret)
{
	if (!expect(reader, path, json, json_type_string, "string"))
		return;
	const char *text = json_object_get_string(json);
	size_t length = (size_t)json_object_get_string_len(json);
	if (memchr(text, '\0', length)) {
		table_problem(reader->problems, path, "the string contains a NUL character");
		return;
	}
	*ret = allocate(reader, path, length + 1, 1);
	if (*ret)
		memcpy(*ret, text, length);
}

static void read_bool(const struct reader *reader, const struct table_path *path,
		      struct json_object *json, bool *ret)
{
	if (expect(reader, path, json, json_type_boolean, "boolean"))
		*ret = json_object_get_boolean(json);
}

/* The digits behind a value that json-c saturated, or NULL when it is the value that was written. */
static const char *large_integer(const struct reader *reader, const struct table_path *path)
{
	struct buffer key = { 0 };
	const char *literal = NULL;

	if (reader->large_integers->n == 0)
		return NULL;
	table_path_print(path, &key);
	if (!key.failed)
		literal = string_map_get(reader->large_integers, key.text ? key.text : "");
	buffer_finish(&key);
	return literal;
}

static void not_in_range(const struct reader *reader, const struct table_path *path,
			 int64_t minimum, uint64_t maximum, const char *found)
{
	struct buffer text = { 0 };

	if (strlen(found) > 40)
		table_quote(&text, found, strlen(found));
	else
		buffer_print(&text, "%s", found);
	table_problem(reader->problems, path, "expected an integer from %jd to %ju, found %s",
		      (intmax_t)minimum, (uintmax_t)maximum, text.text ? text.text : "another");
	buffer_finish(&text);
}

/* *ret has the number's 64 bits, for the caller to take as signed or unsigned. */
static bool read_integer(const struct reader *reader, const struct table_path *path,
			 struct json_object *json, int64_t minimum, uint64_t maximum, uint64_t *ret)
{
	const char *large = NULL;

	if (json_object_get_type(json) == json_type_double) {
		/* json-c keeps the source text of a number with a fraction or an exponent. */
		not_in_range(reader, path, minimum, maximum, json_object_get_string(json));
		return false;
	}
	if (!expect(reader, path, json, json_type_int, "integer"))
		return false;
	int64_t as_signed = json_object_get_int64(json);
	uint64_t as_unsigned = json_object_get_uint64(json); /* 0 for a negative number */
	if (as_signed == INT64_MIN || as_unsigned == UINT64_MAX)
		large = large_integer(reader, path);
	if (large) {
		not_in_range(reader, path, minimum, maximum, large);
		return false;
	}
	if (as_signed < 0 ? as_signed < minimum
			  : as_unsigned > maximum || (minimum > 0 && as_signed < minimum)) {
		not_in_range(reader, path, minimum, maximum, json_object_to_json_string(json));
		return false;
	}
	*ret = as_signed < 0 ? (uint64_t)as_signed : as_unsigned;
	return true;
}

static void read_number(const struct reader *reader, const struct table_path *path,
			struct json_object *json, const struct field *field, void *at)
{
	int64_t minimum = field->minimum;
	uint64_t maximum = field->maximum, value;

	if (!field->has_range) {
		bool is_signed = field->kind == KIND_INT64 || field->kind == KIND_OPT_INT64;
		bool is_short = field->kind == KIND_UINT32 || field->kind == KIND_OPT_UINT32;

		minimum = is_signed ? INT64_MIN : 0;
		maximum = is_signed ? INT64_MAX : is_short ? UINT32_MAX : UINT64_MAX;
	}
	if (!read_integer(reader, path, json, minimum, maximum, &value))
		return;
	switch (field->kind) {
	case KIND_INT64:
		*(int64_t *)at = (int64_t)value;
		break;
	case KIND_OPT_INT64:
		*(struct opt_int64 *)at = (struct opt_int64){ true, (int64_t)value };
		break;
	case KIND_UINT64:
		*(uint64_t *)at = value;
		break;
	case KIND_OPT_UINT64:
		*(struct opt_uint64 *)at = (struct opt_uint64){ true, value };
		break;
	case KIND_UINT32:
		*(uint32_t *)at = (uint32_t)value;
		break;
	default:
		*(struct opt_uint32 *)at = (struct opt_uint32){ true, (uint32_t)value };
	}
}

static bool read_word(const struct reader *reader, const struct table_path *path,
		      struct json_object *json, const struct word *words, int64_t *ret)
{
	struct buffer text = { 0 };

	if (!expect(reader, path, json, json_type_string, "string"))
		return false;
	const char *found = json_object_get_string(json);
	size_t length = (size_t)json_object_get_string_len(json);
	for (const struct word *word = words; word->name; word++)
		if (strlen(word->name) == length && memcmp(word->name, found, length) == 0) {
			*ret = word->number;
			return true;
		}
	table_quote(&text, found, length);
	buffer_print(&text, ", expected one of");
	for (const struct word *word = words; word->name; word++)
		buffer_print(&text, "%s %s", word == words ? "" : ",", word->name);
	table_problem(reader->problems, path, "unknown value %s", text.text ? text.text : "");
	buffer_finish(&text);
	return false;
}

static void read_flags(const struct reader *reader, const struct table_path *path,
		       struct json_object *json, const struct word *words, uint64_t *ret)
{
	if (!expect(reader, path, json, json_type_array, "array"))
		return;
	for (size_t i = 0; i < json_object_array_length(json); i++) {
		const struct table_path here = { path, NULL, 0, i };
		int64_t number = 0;

		if (read_word(reader, &here, json_object_array_get_idx(json, i), words, &number))
			*ret |= (uint64_t)number;
	}
}

static void *read_new_object(const struct reader *reader, const struct table_path *path,
			     struct json_object *json, const struct type *type)
{
	void *object = allocate(reader, path, 1, type->size);

	if (object)
		read_object(reader, path, json, type, object);
	return object;
}

static void read_list(const struct reader *reader, const struct table_path *path,
		      struct json_object *json, const struct field *field, void *at)
{
	struct any_list *list = at;
	size_t size = field->kind == KIND_UINT32_LIST	? sizeof(uint32_t)
		      : field->kind == KIND_UINT64_LIST ? sizeof(uint64_t)
							: sizeof(void *);

	if (!expect(reader, path, json, json_type_array, "array"))
		return;
	size_t n = json_object_array_length(json);
	list->v = n ? allocate(reader, path, n + 1, size) : NULL;
	if (!list->v)
		return;
	list->n = n;
	for (size_t i = 0; i < n; i++) {
		const struct table_path here = { path, NULL, 0, i };
		struct json_object *element = json_object_array_get_idx(json, i);
		uint64_t value = 0;

		if (field->kind == KIND_STRING_LIST) {
			read_string(reader, &here, element, (char **)list->v + i);
		} else if (field->kind == KIND_UINT32_LIST) {
			read_integer(reader, &here, element, 0, UINT32_MAX, &value);
			((uint32_t *)list->v)[i] = (uint32_t)value;
		} else if (field->kind == KIND_UINT64_LIST) {
			read_integer(reader, &here, element, 0, UINT64_MAX,
				     (uint64_t *)list->v + i);
		} else {
			((void **)list->v)[i] =
				read_new_object(reader, &here, element, field->type);
		}
	}
}

static void read_string_map(const struct reader *reader, const struct table_path *path,
			    struct json_object *json, struct string_map *map)
{
	if (!expect(reader, path, json, json_type_object, "object"))
		return;
	size_t n = (size_t)json_object_object_length(json);
	map->v = n ? allocate(reader, path, n, sizeof *map->v) : NULL;
	if (!map->v)
		return;
	json_object_object_foreach(json, key, value)
	{
		const struct table_path here = { path, key, strlen(key), 0 };
		struct string_pair *pair = &map->v[map->n++];

		pair->key = strdup(key);
		if (!pair->key)
			table_problem(reader->problems, &here, "out of memory");
		read_string(reader, &here, value, &pair->value);
	}
}

static void read_object_map(const struct reader *reader, const struct table_path *path,
			    struct json_object *json, const struct type *type,
			    struct any_list *list)
{
	if (!expect(reader, path, json, json_type_object, "object"))
		return;
	size_t n = (size_t)json_object_object_length(json);
	list->v = n ? allocate(reader, path, n + 1, sizeof(void *)) : NULL;
	if (!list->v)
		return;
	json_object_object_foreach(json, key, value)
	{
		const struct table_path here = { path, key, strlen(key), 0 };
		char **object = read_new_object(reader, &here, value, type);

		((void **)list->v)[list->n++] = object;
		if (object && !(*object = strdup(key)))
			table_problem(reader->problems, &here, "out of memory");
	}
}

static void read_json(const struct reader *reader, const struct table_path *path,
		      struct json_object *json, char **ret)
{
	*ret = strdup(json_object_to_json_string_ext(json, JSON_C_TO_STRING_PLAIN));
	if (!*ret)
		table_problem(reader->problems, path, "out of memory");
}

static void read_field(const struct reader *reader, const struct table_path *path,
		       struct json_object *json, const struct field *field, void *at)
{
	int64_t number;

	switch (field->kind) {
	case KIND_STRING:
		read_string(reader, path, json, at);
		return;
	case KIND_BOOL:
		read_bool(reader, path, json, at);
		return;
	case KIND_OPT_BOOL:
		((struct opt_bool *)at)->set = true;
		read_bool(reader, path, json, &((struct opt_bool *)at)->value);
		return;
	case KIND_INT64:
	case KIND_OPT_INT64:
	case KIND_UINT64:
	case KIND_OPT_UINT64:
	case KIND_UINT32:
	case KIND_OPT_UINT32:
		read_number(reader, path, json, field, at);
		return;
	case KIND_WORD:
		if (read_word(reader, path, json, field->words, &number))
			*(int *)at = (int)number;
		return;
	case KIND_FLAGS:
		read_flags(reader, path, json, field->words, at);
		return;
	case KIND_STRING_LIST:
	case KIND_UINT32_LIST:
	case KIND_UINT64_LIST:
	case KIND_OBJECT_LIST:
		read_list(reader, path, json, field, at);
		return;
	case KIND_STRING_MAP:
		read_string_map(reader, path, json, at);
		return;
	case KIND_OBJECT:
		*(void **)at = read_new_object(reader, path, json, field->type);
		return;
	case KIND_OBJECT_MAP:
		read_object_map(reader, path, json, field->type, at);
		return;
	case KIND_JSON:
		read_json(reader, path, json, at);
		return;
	}
}

/* Go programs write null for an empty slice or pointer, and "" for a string nobody set. */
static bool means_absent(const struct field *field, struct json_object *json)
{
	if (!json)
		return true;
	return (field->kind == KIND_STRING || field->kind == KIND_WORD) &&
	       json_object_get_type(json) == json_type_string &&
	       json_object_get_string_len(json) == 0;
}

/* Where a table has no fields, the key alone says something: Go writes {} or null. */
static void read_object(const struct reader *reader, const struct table_path *path,
			struct json_object *json, const struct type *type, void *object)
{
	if (!type->field_count || !expect(reader, path, json, json_type_object, "object"))
		return;
	for (size_t i = 0; i < type->field_count; i++) {
		const struct field *field = &type->fields[i];
		const struct table_path here = { path, field->name, strlen(field->name), 0 };
		struct json_object *value = NULL;
		bool found = json_object_object_get_ex(json, field->name, &value);

		if (field->required && !value)
			table_problem(reader->problems, &here, "required, but %s",
				      found ? "null" : "missing");
		else if (field->required || !means_absent(field, value))
			read_field(reader, &here, value, field, (char *)object + field->offset);
	}
}

static struct json_object *parse_tree(const char *text, size_t length, struct problems *problems)
{
	/* json-c counts the document itself as a level. */
	struct json_tokener *tokener = json_tokener_new_ex(TABLE_DEPTH_MAX + 2);
	struct json_object *json = NULL;

	if (!tokener) {
		problems_add(problems, "the document: out of memory");
		return NULL;
	}
	json_tokener_set_flags(tokener, JSON_TOKENER_STRICT);
	json = json_tokener_parse_ex(tokener, text, (int)length);
	enum json_tokener_error error = json_tokener_get_error(tokener);
	/* A lone number ends only where the text does. */
	if (error == json_tokener_continue) {
		json = json_tokener_parse_ex(tokener, "", 1);
		error = json_tokener_get_error(tokener);
	}
	if (error != json_tokener_success)
		problems_add(problems, "the document: not valid JSON at byte %zu: %s",
			     json_tokener_get_parse_end(tokener), json_tokener_error_desc(error));
	json_tokener_free(tokener);
	return json;
}

/* The text's tree; NULL with problems, or for null. */
static struct json_object *parse_text(const char *text, size_t length, struct scan_result *scan,
				      struct problems *problems)
{
	if (length > INT_MAX) {
		problems_add(problems, "the document: %zu bytes are too many", length);
		return NULL;
	}
	return table_scan(text, length, scan, problems) == 0 ? parse_tree(text, length, problems)
							     : NULL;
}

void *table_parse(const struct type *type, const char *text, size_t length,
		  struct problems *problems)
{
	const struct table_path document = { 0 };
	struct scan_result scan = { 0 };
	const struct reader reader = { problems, &scan.large_integers };
	size_t before = problems_count(problems);
	void *object = NULL;
	struct json_object *json = parse_text(text, length, &scan, problems);

	if (json || problems_count(problems) == before) /* NULL also stands for null */
		object = read_new_object(&reader, &document, json, type);
	json_object_put(json);
	scan_result_finish(&scan);
	if (object && problems_count(problems) > before) {
		table_free(type, object);
		object = NULL;
	}
	return object;
}

int table_parse_list(const struct type *type, const char *text, size_t length, void *list,
		     struct problems *problems)
{
	const struct table_path document = { 0 };
	const struct field elements = { .kind = KIND_OBJECT_LIST, .type = type };
	struct scan_result scan = { 0 };
	const struct reader reader = { problems, &scan.large_integers };
	size_t before = problems_count(problems);
	struct json_object *json = parse_text(text, length, &scan, problems);

	*(struct any_list *)list = (struct any_list){ 0 };
	if (json || problems_count(problems) == before)
		read_list(&reader, &document, json, &elements, list);
	json_object_put(json);
	scan_result_finish(&scan);
	if (problems_count(problems) == before)
		return 0;
	table_free_list(type, list);
	return -1;
}
