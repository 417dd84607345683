/* Records on their way to a log's files: many in one write. Knows neither lines that go on nor what to do
 * when the disk is full. */
#pragma once

#include "shim/log/encode.h"
#include "shim/log/file.h"

struct log_batch {
	struct log_file file;
	struct log_encoding encoding;
	char *waiting; /* whole records that are in no file yet */
	size_t length, capacity;
};

/* Takes @place, also when it fails. @attributes as log_encoding_init. */
int log_batch_open(struct log_batch *batch, struct log_place *place, enum log_driver driver,
		   int64_t max_size, const char *attributes, struct error *err);
void log_batch_close(struct log_batch *batch);

/* Takes a record along; @text: at most LOG_LINE_MAX bytes without a newline. May write what waits, and starts a
 * new file where one is due. With -1 the record is not taken; those that waited before still do. */
int log_batch_add(struct log_batch *batch, enum log_stream stream, const char *text, size_t length,
		  bool ends, int64_t time, struct error *err);

/* Writes what waits. With -1 the records that could not be written wait on. */
int log_batch_flush(struct log_batch *batch, struct error *err);

/* Gives the memory back to the kernel, when nothing waits. */
void log_batch_rest(struct log_batch *batch);
