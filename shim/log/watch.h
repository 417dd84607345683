/* Waits until a log may have grown. */
#pragma once

#include <stdint.h>

#include "spec/base/error.h"

struct log_watch {
	int fd; /* inotify; -1: the user has too many, so the log is looked at four times a second */
	int ended; /* as in struct log_query */
};

/* @directory: the log's folder; may be O_PATH. */
void log_watch_open(struct log_watch *watch, int directory, int ended);
void log_watch_close(struct log_watch *watch);

/* Waits for a change in the folder since the last call, for the end, or until CLOCK_REALTIME is beyond
 * @until (INT64_MAX: no limit). Returns 1 when the end has come or the time is over, 0 when something may
 * have changed, or -1. */
int log_watch_wait(struct log_watch *watch, int64_t until, struct error *err);
