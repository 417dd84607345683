/* How the state of one item of a long job reads. Knows no terminal, no clock and no thread. */
#pragma once

#include <stdint.h>

#include "imgtool/base/progress_state.h"
#include "spec/base/text.h"

struct progress_view {
	const char *name; /* a digest, or any text */
	enum progress_state state;
	const char *activity; /* what PROGRESS_EXTRACTING is called: "Extracting" */
	uint64_t done, size;  /* bytes; size 0: unknown */
	double seconds;	      /* since the item began; of one that has ended, how long it took */
};

/* Twelve digits of a digest, as docker shows them; of another text what is printable, cut. */
#define PROGRESS_NAME_MAX 25
void progress_short_name(const char *name, char ret[PROGRESS_NAME_MAX]);

/* "12.3 MB", in powers of 1000 as docker counts. */
#define PROGRESS_BYTES_MAX 16
void progress_print_bytes(char ret[PROGRESS_BYTES_MAX], double bytes);

/* One line without its end, at most @columns wide: the bar, then the time left, the rate and the bytes are left out
 * where there is no room. */
void progress_print_terminal(struct buffer *to, const struct progress_view *view, unsigned columns);

/* One line with its end, for a log; nothing for PROGRESS_WAITING. */
void progress_print_line(struct buffer *to, const struct progress_view *view);

/* One object and the end of the line; its state is a word in lower case. @item: its number; @time: RFC 3339. */
void progress_print_json(struct buffer *to, const struct progress_view *view, size_t item,
			 const char *time);
