/* Records as a log file has them: one line each. Knows no file. */
#pragma once

#include "shim/log/entry.h"
#include "spec/base/error.h"
#include "spec/base/text.h"

/* The part of a record that all records of one moment share is made once. */
struct log_encoding {
	enum log_driver driver;
	int64_t time;
	bool has_time;
	char *attributes; /* ",\"attrs\":{…}" or "" */
	/* k8s-file: what stands before the text. json-file: what stands behind it. */
	struct {
		char *text;
		size_t length;
	} shared[LOG_STREAMS];
};

/* @driver: one with files. @attributes: a JSON object for json-file, or NULL. Errors: ENOMEM, E2BIG. */
int log_encoding_init(struct log_encoding *encoding, enum log_driver driver, const char *attributes,
		      struct error *err);
void log_encoding_finish(struct log_encoding *encoding);

/* The time of the records that follow, nanoseconds since 1970. Must have been called once. */
void log_encoding_set_time(struct log_encoding *encoding, int64_t time);

/* Bytes that log_encode may touch for a text of @length. */
size_t log_encode_room(const struct log_encoding *encoding, size_t length);

/* Writes one record with its newline at @to; returns the end. @text has no newline in it.
 * k8s-file (CRI): "RFC 3339 stdout|stderr P|F text\n". json-file: {"log","stream","attrs","time"}, with the
 * escapes of Go's encoder: what is not UTF-8 becomes \ufffd. */
char *log_encode(const struct log_encoding *encoding, char *to, enum log_stream stream,
		 const char *text, size_t length, bool ends);

/* Appends @text as a JSON string with its quotes, as Docker has them in "attrs". */
void log_add_json_string(struct buffer *to, const char *text);
