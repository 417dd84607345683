/* Where messages go. Only programs log; libraries return a struct error.
 * One sink per process, opened by main. */
#pragma once

#include <stdbool.h>

#include "spec/base/error.h"

enum log_format { LOG_TEXT, LOG_JSON };
enum log_level { LOG_LEVEL_DEBUG, LOG_LEVEL_WARNING, LOG_LEVEL_ERROR };

/* The level called "debug", "warning" or "error"; -1: none is. */
int log_level_number(const char *name);

/* @target NULL or "": stderr; "journald:NAME" or "syslog:NAME", where NAME is what messages are found by
 * (none: @program); "file:PATH" or any other text: that file. Messages below @lowest are dropped.
 * Lines of text in a file: time="RFC 3339" level=… msg="…"; on stderr, for people: "@program: …", and
 * "@program: warning: …". Lines of JSON: {"level","msg","time"}. The journal and syslog have a form of
 * their own whatever @format says.
 * @program and @target must stay valid until log_close. Opening again closes first. */
int log_open(const char *program, const char *target, enum log_format format, enum log_level lowest,
	     struct error *err);

/* The container that all further messages are about, for the journal and syslog; @id must stay valid. */
void log_about_container(const char *id);

/* Warnings and debug messages for a JSON log file are kept until log_close, because Podman decodes
 * that whole file as one object: when an error was logged they go to stderr instead, so that the
 * error stays alone. */
void log_warning(const char *format, ...) __attribute__((format(printf, 1, 2)));
void log_debug(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* Writes to the log and, when that is not stderr, there too. */
void log_error(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* The log's descriptor, or -1: it must not reach a container. */
int log_fd(void);

void log_close(void);
