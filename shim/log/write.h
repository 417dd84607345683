/* The way of a container's output into its log: bytes become lines, lines records, and records go to the
 * driver. What the log does never holds the container up. Does not know where the bytes come from.
 *
 * Time stamps are the clock's, also where it jumps back: a stamp that is kept from going back would be wrong
 * for as long as the clock was wrong. Records stand in the order of the output, and readers do not take them
 * for ordered by time. */
#pragma once

#include "shim/log/batch.h"
#include "shim/log/journal.h"
#include "shim/log/place.h"
#include "shim/log/subject.h"

/* Called once when the log stops (disk full …) and once when it goes on. @words last for the call. */
typedef void log_notice(void *context, const char *words);

struct log_writer {
	enum log_driver driver;
	union {
		struct log_batch batch;
		struct log_journal journal;
	};
	struct log_held {
		char *text; /* the line's bytes that are in no record yet: room for LOG_LINE_MAX */
		size_t length;
		bool goes_on; /* the line has records already, whose time is @time */
		int64_t time;
	} held[LOG_STREAMS];
	bool stopped, was_told;
	uint64_t lost;	  /* bytes of output that no record speaks of yet */
	uint64_t missing; /* bytes since the log stopped that a record speaks of */
	struct error why; /* it did */
	log_notice *notice;
	void *context;
};

/* Opens the log that @options ask for: in @directory under @name, unless they have a path. @notice may be
 * NULL. What @subject and @options point to is not needed afterwards. The process must ignore SIGXFSZ. */
int log_writer_open(struct log_writer *writer, const struct log_options *options,
		    const struct log_subject *subject, int directory, const char *name,
		    log_notice *notice, void *context, struct error *err);

/* Writes what waits, as far as that is possible. Returns how many bytes of output are lost for want of room
 * on the disk; bytes of records that could not be written count too. */
uint64_t log_writer_close(struct log_writer *writer);

/* Takes bytes as they were read, in any portions. @now: nanoseconds since 1970, of CLOCK_REALTIME. What lines
 * the bytes complete is in the log afterwards; of an unfinished one up to LOG_LINE_MAX bytes are kept. While
 * the log is stopped the bytes are counted, and each call tries whether it can go on; when it does, a line on
 * stderr says how many are missing. */
void log_write(struct log_writer *writer, enum log_stream stream, const char *bytes, size_t length,
	       int64_t now);

/* At a stream's end: logs the unfinished line as a part, so that a reader adds no newline to it. */
void log_flush(struct log_writer *writer, enum log_stream stream, int64_t now);

/* When nothing has come for a while: the same for both streams, so that a prompt is seen and a killed writer
 * loses nothing; a UTF-8 sequence is not torn for it. Gives memory back. */
void log_settle(struct log_writer *writer, int64_t now);

/* Tries to go on when the log is stopped. Returns whether it is not stopped any more. */
bool log_retry(struct log_writer *writer, int64_t now);

/* Somebody has moved the file away: the next record goes to the one that then has its name. */
void log_reopen(struct log_writer *writer);
