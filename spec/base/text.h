/* Strings and lists of strings: the shapes the OCI formats are made of. */
#pragma once

#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* A list of strings. v has n entries and, when it is not NULL, a NULL behind them, so that it can
 * be handed to execve(2). Both the array and the strings belong to the list. */
struct string_list {
	char **v;
	size_t n;
};

/* A JSON object whose values are strings, in the order of the file. */
struct string_pair {
	char *key, *value;
};
struct string_map {
	struct string_pair *v;
	size_t n;
};

struct uint32_list {
	uint32_t *v;
	size_t n;
};

struct uint64_list {
	uint64_t *v;
	size_t n;
};

/* Formatted copy for the caller to free; NULL when memory is out. */
char *text_format(const char *format, ...) __attribute__((format(printf, 1, 2)));

bool text_equal(const char *a, const char *b);
bool text_starts_with(const char *text, const char *prefix);

/* Whether a byte is below 0x20 or is 0x7f: what a terminal or a file of lines takes for an order. */
bool text_has_control(const char *text);

/* Whether two absolute paths have the same components: "//dev/./" is "/dev". Links and ".." are words
 * like any other. */
bool path_equal(const char *a, const char *b);

/* Strict decimal: the whole of @text must be digits (a leading '-' for text_to_int64).
 * Returns 0, or -1 with errno EINVAL or ERANGE. */
int text_to_int64(const char *text, int64_t *ret);
int text_to_uint64(const char *text, uint64_t *ret);

/* Appends a copy of @text. Returns 0, or -1 with errno ENOMEM and the list as it was. */
int string_list_add(struct string_list *list, const char *text);
bool string_list_has(const struct string_list *list, const char *text);
void string_list_finish(struct string_list *list);

/* Value of @key or NULL. */
const char *string_map_get(const struct string_map *map, const char *key);
void string_map_finish(struct string_map *map);

/* A text under construction. text is always NUL-terminated unless it is NULL (nothing written yet).
 * failed remembers an ENOMEM, so that it needs to be tested only once, at the end. */
struct buffer {
	char *text;
	size_t length, capacity;
	bool failed;
};
void buffer_add(struct buffer *buffer, const void *data, size_t length);
void buffer_print(struct buffer *buffer, const char *format, ...)
	__attribute__((format(printf, 2, 3)));
void buffer_finish(struct buffer *buffer);
