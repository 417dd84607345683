/* Where in a JSON document a value stands, for the wording of problems. A path lives on the C stack
 * of whoever walks down the document. */
#pragma once

#include "spec/table.h"

struct table_path {
	const struct table_path *up; /* NULL: the whole document */
	const char *key;	     /* NULL: an array's element number @index */
	size_t key_length;
	size_t index;
};

/* Appends "linux.uidMappings[0].hostID"; a key that is not a plain word is quoted:
 * linux.sysctl["net.core.somaxconn"]. */
void table_path_print(const struct table_path *path, struct buffer *to);

/* Appends one key to the path that is already in @to. */
void table_path_add_key(struct buffer *to, const char *key, size_t length);

/* Appends 'text' for a message: control characters escaped, long texts cut. */
void table_quote(struct buffer *to, const char *text, size_t length);

/* The same as a new string, never NULL unless memory is out. */
char *table_quoted(const char *text);

/* "linux.netDevices.eth0" or "linux.sysctl[\"a.b\"]": the path of an entry, as a new string. */
char *table_entry_path(const char *object, const char *key);

/* The problem "path: 'value' words", where the path is formatted. */
void table_value_problem(struct problems *problems, const char *value, const char *words,
			 const char *format, ...) __attribute__((format(printf, 4, 5)));

/* A problem with "path: " before its words. */
void table_problem(struct problems *problems, const struct table_path *path, const char *format,
		   ...) __attribute__((format(printf, 3, 4)));
