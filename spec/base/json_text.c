#include "spec/base/json_text.h"

#include <stdbool.h>

static bool is_continuation(unsigned char byte)
{
	return (byte & 0xc0) == 0x80;
}

size_t utf8_sequence(const char *text, size_t length)
{
	const unsigned char *at = (const unsigned char *)text;
	unsigned char low = 0x80, high = 0xbf;
	size_t size;

	if (length == 0)
		return 0;
	if (at[0] < 0x80)
		return 1;
	if (at[0] >= 0xc2 && at[0] <= 0xdf)
		size = 2;
	else if (at[0] >= 0xe0 && at[0] <= 0xef)
		size = 3;
	else if (at[0] >= 0xf0 && at[0] <= 0xf4)
		size = 4;
	else
		return 0;
	/* The second byte is where overlong forms, surrogates and too large values show. */
	if (at[0] == 0xe0)
		low = 0xa0;
	else if (at[0] == 0xed)
		high = 0x9f;
	else if (at[0] == 0xf0)
		low = 0x90;
	else if (at[0] == 0xf4)
		high = 0x8f;
	if (length < size || at[1] < low || at[1] > high)
		return 0;
	for (size_t i = 2; i < size; i++)
		if (!is_continuation(at[i]))
			return 0;
	return size;
}

size_t utf8_cut(const char *text, size_t length, size_t max)
{
	if (length <= max)
		return length;
	while (max > 0 && is_continuation((unsigned char)text[max]))
		max--;
	return max;
}

static void add_escape(struct buffer *buffer, unsigned char byte)
{
	switch (byte) {
	case '"':
		buffer_add(buffer, "\\\"", 2);
		break;
	case '\\':
		buffer_add(buffer, "\\\\", 2);
		break;
	case '\n':
		buffer_add(buffer, "\\n", 2);
		break;
	case '\r':
		buffer_add(buffer, "\\r", 2);
		break;
	case '\t':
		buffer_add(buffer, "\\t", 2);
		break;
	default:
		buffer_print(buffer, "\\u%04x", byte);
	}
}

void buffer_add_json_string(struct buffer *buffer, const char *text, size_t length)
{
	size_t start = 0, at = 0;

	buffer_add(buffer, "\"", 1);
	while (at < length) {
		unsigned char byte = (unsigned char)text[at];
		size_t size = utf8_sequence(text + at, length - at);

		if (size && byte >= 0x20 && byte != '"' && byte != '\\' && byte != 0x7f) {
			at += size;
			continue;
		}
		buffer_add(buffer, text + start, at - start);
		if (size)
			add_escape(buffer, byte);
		else
			buffer_add(buffer, "\\ufffd", 6);
		start = ++at;
	}
	buffer_add(buffer, text + start, at - start);
	buffer_add(buffer, "\"", 1);
}
