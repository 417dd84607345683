/* The lines of a log file as records: the way back of shim/log/encode.h. What is in a file may be damaged or
 * somebody else's. Knows no file. */
#pragma once

#include "shim/log/entry.h"

/* Reads one line of @length bytes without its newline. @scratch has room for @length; entry->text points into
 * it or into @line. k8s-file: further tags behind P or F are passed over, as CRI wants. json-file: members in
 * any order, others than Docker's passed over. Returns 0, or -1: it is no record. */
int log_decode(enum log_driver driver, const char *line, size_t length, char *scratch,
	       struct log_entry *entry);
