#include "shim/template/printf.h"

#include <ctype.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "spec/base/json_text.h"
#include "spec/base/owned.h"

/* Larger ones are cut to it: a width is the template's word, and its output is memory. */
#define WIDTH_MAX 1000

struct verb {
	bool left, zero, plus;
	int width, precision; /* precision -1: none given */
	char letter;
};

static const char *read_number(const char *at, int *ret)
{
	*ret = 0;
	for (; isdigit((unsigned char)*at); at++)
		*ret = *ret < WIDTH_MAX ? *ret * 10 + (*at - '0') : WIDTH_MAX;
	if (*ret > WIDTH_MAX)
		*ret = WIDTH_MAX;
	return at;
}

/* From behind the "%" to behind the letter. */
static const char *read_verb(const char *at, struct verb *verb)
{
	*verb = (struct verb){ .precision = -1 };
	for (; *at && strchr("-0+ #", *at); at++) {
		verb->left |= *at == '-';
		verb->zero |= *at == '0';
		verb->plus |= *at == '+';
	}
	at = read_number(at, &verb->width);
	if (*at == '.')
		at = read_number(at + 1, &verb->precision);
	verb->letter = *at;
	return *at ? at + 1 : at;
}

static void add_padded(const struct verb *verb, const struct buffer *text, struct buffer *to)
{
	size_t used = utf8_count(text->text ? text->text : "", text->length);
	int blanks = used < (size_t)verb->width ? verb->width - (int)used : 0;

	if (!verb->left)
		buffer_print(to, "%*s", blanks, "");
	if (text->text)
		buffer_add(to, text->text, text->length);
	if (verb->left)
		buffer_print(to, "%*s", blanks, "");
	to->failed |= text->failed;
}

static void print_hexadecimal(struct json_object *value, struct buffer *to)
{
	const char *text = json_object_get_string(value);
	int64_t number = json_object_get_int64(value);

	if (value_is_text(value))
		for (int i = 0; i < json_object_get_string_len(value); i++)
			buffer_print(to, "%02x", (unsigned char)text[i]);
	else
		buffer_print(to, "%s%" PRIx64, number < 0 ? "-" : "",
			     number < 0 ? -(uint64_t)number : (uint64_t)number);
}

static void print_integer(const struct verb *verb, struct json_object *value, struct buffer *to)
{
	int64_t number = json_object_get_int64(value);
	int width = verb->zero && !verb->left ? verb->width : 0;

	buffer_print(to, verb->plus ? "%+0*" PRId64 : "%0*" PRId64, width, number);
}

static void print_decimal(const struct verb *verb, struct json_object *value, struct buffer *to)
{
	double number = json_object_get_double(value);
	int precision = verb->precision < 0 ? 6 : verb->precision;

	if (verb->letter == 'f')
		buffer_print(to, "%.*f", precision, number);
	else if (verb->letter == 'e')
		buffer_print(to, "%.*e", precision, number);
	else
		value_print(value, to);
}

/* "string=x", "<nil>" */
static void print_typed(struct json_object *value, struct buffer *to)
{
	static const char *const names[] = {
		[json_type_null] = "<nil>",
		[json_type_boolean] = "bool=",
		[json_type_double] = "float64=",
		[json_type_int] = "int=",
		[json_type_object] = "map[string]interface {}=",
		[json_type_array] = "[]interface {}=",
		[json_type_string] = "string=",
	};

	buffer_print(to, "%s", names[json_object_get_type(value)]);
	if (value)
		value_print(value, to);
}

static void print_mismatch(const struct verb *verb, struct json_object *value, struct buffer *to)
{
	buffer_print(to, "%%!%c(", verb->letter);
	print_typed(value, to);
	buffer_add(to, ")", 1);
}

static void print_one(const struct verb *verb, struct json_object *value, struct buffer *to)
{
	enum json_type type = json_object_get_type(value);

	bool is_plain = type == json_type_string || type == json_type_object ||
			type == json_type_array;

	if (verb->letter == 'v' || (verb->letter == 's' && is_plain) ||
	    (verb->letter == 't' && type == json_type_boolean))
		value_print(value, to);
	else if (verb->letter == 'q' && type == json_type_string)
		value_print_json(value, to);
	else if (verb->letter == 'd' && type == json_type_int)
		print_integer(verb, value, to);
	else if (verb->letter == 'x' && (type == json_type_int || type == json_type_string))
		print_hexadecimal(value, to);
	else if (strchr("fge", verb->letter) && type == json_type_double)
		print_decimal(verb, value, to);
	else
		print_mismatch(verb, value, to);
}

static void print_verb(const struct verb *verb, struct json_object *value, struct buffer *to)
{
	OWNED(buffer_finish) struct buffer text = { 0 };

	print_one(verb, value, &text);
	if (verb->letter == 's' && verb->precision >= 0 && value_is_text(value)) {
		size_t length = 0, n = 0;

		/* Characters, not bytes. */
		while (length < text.length && (n += ((unsigned char)text.text[length] & 0xc0) !=
						     0x80) <= (size_t)verb->precision)
			length++;
		text.length = length;
	}
	add_padded(verb, &text, to);
}

void template_printf(const char *format, struct json_object *const *values, size_t n,
		     struct buffer *to)
{
	size_t used = 0;

	while (*format) {
		size_t plain = strcspn(format, "%");
		struct verb verb;

		buffer_add(to, format, plain);
		format += plain;
		if (!*format)
			break;
		format = read_verb(format + 1, &verb);
		if (verb.letter == '%')
			buffer_add(to, "%", 1);
		else if (!verb.letter)
			buffer_print(to, "%%!(NOVERB)");
		else if (used >= n)
			buffer_print(to, "%%!%c(MISSING)", verb.letter);
		else
			print_verb(&verb, values[used++], to);
	}
	if (used == n)
		return;
	buffer_print(to, "%%!(EXTRA ");
	for (size_t i = used; i < n; i++) {
		buffer_print(to, "%s", i > used ? ", " : "");
		print_typed(values[i], to);
	}
	buffer_add(to, ")", 1);
}
