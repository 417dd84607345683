/* Strict JSON check over the text, before json-c builds a tree of it. json-c also takes NaN, single
 * quotes and duplicate keys, saturates integers beyond 64 bits and cuts keys at \u0000. Knows the
 * grammar of RFC 8259 and nothing of tables. */
#pragma once

#include "spec/table.h"

/* Integers that 64 bits cannot hold: path and literal. They are an error only where a table asks for
 * the number, because the content of unknown keys is free. */
struct scan_result {
	struct string_map large_integers;
};

/* One pass; memory is bounded by the largest object's number of keys. Adds to @problems what it
 * finds. Returns 0 when the text is JSON (perhaps with problems), -1 when nothing more can be said
 * of it. Finish @result with scan_result_finish in both cases. */
int table_scan(const char *text, size_t length, struct scan_result *result,
	       struct problems *problems);
void scan_result_finish(struct scan_result *result);
