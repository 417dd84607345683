/* The document of inspect, in docker's names, from a record and the bundle's config.json. Reads no file. */
#pragma once

#include <json-c/json.h>

#include "shim/record.h"
#include "spec/config.h"

/* Appends the document with @indent spaces per level (0: one line). @config may be NULL when the bundle has gone: what
 * it would say is left empty. */
int inspect_print(const struct record *record, const struct config *config, int indent,
		  struct buffer *to, struct error *err);

/* The same as a value for templates, for json_object_put. NULL: err says why. */
struct json_object *inspect_value(const struct record *record, const struct config *config,
				  struct error *err);
