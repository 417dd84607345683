/* The part of Go's text/template that people write behind docker's --format and inspect -f, over a JSON value: fields,
 * variables, pipelines, if, range, with, and the functions of shim/template/functions.c. Knows no container.
 *
 * What differs from Go's, because a JSON value has no Go type behind it: a member that is not there is an error (as
 * with missingkey=error), index gives "" for one; objects print as Go's maps do, with their keys in
 * order; upper, lower and title change ASCII letters only; there are no define, template, block, break and continue. */
#pragma once

#include <json-c/json.h>
#include <stdbool.h>

#include "spec/base/error.h"
#include "spec/base/text.h"

/* Bounds, so that no template takes a machine down: bytes of a template, of what one run prints and of all texts that
 * its functions make, brackets and blocks in each other, and steps of one run. */
#define TEMPLATE_LENGTH_MAX ((size_t)65536)
#define TEMPLATE_OUTPUT_MAX ((size_t)16 << 20)
#define TEMPLATE_TEXTS_MAX ((size_t)4 << 20)
#define TEMPLATE_DEPTH_MAX 50
#define TEMPLATE_STEPS_MAX 200000

struct template;

/* For template_destroy; NULL: err has the line, the column (in bytes) and what is wrong there. */
struct template *template_parse(const char *text, struct error *err);
void template_destroy(struct template *template); /* NULL allowed */

/* Appends what it prints for @value, which stays the caller's; NULL is JSON's null. @header: what is run is the
 * heading of a table, whose values are titles: functions that change values leave them alone, as docker does. */
int template_run(const struct template *template, struct json_object *value, bool header,
		 struct buffer *to, struct error *err);
