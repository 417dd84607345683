/* JSON objects as C structs, described once: a field table drives parsing, checking, freeing and
 * serialising. A new field is one line in a table. Knows nothing of containers. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "spec/base/error.h"
#include "spec/base/text.h"

/* Numbers and booleans that the specification calls OPTIONAL and whose absence means something. */
struct opt_bool {
	bool set, value;
};
struct opt_int64 {
	bool set;
	int64_t value;
};
struct opt_uint64 {
	bool set;
	uint64_t value;
};
struct opt_uint32 {
	bool set;
	uint32_t value;
};

/* Lists of structs are arrays of pointers: { struct T **v; size_t n; }.
 * Maps from a name to a struct are the same, with the key in the struct's `char *key` member. */
#define LIST_OF(T)            \
	struct T##_list {     \
		struct T **v; \
		size_t n;     \
	}

/* Everything wrong with one document, one line each: "linux.uidMappings[0].hostID: required, but
 * missing". At most PROBLEMS_MAX are kept; dropped counts the rest. */
#define PROBLEMS_MAX 100
struct problems {
	struct string_list list;
	size_t dropped;
};
void problems_add(struct problems *problems, const char *format, ...)
	__attribute__((format(printf, 2, 3)));
size_t problems_count(const struct problems *problems);

/* One line for a struct error, whose code becomes EINVAL: "config.json: process.cwd: required, but
 * missing (and 2 more problems)". Returns -1. */
int problems_to_error(const struct problems *problems, const char *document, struct error *err);
void problems_finish(struct problems *problems);

struct type; /* the table of one struct; see spec/table_fields.h */

/* Parses @length bytes of JSON into a new object of @type. Wrong JSON, wrong types, missing required
 * fields, numbers out of range, duplicate keys, NUL bytes, invalid UTF-8 and nesting deeper than
 * TABLE_DEPTH_MAX become problems; unknown keys are ignored (config.md, Extensibility). For an
 * optional field null means absent, and so does an empty string, as in Go's omitempty.
 * Returns the object, to be freed with table_free, or NULL with problems filled. */
#define TABLE_DEPTH_MAX 64
void *table_parse(const struct type *type, const char *text, size_t length,
		  struct problems *problems);

void table_free(const struct type *type, void *object);

/* The same for a document that is an array of such objects: *list is a LIST_OF them, to be freed with table_free_list.
 * Returns 0, or -1 with problems filled and an empty list. */
int table_parse_list(const struct type *type, const char *text, size_t length, void *list,
		     struct problems *problems);
void table_free_list(const struct type *type, void *list);

/* Appends @object as JSON, keys in table order; what is absent, and what an absent field means as
 * well (0, false, an empty list), is left out. @indent spaces per level, 0 for one line. */
void table_print(const struct type *type, const void *object, int indent, struct buffer *to);

/* What a table knows, for those who tell of it. @path names a field as JSON does, from the document
 * down, through lists and maps to their elements: "linux.seccomp.syscalls.action". */

/* A name that stands for a number. Lists end with a NULL name. */
struct word {
	const char *name;
	int64_t number;
};

/* The words that the field can hold; NULL when there is no such field or it has none. */
const struct word *table_words(const struct type *type, const char *path);

/* The name of the object's field number @index; NULL behind the last, and when the path leads to no
 * object. "" is the document. */
const char *table_field_name(const struct type *type, const char *path, size_t index);
