/* The words that tables are written in: one macro per kind of field. A member whose C type does not
 * suit its kind does not compile. Included by tables and by the engine, by nobody else. */
#pragma once

#include "spec/table.h"

enum kind {
	KIND_STRING,
	KIND_BOOL,
	KIND_OPT_BOOL,
	KIND_INT64,
	KIND_OPT_INT64,
	KIND_UINT64,
	KIND_OPT_UINT64,
	KIND_UINT32,
	KIND_OPT_UINT32,
	KIND_WORD,
	KIND_FLAGS,
	KIND_STRING_LIST,
	KIND_UINT32_LIST,
	KIND_UINT64_LIST,
	KIND_STRING_MAP,
	KIND_OBJECT,
	KIND_OBJECT_LIST,
	KIND_OBJECT_MAP,
	KIND_JSON
};

struct field {
	const char *name;
	enum kind kind;
	bool required;
	bool always; /* printed even when it says no more than its absence would */
	size_t offset;
	const struct type *type;  /* of KIND_OBJECT… */
	const struct word *words; /* of KIND_WORD and KIND_FLAGS */
	bool has_range;		  /* otherwise the C type's range holds */
	int64_t minimum;
	uint64_t maximum;
};

struct type {
	const char *name;
	size_t size;
	const struct field *fields;
	size_t field_count;
};

#define MEMBER(S, member, T)                                                                  \
	(offsetof(struct S, member) +                                                         \
	 0 * sizeof(char[__builtin_types_compatible_p(__typeof__(((struct S *)0)->member), T) \
				 ? 1                                                          \
				 : -1]))

#define FIELD_(S, member, T, json, k, ...)                                           \
	{                                                                            \
		.name = json, .kind = k, .offset = MEMBER(S, member, T), __VA_ARGS__ \
	}

/* Behind the JSON name any of these may follow. */
#define REQUIRED .required = true
#define ALWAYS .always = true
#define RANGE(low, high) .has_range = true, .minimum = (low), .maximum = (high)

#define FIELD_STRING(S, m, json, ...) FIELD_(S, m, char *, json, KIND_STRING, __VA_ARGS__)
#define FIELD_BOOL(S, m, json, ...) FIELD_(S, m, bool, json, KIND_BOOL, __VA_ARGS__)
#define FIELD_OPT_BOOL(S, m, json, ...) \
	FIELD_(S, m, struct opt_bool, json, KIND_OPT_BOOL, __VA_ARGS__)
#define FIELD_INT64(S, m, json, ...) FIELD_(S, m, int64_t, json, KIND_INT64, __VA_ARGS__)
#define FIELD_OPT_INT64(S, m, json, ...) \
	FIELD_(S, m, struct opt_int64, json, KIND_OPT_INT64, __VA_ARGS__)
#define FIELD_UINT64(S, m, json, ...) FIELD_(S, m, uint64_t, json, KIND_UINT64, __VA_ARGS__)
#define FIELD_OPT_UINT64(S, m, json, ...) \
	FIELD_(S, m, struct opt_uint64, json, KIND_OPT_UINT64, __VA_ARGS__)
#define FIELD_UINT32(S, m, json, ...) FIELD_(S, m, uint32_t, json, KIND_UINT32, __VA_ARGS__)
#define FIELD_OPT_UINT32(S, m, json, ...) \
	FIELD_(S, m, struct opt_uint32, json, KIND_OPT_UINT32, __VA_ARGS__)
#define FIELD_STRING_LIST(S, m, json, ...) \
	FIELD_(S, m, struct string_list, json, KIND_STRING_LIST, __VA_ARGS__)
#define FIELD_UINT32_LIST(S, m, json, ...) \
	FIELD_(S, m, struct uint32_list, json, KIND_UINT32_LIST, __VA_ARGS__)
#define FIELD_UINT64_LIST(S, m, json, ...) \
	FIELD_(S, m, struct uint64_list, json, KIND_UINT64_LIST, __VA_ARGS__)
#define FIELD_STRING_MAP(S, m, json, ...) \
	FIELD_(S, m, struct string_map, json, KIND_STRING_MAP, __VA_ARGS__)

/* Any JSON value, as its text. */
#define FIELD_JSON(S, m, json, ...) FIELD_(S, m, char *, json, KIND_JSON, __VA_ARGS__)

/* A word becomes its number; an absent optional word is 0, so 0 is then no word's number. */
#define FIELD_WORD(S, m, json, list, ...) \
	FIELD_(S, m, int, json, KIND_WORD, .words = (list), __VA_ARGS__)
/* A list of words becomes the OR of their numbers. */
#define FIELD_FLAGS(S, m, json, list, ...) \
	FIELD_(S, m, uint64_t, json, KIND_FLAGS, .words = (list), __VA_ARGS__)

#define FIELD_OBJECT(S, m, json, T, ...) \
	FIELD_(S, m, struct T *, json, KIND_OBJECT, .type = &T##_type, __VA_ARGS__)
#define FIELD_OBJECT_LIST(S, m, json, T, ...) \
	FIELD_(S, m, struct T##_list, json, KIND_OBJECT_LIST, .type = &T##_type, __VA_ARGS__)
/* struct T must begin with `char *key`. */
#define FIELD_OBJECT_MAP(S, m, json, T, ...)                                       \
	{                                                                          \
		.name = json, .kind = KIND_OBJECT_MAP,                             \
		.offset = MEMBER(S, m, struct T##_list) + MEMBER(T, key, char *) + \
			  0 * sizeof(char[offsetof(struct T, key) == 0 ? 1 : -1]), \
		.type = &T##_type, __VA_ARGS__                                     \
	}

#define TYPE(T)                                                        \
	const struct type T##_type = {                                 \
		.name = #T,                                            \
		.size = sizeof(struct T),                              \
		.fields = T##_fields,                                  \
		.field_count = sizeof T##_fields / sizeof *T##_fields, \
	}
