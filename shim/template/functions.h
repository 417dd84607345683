/* The functions of a template, in one table: Go's own and docker's. Knows no tree. */
#pragma once

#include <json-c/json.h>
#include <stdbool.h>
#include <stddef.h>

#define FUNCTION_ARGUMENTS_MAX 16

struct function_call {
	struct json_object *const *arguments;
	size_t n;
	struct json_object *result; /* new; the caller's to put. NULL: nil */
	char message[200];	    /* what is wrong, when the function says false */
};

struct template_function {
	const char *name;
	size_t minimum, maximum; /* arguments */
	bool (*run)(struct function_call *call);
	bool alters; /* the heading of a table goes through it as it is */
};

const struct template_function *template_function_named(const char *name);
