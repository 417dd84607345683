/* What a template's values mean: truth, order, and how they look in print. A value is a json_object, NULL for nil. */
#pragma once

#include <json-c/json.h>
#include <stdbool.h>

#include "spec/base/text.h"

/* false, 0, "", nil, and what is empty, are not. */
bool value_is_true(struct json_object *value);

/* As Go's fmt prints %v: text as it is, [a b], map[k:v] with its keys in order; nil is <nil>. */
void value_print(struct json_object *value, struct buffer *to);

/* Compact JSON with the members in their order, as docker's json function (without escapes for HTML). */
void value_print_json(struct json_object *value, struct buffer *to);

bool value_is_number(struct json_object *value);
bool value_is_text(struct json_object *value);

/* -1, 0 or 1 for two numbers or two texts; 2: they cannot be compared. Booleans and nils can be equal only: 0, or 3 when
 * they are not. */
enum { VALUE_INCOMPARABLE = 2, VALUE_UNEQUAL = 3 };
int value_compare(struct json_object *a, struct json_object *b);

/* The keys of an object in order, in an array that is the caller's to free; they belong to the object. NULL: no
 * memory. */
const char **value_keys(struct json_object *object, size_t *n);
