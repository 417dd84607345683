#include "runtime/protobuf.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "spec/base/owned.h"

/* The wire types: low three bits of a field's key. */
enum wire { WIRE_VARINT = 0, WIRE_64 = 1, WIRE_LENGTH = 2, WIRE_32 = 5 };

/* LIST_OF any message. */
struct message_list {
	void **v;
	size_t n;
};

static void *member(const struct protobuf_field *field, void *object)
{
	return (char *)object + field->offset;
}

static const void *const_member(const struct protobuf_field *field, const void *object)
{
	return (const char *)object + field->offset;
}

/* ---- writing ---- */

static void write_varint(uint64_t value, struct buffer *to)
{
	unsigned char bytes[10];
	size_t n = 0;

	do {
		bytes[n] = (unsigned char)(value & 0x7f);
		value >>= 7;
		if (value)
			bytes[n] |= 0x80;
		n++;
	} while (value);
	buffer_add(to, bytes, n);
}

static void write_key(const struct protobuf_field *field, enum wire wire, struct buffer *to)
{
	write_varint((uint64_t)field->number << 3 | wire, to);
}

static void write_number(const struct protobuf_field *field, uint64_t value, struct buffer *to)
{
	write_key(field, WIRE_VARINT, to);
	write_varint(value, to);
}

static void write_bytes(const struct protobuf_field *field, const void *data, size_t length,
			struct buffer *to)
{
	write_key(field, WIRE_LENGTH, to);
	write_varint(length, to);
	if (length)
		buffer_add(to, data, length);
}

static void write_part(const struct protobuf_field *field, const void *part, struct buffer *to)
{
	struct buffer inside = { 0 };

	protobuf_write(field->message, part, &inside);
	if (inside.failed)
		to->failed = true;
	else
		write_bytes(field, inside.text, inside.length, to);
	buffer_finish(&inside);
}

static void write_field(const struct protobuf_field *field, const void *at, struct buffer *to)
{
	switch (field->kind) {
	case PROTOBUF_BOOL: {
		const struct opt_bool *flag = at;
		if (flag->set)
			write_number(field, flag->value, to);
		break;
	}
	case PROTOBUF_NUMBER: {
		const struct opt_int64 *number = at;
		if (number->set)
			write_number(field, (uint64_t)number->value, to);
		break;
	}
	case PROTOBUF_TEXT: {
		const char *text = *(char *const *)at;
		if (text)
			write_bytes(field, text, strlen(text), to);
		break;
	}
	case PROTOBUF_TEXT_LIST: {
		const struct string_list *list = at;
		for (size_t i = 0; i < list->n; i++)
			write_bytes(field, list->v[i], strlen(list->v[i]), to);
		break;
	}
	case PROTOBUF_MESSAGE: {
		const void *part = *(void *const *)at;
		if (part)
			write_part(field, part, to);
		break;
	}
	case PROTOBUF_MESSAGE_LIST: {
		const struct message_list *list = at;
		for (size_t i = 0; i < list->n; i++)
			write_part(field, list->v[i], to);
		break;
	}
	}
}

void protobuf_write(const struct protobuf_type *type, const void *object, struct buffer *to)
{
	for (size_t i = 0; i < type->n_fields; i++)
		write_field(&type->fields[i], const_member(&type->fields[i], object), to);
}

/* ---- reading ---- */

struct reader {
	const unsigned char *at, *end;
};

/* One field as it lies on the wire. */
struct raw {
	uint64_t number;
	unsigned wire;
	uint64_t value; /* WIRE_VARINT */
	const unsigned char *data;
	size_t length; /* WIRE_LENGTH */
};

static int cut_short(struct error *err)
{
	return error_set(err, EBADMSG, "the message is cut short");
}

static int read_varint(struct reader *reader, uint64_t *ret, struct error *err)
{
	uint64_t value = 0;

	for (unsigned shift = 0; shift < 64; shift += 7) {
		if (reader->at == reader->end)
			return cut_short(err);
		unsigned byte = *reader->at++;
		if (shift == 63 && byte > 1)
			break;
		value |= (uint64_t)(byte & 0x7f) << shift;
		if (!(byte & 0x80)) {
			*ret = value;
			return 0;
		}
	}
	return error_set(err, EBADMSG, "a number is longer than 64 bits");
}

static int read_fixed(struct reader *reader, size_t length, struct raw *raw, struct error *err)
{
	if ((size_t)(reader->end - reader->at) < length)
		return cut_short(err);
	raw->data = reader->at;
	raw->length = length;
	reader->at += length;
	return 0;
}

static int read_raw(struct reader *reader, struct raw *raw, struct error *err)
{
	uint64_t key, length;

	if (read_varint(reader, &key, err))
		return -1;
	raw->number = key >> 3;
	raw->wire = key & 7;
	switch (raw->wire) {
	case WIRE_VARINT:
		return read_varint(reader, &raw->value, err);
	case WIRE_LENGTH:
		if (read_varint(reader, &length, err))
			return -1;
		return length > SIZE_MAX ? cut_short(err)
					 : read_fixed(reader, (size_t)length, raw, err);
	case WIRE_64:
		return read_fixed(reader, 8, raw, err);
	case WIRE_32:
		return read_fixed(reader, 4, raw, err);
	default:
		return error_set(err, EBADMSG, "field %llu has the unknown wire type %u",
				 (unsigned long long)raw->number, raw->wire);
	}
}

static char *read_text(const struct raw *raw, struct error *err)
{
	if (raw->length && memchr(raw->data, '\0', raw->length)) {
		error_set(err, EBADMSG, "the text has a NUL");
		return NULL;
	}
	char *text = strndup((const char *)raw->data, raw->length);
	if (!text)
		error_errno(err, ENOMEM, "text");
	return text;
}

static int read_into(const struct protobuf_type *type, void *object, const void *data,
		     size_t length, struct error *err);

static int check_room(size_t n, struct error *err)
{
	return n < PROTOBUF_LIST_MAX
		       ? 0
		       : error_set(err, EBADMSG, "more than %d entries", PROTOBUF_LIST_MAX);
}

static int add_text(struct string_list *list, const struct raw *raw, struct error *err)
{
	owned_string text = check_room(list->n, err) ? NULL : read_text(raw, err);

	if (!text)
		return -1;
	return string_list_add(list, text) ? error_errno(err, ENOMEM, "list") : 0;
}

static int add_part(struct message_list *list, const struct protobuf_type *type,
		    const struct raw *raw, struct error *err)
{
	if (check_room(list->n, err))
		return -1;
	void **grown = reallocarray(list->v, list->n + 1, sizeof *grown);
	if (!grown)
		return error_errno(err, ENOMEM, "list");
	list->v = grown;
	list->v[list->n] = protobuf_read(type, raw->data, raw->length, err);
	if (!list->v[list->n])
		return -1;
	list->n++;
	return 0;
}

static int merge_part(void **part, const struct protobuf_type *type, const struct raw *raw,
		      struct error *err)
{
	if (!*part)
		*part = calloc(1, type->size);
	if (!*part)
		return error_errno(err, ENOMEM, "message");
	return read_into(type, *part, raw->data, raw->length, err);
}

static int replace_text(char **at, const struct raw *raw, struct error *err)
{
	char *text = read_text(raw, err);

	if (!text)
		return -1;
	free(*at);
	*at = text;
	return 0;
}

static int take_value(const struct protobuf_field *field, void *at, const struct raw *raw,
		      struct error *err)
{
	enum wire expected = field->kind == PROTOBUF_BOOL || field->kind == PROTOBUF_NUMBER
				     ? WIRE_VARINT
				     : WIRE_LENGTH;

	if (raw->wire != expected)
		return error_set(err, EBADMSG, "has the wire type %u", raw->wire);
	switch (field->kind) {
	case PROTOBUF_BOOL:
		*(struct opt_bool *)at = (struct opt_bool){ true, raw->value != 0 };
		return 0;
	case PROTOBUF_NUMBER:
		*(struct opt_int64 *)at = (struct opt_int64){ true, (int64_t)raw->value };
		return 0;
	case PROTOBUF_TEXT:
		return replace_text(at, raw, err);
	case PROTOBUF_TEXT_LIST:
		return add_text(at, raw, err);
	case PROTOBUF_MESSAGE:
		return merge_part(at, field->message, raw, err);
	case PROTOBUF_MESSAGE_LIST:
		return add_part(at, field->message, raw, err);
	}
	return error_set(err, EINVAL, "unknown kind of field");
}

static const struct protobuf_field *find(const struct protobuf_type *type, uint64_t number)
{
	for (size_t i = 0; i < type->n_fields; i++)
		if (type->fields[i].number == number)
			return &type->fields[i];
	return NULL;
}

static int read_into(const struct protobuf_type *type, void *object, const void *data,
		     size_t length, struct error *err)
{
	struct reader reader = { data, (const unsigned char *)data + length };

	while (reader.at != reader.end) {
		struct raw raw = { 0 };
		if (read_raw(&reader, &raw, err))
			return error_prefix(err, "%s", type->name);
		const struct protobuf_field *field = find(type, raw.number);
		if (field && take_value(field, member(field, object), &raw, err))
			return error_prefix(err, "%s.%s", type->name, field->name);
	}
	return 0;
}

void *protobuf_read(const struct protobuf_type *type, const void *data, size_t length,
		    struct error *err)
{
	void *object = calloc(1, type->size);

	if (!object) {
		error_errno(err, ENOMEM, "%s", type->name);
		return NULL;
	}
	/* No pointer to nothing is handed on: an empty message has no bytes. */
	if (length == 0 || read_into(type, object, data, length, err) == 0)
		return object;
	protobuf_free(type, object);
	return NULL;
}

/* ---- freeing and printing ---- */

static void finish_field(const struct protobuf_field *field, void *at)
{
	switch (field->kind) {
	case PROTOBUF_BOOL:
	case PROTOBUF_NUMBER:
		break;
	case PROTOBUF_TEXT:
		free(*(char **)at);
		break;
	case PROTOBUF_TEXT_LIST:
		string_list_finish(at);
		break;
	case PROTOBUF_MESSAGE:
		protobuf_free(field->message, *(void **)at);
		break;
	case PROTOBUF_MESSAGE_LIST: {
		struct message_list *list = at;
		for (size_t i = 0; i < list->n; i++)
			protobuf_free(field->message, list->v[i]);
		free(list->v);
		break;
	}
	}
}

void protobuf_free(const struct protobuf_type *type, void *object)
{
	if (!object)
		return;
	for (size_t i = 0; i < type->n_fields; i++)
		finish_field(&type->fields[i], member(&type->fields[i], object));
	free(object);
}

static void print_message(const struct protobuf_type *type, const void *object, const char *prefix,
			  struct buffer *to);

static void print_part(const struct protobuf_field *field, const void *part, const char *prefix,
		       struct buffer *to)
{
	owned_string inside = text_format("%s%s.", prefix, field->name);

	if (!inside)
		to->failed = true;
	else if (part)
		print_message(field->message, part, inside, to);
}

static void print_field(const struct protobuf_field *field, const void *at, const char *prefix,
			struct buffer *to)
{
	switch (field->kind) {
	case PROTOBUF_BOOL: {
		const struct opt_bool *flag = at;
		if (flag->set)
			buffer_print(to, "%s%s=%s\n", prefix, field->name,
				     flag->value ? "true" : "false");
		break;
	}
	case PROTOBUF_NUMBER: {
		const struct opt_int64 *number = at;
		if (number->set)
			buffer_print(to, "%s%s=%lld\n", prefix, field->name,
				     (long long)number->value);
		break;
	}
	case PROTOBUF_TEXT: {
		const char *text = *(char *const *)at;
		if (text)
			buffer_print(to, "%s%s=%s\n", prefix, field->name, text);
		break;
	}
	case PROTOBUF_TEXT_LIST: {
		const struct string_list *list = at;
		for (size_t i = 0; i < list->n; i++)
			buffer_print(to, "%s%s=%s\n", prefix, field->name, list->v[i]);
		break;
	}
	case PROTOBUF_MESSAGE:
		print_part(field, *(void *const *)at, prefix, to);
		break;
	case PROTOBUF_MESSAGE_LIST: {
		const struct message_list *list = at;
		for (size_t i = 0; i < list->n; i++)
			print_part(field, list->v[i], prefix, to);
		break;
	}
	}
}

static void print_message(const struct protobuf_type *type, const void *object, const char *prefix,
			  struct buffer *to)
{
	for (size_t i = 0; i < type->n_fields; i++)
		print_field(&type->fields[i], const_member(&type->fields[i], object), prefix, to);
}

void protobuf_print(const struct protobuf_type *type, const void *object, struct buffer *to)
{
	print_message(type, object, "", to);
}
