/* What the user sees of a job that takes long: one line per layer on a terminal, plain lines without one, JSON events, or nothing.
 * Functions may be called from several threads. Knows no layer. */
#pragma once

#include <stddef.h>
#include <stdint.h>

#include "spec/base/error.h"

enum progress_style {
	PROGRESS_AUTO, /* as the descriptor is */
	PROGRESS_TERMINAL,
	PROGRESS_LINES,
	PROGRESS_JSON, /* one object a line */
	PROGRESS_QUIET
};

enum progress_state {
	PROGRESS_WAITING,
	PROGRESS_EXTRACTING,
	PROGRESS_PRESENT, /* was there already */
	PROGRESS_DONE,
	PROGRESS_FAILED
};

struct progress;

/* To @fd, borrowed; for @n items. */
struct progress *progress_open(enum progress_style style, int fd, size_t n, struct error *err);
/* @name: what the user knows the item by, a digest; @size in bytes of what is read of it. */
void progress_item(struct progress *progress, size_t item, const char *name, uint64_t size);
void progress_state(struct progress *progress, size_t item, enum progress_state state);
void progress_bytes(struct progress *progress, size_t item, uint64_t done);
/* A line by the side, such as a notice. */
void progress_notice(struct progress *progress, const char *format, ...)
	__attribute__((format(printf, 2, 3)));
void progress_close(struct progress *progress); /* NULL allowed */
