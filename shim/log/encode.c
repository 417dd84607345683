#include "shim/log/encode.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "shim/log/time.h"
#include "spec/base/json_text.h"
#include "spec/base/owned.h"

static const char *const stream_names[] = { "stdout", "stderr" };

/* "2026-01-02T03:04:05.000000060Z stdout F " */
enum { K8S_PREFIX = LOG_TIME_FIXED + 10, K8S_FLAG = K8S_PREFIX - 2 };

/* ---- json-file ---- */

/* Sixteen bytes at a time, whatever vectors the processor has. */
typedef signed char block __attribute__((vector_size(16)));
enum { BLOCK = sizeof(block), ESCAPE_MAX = 6 };

static bool is_plain(signed char c)
{
	return c >= 0x20 && c != '"' && c != '\\' && c != '<' && c != '>' && c != '&';
}

/* Negative bytes are those of longer UTF-8 sequences. */
static bool block_is_plain(block bytes)
{
	block special = (bytes < 0x20) | (bytes == '"') | (bytes == '\\') | (bytes == '<') |
			(bytes == '>') | (bytes == '&');
	uint64_t halves[2];

	memcpy(halves, &special, sizeof halves);
	return (halves[0] | halves[1]) == 0;
}

/* Copies as far as nothing has to be escaped; touches up to a block more at @to. */
static size_t copy_plain(char *to, const char *text, size_t length)
{
	size_t done = 0;

	for (; length - done >= BLOCK; done += BLOCK) {
		block bytes;
		memcpy(&bytes, text + done, BLOCK);
		memcpy(to + done, &bytes, BLOCK);
		if (!block_is_plain(bytes))
			break;
	}
	for (; done < length && is_plain((signed char)text[done]); done++)
		to[done] = text[done];
	return done;
}

static char *put(char *to, const char *text, size_t length)
{
	memcpy(to, text, length);
	return to + length;
}

static char *put_escape(char *to, unsigned char byte)
{
	static const char digits[] = "0123456789abcdef";

	*to++ = '\\';
	if (byte == '"' || byte == '\\')
		*to++ = (char)byte;
	else if (byte == '\n')
		*to++ = 'n';
	else if (byte == '\r')
		*to++ = 'r';
	else {
		to = put(to, "u00", 3);
		*to++ = digits[byte >> 4];
		*to++ = digits[byte & 0xf];
	}
	return to;
}

/* Line and paragraph separator are escaped too, since they end a line in JavaScript. */
static char *put_sequence(char *to, const char *text, size_t size)
{
	if (size == 0)
		return put(to, "\\ufffd", ESCAPE_MAX);
	if (size == 3 && memcmp(text, "\xe2\x80\xa8", 3) == 0)
		return put(to, "\\u2028", ESCAPE_MAX);
	if (size == 3 && memcmp(text, "\xe2\x80\xa9", 3) == 0)
		return put(to, "\\u2029", ESCAPE_MAX);
	return put(to, text, size);
}

static char *put_json_text(char *to, const char *text, size_t length)
{
	for (size_t done = 0; done < length;) {
		size_t plain = copy_plain(to, text + done, length - done);
		to += plain;
		done += plain;
		if (done == length)
			break;
		unsigned char byte = (unsigned char)text[done];
		if (byte < 0x80) {
			to = put_escape(to, byte);
			done++;
			continue;
		}
		size_t size = utf8_sequence(text + done, length - done);
		to = put_sequence(to, text + done, size);
		done += size ? size : 1;
	}
	return to;
}

/* A tab is the one thing that Docker's encoder of records writes otherwise than Go's own, which its attributes
 * come from. */
void log_add_json_string(struct buffer *to, const char *text)
{
	owned_string escaped = malloc(ESCAPE_MAX * strlen(text) + BLOCK);

	if (!escaped) {
		to->failed = true;
		return;
	}
	buffer_add(to, "\"", 1);
	for (;;) {
		size_t length = strcspn(text, "\t");
		const char *end = put_json_text(escaped, text, length);
		buffer_add(to, escaped, (size_t)(end - escaped));
		if (!text[length])
			break;
		buffer_add(to, "\\t", 2);
		text += length + 1;
	}
	buffer_add(to, "\"", 1);
}

static char *encode_json(const struct log_encoding *encoding, char *to, enum log_stream stream,
			 const char *text, size_t length, bool ends)
{
	to = put(to, "{\"log\":\"", 8);
	to = put_json_text(to, text, length);
	if (ends)
		to = put(to, "\\n", 2);
	return put(to, encoding->shared[stream].text, encoding->shared[stream].length);
}

/* ---- k8s-file ---- */

static char *encode_k8s(const struct log_encoding *encoding, char *to, enum log_stream stream,
			const char *text, size_t length, bool ends)
{
	memcpy(to, encoding->shared[stream].text, K8S_PREFIX);
	to[K8S_FLAG] = ends ? 'F' : 'P';
	to = put(to + K8S_PREFIX, text, length);
	*to++ = '\n';
	return to;
}

/* ---- both ---- */

char *log_encode(const struct log_encoding *encoding, char *to, enum log_stream stream,
		 const char *text, size_t length, bool ends)
{
	if (encoding->driver == LOG_DRIVER_K8S_FILE)
		return encode_k8s(encoding, to, stream, text, length, ends);
	return encode_json(encoding, to, stream, text, length, ends);
}

size_t log_encode_room(const struct log_encoding *encoding, size_t length)
{
	if (encoding->driver == LOG_DRIVER_K8S_FILE)
		return K8S_PREFIX + length + 1;
	return 8 + ESCAPE_MAX * length + BLOCK + 2 + encoding->shared[LOG_STDOUT].length;
}

void log_encoding_set_time(struct log_encoding *encoding, int64_t time)
{
	char stamp[LOG_TIME_TEXT];
	bool is_k8s = encoding->driver == LOG_DRIVER_K8S_FILE;

	if (encoding->has_time && encoding->time == time)
		return;
	encoding->time = time;
	encoding->has_time = true;
	size_t length = is_k8s ? log_time_print_fixed(time, stamp) : log_time_print(time, stamp);
	for (int i = 0; i < LOG_STREAMS; i++) {
		char *start = encoding->shared[i].text, *at = start;
		if (is_k8s) {
			at = put(at, stamp, length);
			*at++ = ' ';
			at = put(at, stream_names[i], strlen(stream_names[i]));
			at = put(at, " F ", 3);
		} else {
			at = put(at, "\",\"stream\":\"", 12);
			at = put(at, stream_names[i], strlen(stream_names[i]));
			at = put(at, "\"", 1);
			at = put(at, encoding->attributes, strlen(encoding->attributes));
			at = put(at, ",\"time\":\"", 9);
			at = put(at, stamp, length);
			at = put(at, "\"}\n", 3);
		}
		encoding->shared[i].length = (size_t)(at - start);
	}
}

int log_encoding_init(struct log_encoding *encoding, enum log_driver driver, const char *attributes,
		      struct error *err)
{
	const size_t frame = 128; /* more than what stands around the attributes */

	*encoding = (struct log_encoding){ .driver = driver };
	if (attributes && strlen(attributes) > LOG_ATTRIBUTES_MAX)
		return error_set(err, E2BIG, "the log's attributes take more than %d bytes",
				 LOG_ATTRIBUTES_MAX);
	encoding->attributes = attributes ? text_format(",\"attrs\":%s", attributes) : strdup("");
	bool failed = !encoding->attributes;
	for (int i = 0; i < LOG_STREAMS && !failed; i++) {
		encoding->shared[i].text = malloc(strlen(encoding->attributes) + frame);
		failed = !encoding->shared[i].text;
	}
	if (failed) {
		log_encoding_finish(encoding);
		return error_errno(err, ENOMEM, "log");
	}
	return 0;
}

void log_encoding_finish(struct log_encoding *encoding)
{
	free(encoding->attributes);
	for (int i = 0; i < LOG_STREAMS; i++)
		free(encoding->shared[i].text);
	*encoding = (struct log_encoding){ 0 };
}
