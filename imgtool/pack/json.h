/* JSON that keeps what no table knows: the little of json-c that packing needs. */
#pragma once

#include <errno.h>
#include <json-c/json.h>
#include <string.h>

#include "spec/base/error.h"
#include "spec/base/owned.h"
#include "spec/table.h"

static inline void owned_json_put(struct json_object **object)
{
	json_object_put(*object);
}

#define owned_json OWNED(owned_json_put) struct json_object *

/* NULL when it is no JSON. As deep as the tables read. */
static inline struct json_object *json_parse(const char *text)
{
	struct json_tokener *tokener = json_tokener_new_ex(TABLE_DEPTH_MAX + 1);

	if (!tokener)
		return NULL;
	/* With the NUL, so that a number at the end is one. */
	struct json_object *json = json_tokener_parse_ex(tokener, text, (int)strlen(text) + 1);
	json_tokener_free(tokener);
	return json;
}

/* @text NULL: nothing happens. */
static inline void json_set_text(struct json_object *object, const char *key, const char *text)
{
	if (text)
		json_object_object_add(object, key, json_object_new_string(text));
}

/* On one line, for the caller to free. */
static inline int json_print(struct json_object *json, char **text, struct error *err)
{
	const char *printed = json_object_to_json_string_ext(
		json, JSON_C_TO_STRING_PLAIN | JSON_C_TO_STRING_NOSLASHESCAPE);

	*text = printed ? strdup(printed) : NULL;
	return *text ? 0 : error_errno(err, ENOMEM, "JSON");
}
