/* Where the last lines of a log begin: found from its end, so that a large log costs no more than a small
 * one. */
#pragma once

#include "shim/log/files.h"
#include "shim/log/query.h"

/* The first record wanted of each stream; a file number behind the last: none is. */
struct log_positions {
	struct log_position {
		size_t file;
		int64_t offset;
	} v[LOG_STREAMS];
};

/* Where the last query->tail lines begin that @query wants, as far as the files' sizes. The lines of both
 * streams are counted in the order of their ends. The parts of the oldest line of a stream are looked for
 * within the last MiB before it; what lies further back is left out. */
int log_tail_find(const struct log_files *files, enum log_driver driver,
		  const struct log_query *query, struct log_positions *ret, struct error *err);
