/* Times and states as docker words them for people (go-units, container/state.go). Reads no clock. */
#pragma once

#include "shim/record.h"

#define HUMAN_DURATION_TEXT 40
#define HUMAN_STATUS_TEXT 100

/* "Less than a second", "5 seconds", "About a minute", "3 hours", "2 weeks". Negative counts as nothing: the clock was
 * set back. Returns @text. */
const char *human_duration(int64_t nanoseconds, char text[static HUMAN_DURATION_TEXT]);

/* "Up 3 minutes", "Up 2 hours (Paused)", "Up 5 seconds (healthy)", "Exited (137) 5 seconds ago",
 * "Restarting (1) 2 seconds ago", "Created". @now: nanoseconds since 1970. Returns @text. */
const char *human_status(const struct record *record, int64_t now,
			 char text[static HUMAN_STATUS_TEXT]);

/* @text with quotes around it and Go's escapes for what a terminal would act on (strconv.Quote). */
void human_quote(const char *text, struct buffer *to);

/* At most @width characters: the last is "…" when something is missing. */
void human_ellipsis(const char *text, size_t width, struct buffer *to);
