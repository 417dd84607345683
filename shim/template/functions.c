#include "shim/template/functions.h"

#include <ctype.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "shim/template/printf.h"
#include "shim/template/template.h"
#include "shim/template/value.h"
#include "spec/base/json_text.h"
#include "spec/base/owned.h"

static void set_message(struct function_call *call, const char *format, ...)
	__attribute__((format(printf, 2, 3)));
static void set_message(struct function_call *call, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	vsnprintf(call->message, sizeof call->message, format, args);
	va_end(args);
}

#define fail(call, ...) (set_message(call, __VA_ARGS__), false)

static bool no_memory(struct function_call *call)
{
	return fail(call, "out of memory");
}

/* ---- arguments and results ---- */

static bool return_object(struct function_call *call, struct json_object *object)
{
	call->result = object;
	return object || no_memory(call);
}

static bool return_text(struct function_call *call, struct buffer *text)
{
	if (text->length > TEMPLATE_TEXTS_MAX)
		return fail(call, "the text is too long");
	return text->failed ? no_memory(call)
			    : return_object(call,
					    json_object_new_string_len(text->text ? text->text : "",
								       (int)text->length));
}

static bool return_bool(struct function_call *call, bool value)
{
	return return_object(call, json_object_new_boolean(value));
}

static bool need_text(struct function_call *call, size_t argument, const char **text)
{
	struct json_object *value = call->arguments[argument];

	if (!value_is_text(value))
		return fail(call, "argument %zu is no text", argument + 1);
	*text = json_object_get_string(value);
	return true;
}

static bool need_integer(struct function_call *call, size_t argument, int64_t *ret)
{
	struct json_object *value = call->arguments[argument];

	if (!json_object_is_type(value, json_type_int))
		return fail(call, "argument %zu is no integer", argument + 1);
	*ret = json_object_get_int64(value);
	return true;
}

/* ---- Go's ---- */

static bool run_not(struct function_call *call)
{
	return return_bool(call, !value_is_true(call->arguments[0]));
}

static bool run_len(struct function_call *call)
{
	struct json_object *value = call->arguments[0];
	int64_t length;

	if (value_is_text(value))
		length = json_object_get_string_len(value);
	else if (json_object_is_type(value, json_type_array))
		length = (int64_t)json_object_array_length(value);
	else if (json_object_is_type(value, json_type_object))
		length = json_object_object_length(value);
	else
		return fail(call, "len of %s", json_type_to_name(json_object_get_type(value)));
	return return_object(call, json_object_new_int64(length));
}

/* One step of index: from *value to what it has under call's argument number @i. */
static bool index_once(struct function_call *call, size_t i, struct json_object **value)
{
	int64_t number;
	const char *key;

	if (json_object_is_type(*value, json_type_array)) {
		if (!need_integer(call, i, &number))
			return fail(call, "cannot index an array with what is no integer");
		if (number < 0 || (uint64_t)number >= json_object_array_length(*value))
			return fail(call, "index out of range: %jd", (intmax_t)number);
		*value = json_object_array_get_idx(*value, (size_t)number);
		return true;
	}
	if (!json_object_is_type(*value, json_type_object))
		return fail(call, "cannot index %s",
			    *value ? json_type_to_name(json_object_get_type(*value)) : "nil");
	if (!need_text(call, i, &key))
		return fail(call, "cannot index an object with what is no text");
	return true;
}

static bool run_index(struct function_call *call)
{
	struct json_object *value = call->arguments[0];

	for (size_t i = 1; i < call->n; i++) {
		bool is_object = json_object_is_type(value, json_type_object);

		if (!index_once(call, i, &value))
			return false;
		/* Labels are what is looked up: where Go has a map of texts, a missing one is "". */
		if (is_object &&
		    !json_object_object_get_ex(value, json_object_get_string(call->arguments[i]),
					       &value)) {
			return i + 1 < call->n ? fail(call, "the object has no such member")
					       : return_object(call, json_object_new_string(""));
		}
	}
	call->result = json_object_get(value);
	return true;
}

static bool run_slice(struct function_call *call)
{
	const char *text;
	int64_t from = 0, to;

	if (!need_text(call, 0, &text))
		return false;
	to = json_object_get_string_len(call->arguments[0]);
	const int64_t length = to;
	if ((call->n > 1 && !need_integer(call, 1, &from)) ||
	    (call->n > 2 && !need_integer(call, 2, &to)))
		return false;
	if (from < 0 || to > length || from > to)
		return fail(call, "slice bounds out of range");
	return return_object(call, json_object_new_string_len(text + from, (int)(to - from)));
}

/* fmt.Sprint puts a blank between two neighbours of which neither is a text, Sprintln between all. */
static bool print_all(struct function_call *call, bool line)
{
	OWNED(buffer_finish) struct buffer text = { 0 };

	for (size_t i = 0; i < call->n; i++) {
		if (i > 0 && (line || (!value_is_text(call->arguments[i]) &&
				       !value_is_text(call->arguments[i - 1]))))
			buffer_add(&text, " ", 1);
		value_print(call->arguments[i], &text);
	}
	if (line)
		buffer_add(&text, "\n", 1);
	return return_text(call, &text);
}

static bool run_print(struct function_call *call)
{
	return print_all(call, false);
}

static bool run_println(struct function_call *call)
{
	return print_all(call, true);
}

static bool run_printf(struct function_call *call)
{
	OWNED(buffer_finish) struct buffer text = { 0 };
	const char *format;

	if (!need_text(call, 0, &format))
		return false;
	template_printf(format, call->arguments + 1, call->n - 1, &text);
	return return_text(call, &text);
}

/* Equal to any of the others. */
static bool run_eq(struct function_call *call)
{
	for (size_t i = 1; i < call->n; i++) {
		int order = value_compare(call->arguments[0], call->arguments[i]);

		if (order == VALUE_INCOMPARABLE)
			return fail(call, "incompatible types for comparison");
		if (order == 0)
			return return_bool(call, true);
	}
	return return_bool(call, false);
}

static bool run_ne(struct function_call *call)
{
	int order = value_compare(call->arguments[0], call->arguments[1]);

	return order == VALUE_INCOMPARABLE ? fail(call, "incompatible types for comparison")
					   : return_bool(call, order != 0);
}

static bool order_of(struct function_call *call, int *order)
{
	*order = value_compare(call->arguments[0], call->arguments[1]);
	if (*order == VALUE_INCOMPARABLE)
		return fail(call, "incompatible types for comparison");
	if ((!value_is_text(call->arguments[0]) && !value_is_number(call->arguments[0])) ||
	    *order == VALUE_UNEQUAL)
		return fail(call, "invalid type for comparison");
	return true;
}

static bool run_lt(struct function_call *call)
{
	int order;

	return order_of(call, &order) && return_bool(call, order < 0);
}

static bool run_le(struct function_call *call)
{
	int order;

	return order_of(call, &order) && return_bool(call, order <= 0);
}

static bool run_gt(struct function_call *call)
{
	int order;

	return order_of(call, &order) && return_bool(call, order > 0);
}

static bool run_ge(struct function_call *call)
{
	int order;

	return order_of(call, &order) && return_bool(call, order >= 0);
}

/* ---- docker's (templates.go) ---- */

static bool run_json(struct function_call *call)
{
	OWNED(buffer_finish) struct buffer text = { 0 };

	value_print_json(call->arguments[0], &text);
	return return_text(call, &text);
}

static bool change_letters(struct function_call *call, int (*change)(int), bool first_only)
{
	const char *text;

	if (!need_text(call, 0, &text))
		return false;
	owned_string copy = strdup(text);
	if (!copy)
		return no_memory(call);
	for (char *at = copy; *at; at++)
		if (!first_only || at == copy || isspace((unsigned char)at[-1]))
			*at = (char)change((unsigned char)*at);
	return return_object(call, json_object_new_string(copy));
}

static bool run_upper(struct function_call *call)
{
	return change_letters(call, toupper, false);
}

static bool run_lower(struct function_call *call)
{
	return change_letters(call, tolower, false);
}

static bool run_title(struct function_call *call)
{
	return change_letters(call, toupper, true);
}

static bool run_join(struct function_call *call)
{
	OWNED(buffer_finish) struct buffer text = { 0 };
	struct json_object *list = call->arguments[0];
	const char *separator;

	if (!json_object_is_type(list, json_type_array))
		return fail(call, "argument 1 is no list");
	if (!need_text(call, 1, &separator))
		return false;
	for (size_t i = 0; i < json_object_array_length(list); i++) {
		struct json_object *element = json_object_array_get_idx(list, i);

		if (!value_is_text(element))
			return fail(call, "element %zu is no text", i);
		buffer_print(&text, "%s%s", i ? separator : "", json_object_get_string(element));
	}
	return return_text(call, &text);
}

/* A list has a cost of its own for each part. */
#define PARTS_MAX 10000

/* Every part up to the separator; with an empty one, every character. */
static bool run_split(struct function_call *call)
{
	struct json_object *list = json_object_new_array();
	const char *text, *separator;

	if (!list)
		return no_memory(call);
	call->result = list;
	if (!need_text(call, 0, &text) || !need_text(call, 1, &separator))
		return false;
	while (*separator || *text) {
		const char *next = *separator ? strstr(text, separator) : NULL;
		size_t length = next ? (size_t)(next - text) : strlen(text);

		if (!*separator) {
			length = utf8_sequence(text, length);
			length = length ? length : 1;
		}
		struct json_object *part = json_object_new_string_len(text, (int)length);
		if (json_object_array_length(list) == PARTS_MAX) {
			json_object_put(part);
			return fail(call, "more than %d parts", PARTS_MAX);
		}
		if (!part || json_object_array_add(list, part)) {
			json_object_put(part);
			return no_memory(call);
		}
		if (*separator && !next)
			break;
		text += length + strlen(separator);
	}
	return true;
}

static bool run_pad(struct function_call *call)
{
	OWNED(buffer_finish) struct buffer padded = { 0 };
	const char *text;
	int64_t before, behind;

	if (!need_text(call, 0, &text) || !need_integer(call, 1, &before) ||
	    !need_integer(call, 2, &behind))
		return false;
	if (before < 0 || behind < 0 || before > 1000 || behind > 1000)
		return fail(call, "0 to 1000 blanks are allowed");
	if (*text)
		buffer_print(&padded, "%*s%s%*s", (int)before, "", text, (int)behind, "");
	return return_text(call, &padded);
}

static bool run_truncate(struct function_call *call)
{
	const char *text;
	int64_t length;

	if (!need_text(call, 0, &text) || !need_integer(call, 1, &length))
		return false;
	if (length < 0)
		return fail(call, "a negative length");
	size_t cut = utf8_cut(text, strlen(text), (size_t)length);
	return return_object(call, json_object_new_string_len(text, (int)cut));
}

/* and, or: template_run does not even look at the arguments behind the one that decides. */
static const struct template_function functions[] = {
	{ "and", 1, FUNCTION_ARGUMENTS_MAX, NULL, false },
	{ "or", 1, FUNCTION_ARGUMENTS_MAX, NULL, false },
	{ "not", 1, 1, run_not, false },
	{ "len", 1, 1, run_len, false },
	{ "index", 1, FUNCTION_ARGUMENTS_MAX, run_index, false },
	{ "slice", 1, 3, run_slice, false },
	{ "print", 0, FUNCTION_ARGUMENTS_MAX, run_print, false },
	{ "println", 0, FUNCTION_ARGUMENTS_MAX, run_println, false },
	{ "printf", 1, FUNCTION_ARGUMENTS_MAX, run_printf, false },
	{ "eq", 2, FUNCTION_ARGUMENTS_MAX, run_eq, false },
	{ "ne", 2, 2, run_ne, false },
	{ "lt", 2, 2, run_lt, false },
	{ "le", 2, 2, run_le, false },
	{ "gt", 2, 2, run_gt, false },
	{ "ge", 2, 2, run_ge, false },
	{ "json", 1, 1, run_json, true },
	{ "upper", 1, 1, run_upper, true },
	{ "lower", 1, 1, run_lower, true },
	{ "title", 1, 1, run_title, true },
	{ "join", 2, 2, run_join, true },
	{ "split", 2, 2, run_split, true },
	{ "pad", 3, 3, run_pad, true },
	{ "truncate", 2, 2, run_truncate, true },
};

const struct template_function *template_function_named(const char *name)
{
	for (size_t i = 0; i < sizeof functions / sizeof *functions; i++)
		if (strcmp(functions[i].name, name) == 0)
			return &functions[i];
	return NULL;
}
