/* From C structs back to JSON text, and freeing them, as a table says. Knows no format. */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "spec/base/json_text.h"
#include "spec/table_fields.h"

struct printer {
	struct buffer *to;
	int indent;
	int level;
	bool empty; /* nothing printed yet in the object or array that is open */
};

struct any_list {
	void *v;
	size_t n;
};

static void print_object(struct printer *printer, const struct type *type, const void *object);

static void free_field(const struct field *field, void *at)
{
	struct any_list *list = at;

	switch (field->kind) {
	case KIND_STRING:
	case KIND_JSON:
		free(*(char **)at);
		return;
	case KIND_STRING_LIST:
		string_list_finish(at);
		return;
	case KIND_UINT32_LIST:
	case KIND_UINT64_LIST:
		free(list->v);
		return;
	case KIND_STRING_MAP:
		string_map_finish(at);
		return;
	case KIND_OBJECT:
		table_free(field->type, *(void **)at);
		return;
	case KIND_OBJECT_MAP:
		for (size_t i = 0; i < list->n; i++)
			if (((char ***)list->v)[i])
				free(*((char ***)list->v)[i]); /* the key comes first */
		__attribute__((fallthrough));
	case KIND_OBJECT_LIST:
		table_free_list(field->type, list);
		return;
	default:
		return;
	}
}

void table_free(const struct type *type, void *object)
{
	if (!object)
		return;
	for (size_t i = 0; i < type->field_count; i++)
		free_field(&type->fields[i], (char *)object + type->fields[i].offset);
	free(object);
}

void table_free_list(const struct type *type, void *list)
{
	struct any_list *objects = list;

	for (size_t i = 0; i < objects->n; i++)
		table_free(type, ((void **)objects->v)[i]);
	free(objects->v);
	*objects = (struct any_list){ 0 };
}

static void new_line(struct printer *printer)
{
	if (printer->indent > 0)
		buffer_print(printer->to, "\n%*s", printer->indent * printer->level, "");
}

static void open_bracket(struct printer *printer, const char *bracket)
{
	buffer_add(printer->to, bracket, 1);
	printer->level++;
	printer->empty = true;
}

static void next_element(struct printer *printer)
{
	if (!printer->empty)
		buffer_add(printer->to, ",", 1);
	printer->empty = false;
	new_line(printer);
}

static void next_member(struct printer *printer, const char *key)
{
	next_element(printer);
	buffer_add_json_string(printer->to, key, strlen(key));
	buffer_add(printer->to, ": ", printer->indent > 0 ? 2 : 1);
}

static void close_bracket(struct printer *printer, const char *bracket)
{
	printer->level--;
	if (!printer->empty)
		new_line(printer);
	buffer_add(printer->to, bracket, 1);
	printer->empty = false;
}

static void print_string(struct printer *printer, const char *text)
{
	buffer_add_json_string(printer->to, text ? text : "", text ? strlen(text) : 0);
}

static void print_bool(struct printer *printer, bool value)
{
	buffer_print(printer->to, "%s", value ? "true" : "false");
}

static void print_word(struct printer *printer, const struct word *words, int number)
{
	for (const struct word *word = words; word->name; word++)
		if (word->number == number) {
			print_string(printer, word->name);
			return;
		}
	print_string(printer, "");
}

static void print_flags(struct printer *printer, const struct word *words, uint64_t flags)
{
	open_bracket(printer, "[");
	for (const struct word *word = words; word->name; word++)
		if (flags & (uint64_t)word->number) {
			next_element(printer);
			print_string(printer, word->name);
		}
	close_bracket(printer, "]");
}

static void print_list(struct printer *printer, const struct field *field, const void *at)
{
	const struct any_list *list = at;

	open_bracket(printer, "[");
	for (size_t i = 0; i < list->n; i++) {
		next_element(printer);
		if (field->kind == KIND_STRING_LIST)
			print_string(printer, ((char **)list->v)[i]);
		else if (field->kind == KIND_UINT32_LIST)
			buffer_print(printer->to, "%" PRIu32, ((uint32_t *)list->v)[i]);
		else if (field->kind == KIND_UINT64_LIST)
			buffer_print(printer->to, "%" PRIu64, ((uint64_t *)list->v)[i]);
		else
			print_object(printer, field->type, ((void **)list->v)[i]);
	}
	close_bracket(printer, "]");
}

static void print_string_map(struct printer *printer, const struct string_map *map)
{
	open_bracket(printer, "{");
	for (size_t i = 0; i < map->n; i++) {
		next_member(printer, map->v[i].key);
		print_string(printer, map->v[i].value);
	}
	close_bracket(printer, "}");
}

static void print_object_map(struct printer *printer, const struct field *field, const void *at)
{
	const struct any_list *list = at;

	open_bracket(printer, "{");
	for (size_t i = 0; i < list->n; i++) {
		char **object = ((char ***)list->v)[i];
		next_member(printer, *object);
		print_object(printer, field->type, object);
	}
	close_bracket(printer, "}");
}

/* Whether a field says more than its absence would. */
static bool says_something(const struct field *field, const void *at)
{
	switch (field->kind) {
	case KIND_STRING:
	case KIND_OBJECT:
	case KIND_JSON:
		return *(void *const *)at;
	case KIND_BOOL:
		return *(const bool *)at;
	case KIND_OPT_BOOL:
		return ((const struct opt_bool *)at)->set;
	case KIND_INT64:
	case KIND_UINT64:
	case KIND_FLAGS:
		return *(const uint64_t *)at != 0;
	case KIND_OPT_INT64:
		return ((const struct opt_int64 *)at)->set;
	case KIND_OPT_UINT64:
		return ((const struct opt_uint64 *)at)->set;
	case KIND_UINT32:
		return *(const uint32_t *)at != 0;
	case KIND_OPT_UINT32:
		return ((const struct opt_uint32 *)at)->set;
	case KIND_WORD:
		return *(const int *)at != 0;
	case KIND_STRING_LIST:
	case KIND_UINT32_LIST:
	case KIND_UINT64_LIST:
	case KIND_STRING_MAP:
	case KIND_OBJECT_LIST:
	case KIND_OBJECT_MAP:
		return ((const struct any_list *)at)->n != 0;
	}
	return false;
}

static void print_field(struct printer *printer, const struct field *field, const void *at)
{
	switch (field->kind) {
	case KIND_STRING:
		print_string(printer, *(char *const *)at);
		return;
	case KIND_BOOL:
		print_bool(printer, *(const bool *)at);
		return;
	case KIND_OPT_BOOL:
		print_bool(printer, ((const struct opt_bool *)at)->value);
		return;
	case KIND_INT64:
		buffer_print(printer->to, "%" PRId64, *(const int64_t *)at);
		return;
	case KIND_OPT_INT64:
		buffer_print(printer->to, "%" PRId64, ((const struct opt_int64 *)at)->value);
		return;
	case KIND_UINT64:
		buffer_print(printer->to, "%" PRIu64, *(const uint64_t *)at);
		return;
	case KIND_OPT_UINT64:
		buffer_print(printer->to, "%" PRIu64, ((const struct opt_uint64 *)at)->value);
		return;
	case KIND_UINT32:
		buffer_print(printer->to, "%" PRIu32, *(const uint32_t *)at);
		return;
	case KIND_OPT_UINT32:
		buffer_print(printer->to, "%" PRIu32, ((const struct opt_uint32 *)at)->value);
		return;
	case KIND_WORD:
		print_word(printer, field->words, *(const int *)at);
		return;
	case KIND_FLAGS:
		print_flags(printer, field->words, *(const uint64_t *)at);
		return;
	case KIND_STRING_LIST:
	case KIND_UINT32_LIST:
	case KIND_UINT64_LIST:
	case KIND_OBJECT_LIST:
		print_list(printer, field, at);
		return;
	case KIND_STRING_MAP:
		print_string_map(printer, at);
		return;
	case KIND_OBJECT:
		print_object(printer, field->type, *(void *const *)at);
		return;
	case KIND_OBJECT_MAP:
		print_object_map(printer, field, at);
		return;
	case KIND_JSON:
		buffer_print(printer->to, "%s", *(char *const *)at ? *(char *const *)at : "null");
		return;
	}
}

static void print_object(struct printer *printer, const struct type *type, const void *object)
{
	open_bracket(printer, "{");
	for (size_t i = 0; object && i < type->field_count; i++) {
		const struct field *field = &type->fields[i];
		const void *at = (const char *)object + field->offset;

		if (!field->required && !field->always && !says_something(field, at))
			continue;
		next_member(printer, field->name);
		print_field(printer, field, at);
	}
	close_bracket(printer, "}");
}

void table_print(const struct type *type, const void *object, int indent, struct buffer *to)
{
	struct printer printer = { .to = to, .indent = indent };

	print_object(&printer, type, object);
}
