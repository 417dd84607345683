/* Reads a container's log for `oshim logs`, through all its files, and follows it while it is written.
 *
 * A line of a file that is no record is passed over and counted: without a time and a stream nobody can say
 * whether it was asked for, and Docker's way, to end there with an error, hides all that follows it. Memory
 * is bounded whatever the files hold: the parts of a line are shown as they come and not put together. */
#pragma once

#include "shim/log/place.h"
#include "shim/log/query.h"

/* Where the records go. Each returns 0 to go on, 1 to end, or -1 with an error. */
struct log_sink {
	/* @begins: the record is its line's first part. The text is valid for the call only. */
	int (*show)(void *context, const struct log_entry *entry, bool begins, struct error *err);
	/* Before waiting for more: what is buffered should be seen now. May be NULL. */
	int (*idle)(void *context, struct error *err);
	void *context;
};

/* Shows what @query wants of the log at @place. Without follow: as far as the log went at the call. With
 * follow: until query->ended says so and all is shown, or the clock is beyond query->until; through rotations,
 * unless files are rotated away faster than they are read. *damaged: lines that were passed over.
 * EOPNOTSUPP: the driver keeps no files. The folder must be there; the log may come later. */
int log_read(const struct log_place *place, enum log_driver driver, const struct log_query *query,
	     const struct log_sink *sink, uint64_t *damaged, struct error *err);
