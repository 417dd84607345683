/* Protocol Buffers' wire format, as much of it as CRIU's messages use: a table of fields per message
 * drives writing, reading, freeing and printing. Knows no message and no socket.
 * https://protobuf.dev/programming-guides/encoding/ */
#pragma once

#include "spec/table.h"

/* What the member is, and so how the field travels. */
enum protobuf_kind {
	PROTOBUF_BOOL,	       /* struct opt_bool */
	PROTOBUF_NUMBER,       /* struct opt_int64; int32, uint32 and enumerations */
	PROTOBUF_TEXT,	       /* char *, NULL when absent */
	PROTOBUF_TEXT_LIST,    /* struct string_list */
	PROTOBUF_MESSAGE,      /* struct T *, NULL when absent */
	PROTOBUF_MESSAGE_LIST, /* LIST_OF(T) */
};

struct protobuf_type;

struct protobuf_field {
	const char *name; /* as in the .proto file */
	unsigned number;
	enum protobuf_kind kind;
	size_t offset;
	const struct protobuf_type *message; /* of the two message kinds */
};

/* A type must not contain itself: its depth is the depth of the tables. */
struct protobuf_type {
	const char *name;
	size_t size;
	const struct protobuf_field *fields;
	size_t n_fields;
};

#define PROTOBUF_FIELD(T, member, number_, kind_)                  \
	{                                                          \
		.name = #member, .number = number_, .kind = kind_, \
		.offset = offsetof(struct T, member)               \
	}
#define PROTOBUF_PART(T, member, number_, kind_, type_)                 \
	{                                                               \
		.name = #member, .number = number_, .kind = kind_,      \
		.offset = offsetof(struct T, member), .message = &type_ \
	}
#define PROTOBUF_TYPE(T, fields_)                                         \
	const struct protobuf_type T##_type = { .name = #T,               \
						.size = sizeof(struct T), \
						.fields = fields_,        \
						.n_fields = sizeof fields_ / sizeof fields_[0] }

/* Most entries of one repeated field that are read. */
#define PROTOBUF_LIST_MAX 4096

/* Appends @object; absent fields are left out. */
void protobuf_write(const struct protobuf_type *type, const void *object, struct buffer *to);

/* Reads @length bytes into a new object, to be freed with protobuf_free; NULL with err on failure. Unknown
 * fields are passed over. Wrong wire types, lengths beyond the end, numbers of more than 64 bits,
 * texts with a NUL and lists longer than PROTOBUF_LIST_MAX are errors (EBADMSG). A field that comes
 * again wins; a message that comes again is merged, as the format wants. */
void *protobuf_read(const struct protobuf_type *type, const void *data, size_t length,
		    struct error *err);

void protobuf_free(const struct protobuf_type *type, void *object);

/* For people: "NAME=VALUE" a line, parts as "opts.ps.port=7", lists one line an entry. */
void protobuf_print(const struct protobuf_type *type, const void *object, struct buffer *to);
