/* A log's files as a writer has them: whole records are appended, and old files make way. Knows of records
 * only that each is a line. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "shim/log/place.h"
#include "spec/base/error.h"

struct log_file {
	struct log_place place;
	int64_t max_size; /* bytes; 0: any */
	int fd;		  /* -1: to be opened when there is something to write */
	int64_t size;
	size_t torn; /* bytes at the end that are part of a record and could not be cut off yet */
};

/* Takes @place, also when it fails. Opens the file, of mode 0640, or makes it. A last line without its end,
 * left by a writer that was killed, is cut off: its record never came to be. Refused (EINVAL) is what is no
 * regular file, and a symbolic link (ELOOP). */
int log_file_open(struct log_file *file, struct log_place *place, int64_t max_size,
		  struct error *err);
void log_file_close(struct log_file *file);

/* Whether a new file comes before the next record, @waiting bytes being about to be appended. Docker's
 * rule: the record that reaches the size is the file's last one. */
bool log_file_is_due(struct log_file *file, size_t waiting);

/* Starts a new file. What fails leaves the log as it is, or without a file that is written; then the next
 * call completes it. */
int log_file_rotate(struct log_file *file, struct error *err);

/* Closes the file, so that the next record goes to the one that then has the name: somebody else has moved
 * this one away. */
void log_file_reopen(struct log_file *file);

/* Appends @data, whole records. *kept: how many bytes of it are in the file. With -1 (ENOSPC, EDQUOT, EFBIG,
 * EIO …) that is a number of whole records, and the rest may be tried again. The process must ignore SIGXFSZ. */
int log_file_append(struct log_file *file, const char *data, size_t length, size_t *kept,
		    struct error *err);
