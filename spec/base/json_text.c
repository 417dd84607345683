#include "spec/base/json_text.h"

#include <string.h>

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

size_t utf8_count(const char *text, size_t length)
{
	size_t n = 0;

	for (size_t i = 0; i < length; i++)
		n += !is_continuation((unsigned char)text[i]);
	return n;
}

void text_make_printable(char *text)
{
	size_t left = strlen(text);

	while (left > 0) {
		size_t size = utf8_sequence(text, left);
		unsigned char byte = (unsigned char)*text;
		bool is_c1 = size == 2 && byte == 0xc2 && (unsigned char)text[1] < 0xa0;

		if (size == 0)
			size = 1;
		if (is_c1 || (size == 1 && (byte < 0x20 || byte >= 0x7f)))
			memset(text, '?', size);
		text += size;
		left -= size;
	}
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

int json_hexadecimal(const char *at, const char *end)
{
	int value = 0;

	if (end - at < 4)
		return -1;
	for (int i = 0; i < 4; i++) {
		char c = at[i];

		if (c >= '0' && c <= '9')
			value = value * 16 + (c - '0');
		else if (c >= 'a' && c <= 'f')
			value = value * 16 + (c - 'a' + 10);
		else if (c >= 'A' && c <= 'F')
			value = value * 16 + (c - 'A' + 10);
		else
			return -1;
	}
	return value;
}

bool json_is_high_surrogate(int unit)
{
	return unit >= 0xd800 && unit <= 0xdbff;
}

bool json_is_low_surrogate(int unit)
{
	return unit >= 0xdc00 && unit <= 0xdfff;
}

static char *add_utf8(char *to, unsigned int code)
{
	if (code < 0x80) {
		*to++ = (char)code;
		return to;
	}
	if (code >= 0x10000) {
		*to++ = (char)(0xf0 | code >> 18);
		*to++ = (char)(0x80 | (code >> 12 & 0x3f));
	} else if (code >= 0x800) {
		*to++ = (char)(0xe0 | code >> 12);
	} else {
		*to++ = (char)(0xc0 | code >> 6);
	}
	if (code >= 0x800)
		*to++ = (char)(0x80 | (code >> 6 & 0x3f));
	*to++ = (char)(0x80 | (code & 0x3f));
	return to;
}

size_t json_unescape(const char *text, size_t length, char *to)
{
	static const char letters[] = "bfnrt", meanings[] = "\b\f\n\r\t";
	const char *end = text + length;
	char *start = to;

	while (text < end) {
		if (*text != '\\') {
			*to++ = *text++;
			continue;
		}
		text++;
		if (*text != 'u') {
			const char *letter = strchr(letters, *text);
			*to++ = letter ? meanings[letter - letters] : *text;
			text++;
			continue;
		}
		unsigned int code = (unsigned int)json_hexadecimal(text + 1, end);
		text += 5;
		if (json_is_high_surrogate((int)code)) {
			unsigned int low = (unsigned int)json_hexadecimal(text + 2, end);
			code = 0x10000 + ((code - 0xd800) << 10) + (low - 0xdc00);
			text += 6;
		}
		to = add_utf8(to, code);
	}
	return (size_t)(to - start);
}
