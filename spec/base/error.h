/* The one way a failure travels: filled where it happens, given context on the way up, worded once.
 * A struct error has no pointers, so a child process can send it to its parent as it is. */
#pragma once

struct error {
	int code; /* an errno value; 0 means no error was set */
	char msg[1024];
};

/* Every function here returns -1, so that a failing line can end in `return error_…(err, …)`.
 * A NULL err is allowed: the text is dropped. Text that does not fit is cut. */

/* Words only: for what is wrong with the input. @code is the errno value callers may test. */
int error_set(struct error *err, int code, const char *format, ...)
	__attribute__((format(printf, 3, 4)));

/* Words, then ": " and the text of errno value @code, in lower case as callers match it
 * ("no such file or directory"). */
int error_errno(struct error *err, int code, const char *format, ...)
	__attribute__((format(printf, 3, 4)));

/* Puts "words: " before what is already there. */
int error_prefix(struct error *err, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* Puts "; words" behind what is already there: what the reader can do about it. */
int error_hint(struct error *err, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* The text of an errno value with its first letter in lower case ("EPERM" alone stays as it is).
 * Returns a pointer into a static buffer for unknown values; not for use by two threads. */
const char *errno_text(int code);
