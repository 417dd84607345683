/* What ps(1) printed, cut down to some processes. Must not know where the ids come from. */
#pragma once

#include <stddef.h>
#include <sys/types.h>

#include "spec/base/error.h"
#include "spec/base/text.h"

/* Appends the header of @output and its lines whose column PID is one of @pids, which ascend.
 * @output is cut into lines on the way. A header without PID, or a line without a number in that
 * column, is an error: then the columns are not where the header says. */
int ps_table_filter(char *output, const pid_t *pids, size_t n, struct buffer *to,
		    struct error *err);
