/* What the user sees of a job that takes long: one line per layer on a terminal, plain lines without one, JSON events, or nothing.
 * Functions may be called from several threads. Knows no layer. */
#pragma once

#include <stddef.h>
#include <stdint.h>

#include "imgtool/base/progress_state.h"
#include "spec/base/error.h"

enum progress_style {
	PROGRESS_AUTO, /* as the descriptor is */
	PROGRESS_TERMINAL,
	PROGRESS_LINES,
	PROGRESS_JSON, /* one object a line */
	PROGRESS_QUIET
};

struct progress;

/* To @fd, borrowed; for @n items. PROGRESS_AUTO: PROGRESS_TERMINAL when @fd is one that TERM says can be drawn on,
 * otherwise PROGRESS_LINES. */
struct progress *progress_open(enum progress_style style, int fd, size_t n, struct error *err);
/* What is done to an item in work, "Packing"; at first "Extracting". @activity must outlive @progress. */
void progress_activity(struct progress *progress, const char *activity);
/* @name: what the user knows the item by, a digest; @size in bytes of what is read of it, 0: unknown. */
void progress_item(struct progress *progress, size_t item, const char *name, uint64_t size);
void progress_state(struct progress *progress, size_t item, enum progress_state state);
/* Cheap enough for every buffer. */
void progress_bytes(struct progress *progress, size_t item, uint64_t done);
/* A line by the side, such as a notice; in every style but PROGRESS_QUIET. Control characters in it become '?'. */
void progress_notice(struct progress *progress, const char *format, ...)
	__attribute__((format(printf, 2, 3)));
/* Leaves what the items have come to on the terminal. */
void progress_close(struct progress *progress); /* NULL allowed */
