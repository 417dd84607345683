/* Which records of a log are wanted. Knows no file. */
#pragma once

#include "shim/log/entry.h"

#define LOG_ALL_LINES UINT64_MAX

struct log_query {
	uint64_t tail;	      /* lines, counted from the end among those wanted; or LOG_ALL_LINES */
	int64_t since, until; /* nanoseconds since 1970, both included; INT64_MIN, INT64_MAX: any */
	bool streams[LOG_STREAMS];
	bool follow; /* go on with what is still being written */
	int ended; /* with follow: a descriptor that becomes readable or hangs up when nothing will be
		      * written any more; -1: there is none */
};

/* All of both streams, without following. */
#define LOG_QUERY_ALL                                                          \
	{                                                                      \
		.tail = LOG_ALL_LINES, .since = INT64_MIN, .until = INT64_MAX, \
		.streams = { true, true }, .ended = -1                         \
	}

/* Each record by its own time: the clock may have jumped between any two, also between the parts of a line. */
static inline bool log_query_wants(const struct log_query *query, const struct log_entry *entry)
{
	return query->streams[entry->stream] && entry->time >= query->since &&
	       entry->time <= query->until;
}
