#include "shim/log/decode.h"

#include <string.h>

#include "shim/log/time.h"
#include "spec/base/json_text.h"

struct cursor {
	const char *at, *end;
};

struct text {
	const char *start;
	size_t length;
};

static bool equals(struct text text, const char *word)
{
	return text.length == strlen(word) && memcmp(text.start, word, text.length) == 0;
}

static bool stream_of(struct text name, enum log_stream *ret)
{
	*ret = equals(name, "stderr") ? LOG_STDERR : LOG_STDOUT;
	return *ret == LOG_STDERR || equals(name, "stdout");
}

/* ---- k8s-file ---- */

static bool take_word(struct cursor *cursor, struct text *ret)
{
	const char *blank = memchr(cursor->at, ' ', (size_t)(cursor->end - cursor->at));

	if (!blank)
		return false;
	*ret = (struct text){ cursor->at, (size_t)(blank - cursor->at) };
	cursor->at = blank + 1;
	return true;
}

static int decode_k8s(struct cursor cursor, struct log_entry *entry)
{
	struct text time, stream, tags;

	if (!take_word(&cursor, &time) || log_time_parse(time.start, time.length, &entry->time) ||
	    !take_word(&cursor, &stream) || !stream_of(stream, &entry->stream) ||
	    !take_word(&cursor, &tags) || tags.length == 0 ||
	    (tags.length > 1 && tags.start[1] != ':') || (*tags.start != 'F' && *tags.start != 'P'))
		return -1;
	entry->ends = *tags.start == 'F';
	entry->text = cursor.at;
	entry->length = (size_t)(cursor.end - cursor.at);
	return 0;
}

/* ---- json-file ---- */

static void skip_blanks(struct cursor *cursor)
{
	while (cursor->at < cursor->end && (*cursor->at == ' ' || *cursor->at == '\t'))
		cursor->at++;
}

static bool take_byte(struct cursor *cursor, char byte)
{
	skip_blanks(cursor);
	if (cursor->at == cursor->end || *cursor->at != byte)
		return false;
	cursor->at++;
	return true;
}

/* Behind a backslash: moves over the escape, a pair of surrogates being one. */
static bool skip_escape(struct cursor *cursor)
{
	if (cursor->at == cursor->end)
		return false;
	char kind = *cursor->at++;
	if (kind != 'u')
		return kind && strchr("\"\\/bfnrt", kind);
	int unit = json_hexadecimal(cursor->at, cursor->end);
	if (unit < 0 || json_is_low_surrogate(unit))
		return false;
	cursor->at += 4;
	if (!json_is_high_surrogate(unit))
		return true;
	if (cursor->end - cursor->at < 6 || cursor->at[0] != '\\' || cursor->at[1] != 'u' ||
	    !json_is_low_surrogate(json_hexadecimal(cursor->at + 2, cursor->end)))
		return false;
	cursor->at += 6;
	return true;
}

/* A string's inside as it stands. *escape: its first backslash, or NULL. */
static bool take_string(struct cursor *cursor, struct text *ret, const char **escape)
{
	*escape = NULL;
	if (!take_byte(cursor, '"'))
		return false;
	ret->start = cursor->at;
	while (cursor->at < cursor->end) {
		unsigned char byte = (unsigned char)*cursor->at++;
		if (byte == '"') {
			ret->length = (size_t)(cursor->at - 1 - ret->start);
			return true;
		}
		if (byte < 0x20)
			return false;
		if (byte != '\\')
			continue;
		if (!*escape)
			*escape = cursor->at - 1;
		if (!skip_escape(cursor))
			return false;
	}
	return false;
}

/* A value that is not looked into: up to the comma or brace behind it. No recursion, since its depth is not ours to
 * choose. */
static bool skip_value(struct cursor *cursor)
{
	size_t depth = 0;
	struct text string;
	const char *escape;

	skip_blanks(cursor);
	const char *start = cursor->at;
	while (cursor->at < cursor->end) {
		char byte = *cursor->at;
		bool opens = byte == '{' || byte == '[', closes = byte == '}' || byte == ']';
		if (depth == 0 && (closes || byte == ','))
			break;
		if (byte == '"' && !take_string(cursor, &string, &escape))
			return false;
		if (byte != '"')
			cursor->at++;
		depth += opens;
		depth -= closes;
	}
	return depth == 0 && cursor->at > start;
}

/* Nearly every record's only escape is the newline at its end, which is not part of the line. */
static void set_text(struct log_entry *entry, struct text text, const char *escape, char *scratch)
{
	const char *end = text.start + text.length;

	entry->text = text.start;
	entry->length = text.length;
	entry->ends = false;
	if (!escape)
		return;
	if (escape + 2 == end && escape[1] == 'n') {
		entry->length -= 2;
		entry->ends = true;
		return;
	}
	entry->text = scratch;
	entry->length = json_unescape(text.start, text.length, scratch);
	if (entry->length && scratch[entry->length - 1] == '\n') {
		entry->length--;
		entry->ends = true;
	}
}

enum { HAS_STREAM = 1, HAS_TIME = 2 };

static bool take_member(struct cursor *cursor, char *scratch, struct log_entry *entry, int *has)
{
	struct text key, value;
	const char *escape;

	if (!take_string(cursor, &key, &escape) || !take_byte(cursor, ':'))
		return false;
	if (equals(key, "log")) {
		if (!take_string(cursor, &value, &escape))
			return false;
		set_text(entry, value, escape, scratch);
		return true;
	}
	if (equals(key, "stream")) {
		*has |= HAS_STREAM;
		return take_string(cursor, &value, &escape) && stream_of(value, &entry->stream);
	}
	if (equals(key, "time")) {
		*has |= HAS_TIME;
		return take_string(cursor, &value, &escape) &&
		       log_time_parse(value.start, value.length, &entry->time) == 0;
	}
	return skip_value(cursor);
}

static int decode_json(struct cursor cursor, char *scratch, struct log_entry *entry)
{
	int has = 0;

	/* Docker leaves an empty text out. */
	*entry = (struct log_entry){ .text = cursor.at };
	if (!take_byte(&cursor, '{'))
		return -1;
	do
		if (!take_member(&cursor, scratch, entry, &has))
			return -1;
	while (take_byte(&cursor, ','));
	if (!take_byte(&cursor, '}'))
		return -1;
	skip_blanks(&cursor);
	return cursor.at == cursor.end && has == (HAS_STREAM | HAS_TIME) ? 0 : -1;
}

int log_decode(enum log_driver driver, const char *line, size_t length, char *scratch,
	       struct log_entry *entry)
{
	struct cursor cursor = { line, line + length };

	if (driver == LOG_DRIVER_K8S_FILE)
		return decode_k8s(cursor, entry);
	return decode_json(cursor, scratch, entry);
}
