/* The one sink for messages of a program. Knows no library that could call it. */
#include "spec/base/log.h"

#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "spec/base/io.h"
#include "spec/base/json_text.h"
#include "spec/base/owned.h"
#include "spec/base/text.h"

/* A loop that warns must not fill the memory. */
enum { KEPT_MAX = 1000 };

static struct {
	const char *program;
	int fd; /* -1: stderr */
	enum log_format format;
	bool debug, had_error;
	/* Lines for a JSON log file that may have to go to stderr instead: the same in both forms. */
	struct string_list kept_for_file, kept_for_stderr;
} sink = { .fd = -1 };

static const char *const level_names[] = {
	[LOG_LEVEL_DEBUG] = "debug",
	[LOG_LEVEL_WARNING] = "warning",
	[LOG_LEVEL_ERROR] = "error",
};

int log_open(const char *program, const char *path, enum log_format format, bool debug,
	     struct error *err)
{
	int fd = -1;

	if (path && *path) {
		fd = open(path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC | O_NOCTTY, 0644);
		if (fd < 0)
			return error_errno(err, errno, "open log file %s", path);
	}
	log_close();
	sink.program = program;
	sink.fd = fd;
	sink.format = format;
	sink.debug = debug;
	return 0;
}

static void print_line(struct buffer *line, enum log_level level, const char *message)
{
	char stamp[sizeof "0000-00-00T00:00:00Z" + 16] = "";
	time_t now = time(NULL);
	struct tm utc;

	if (gmtime_r(&now, &utc))
		strftime(stamp, sizeof stamp, "%Y-%m-%dT%H:%M:%SZ", &utc);
	if (sink.format == LOG_JSON) {
		buffer_print(line, "{\"level\":\"%s\",\"msg\":", level_names[level]);
		buffer_add_json_string(line, message, strlen(message));
		buffer_print(line, ",\"time\":\"%s\"}\n", stamp);
	} else {
		buffer_print(line, "time=\"%s\" level=%s msg=", stamp, level_names[level]);
		buffer_add_json_string(line, message, strlen(message));
		buffer_print(line, "\n");
	}
}

/* For people: the program's name, and the level unless it is an error. */
static void print_stderr_line(struct buffer *line, enum log_level level, const char *message)
{
	if (sink.program)
		buffer_print(line, "%s: ", sink.program);
	if (level != LOG_LEVEL_ERROR)
		buffer_print(line, "%s: ", level_names[level]);
	buffer_print(line, "%s\n", message);
}

/* One write(2), so that lines of several processes do not mix. There is nobody to tell a failure. */
static void write_line(int fd, const struct buffer *line)
{
	if (line->text && !line->failed)
		(void)write_all(fd, line->text, line->length);
}

static bool keep(const struct buffer *line, const struct buffer *stderr_line)
{
	if (sink.kept_for_file.n >= KEPT_MAX || !line->text || !stderr_line->text)
		return false;
	return string_list_add(&sink.kept_for_file, line->text) == 0 &&
	       string_list_add(&sink.kept_for_stderr, stderr_line->text) == 0;
}

static void log_message(enum log_level level, const char *format, va_list args)
{
	struct buffer line = { 0 }, stderr_line = { 0 };
	owned_string message = NULL;
	int saved = errno;

	if (vasprintf(&message, format, args) < 0)
		message = NULL;
	const char *text = message ? message : "out of memory";

	print_line(&line, level, text);
	print_stderr_line(&stderr_line, level, text);
	if (sink.fd < 0) {
		write_line(STDERR_FILENO, sink.format == LOG_JSON ? &line : &stderr_line);
	} else if (level == LOG_LEVEL_ERROR) {
		write_line(sink.fd, &line);
		write_line(STDERR_FILENO, &stderr_line);
		sink.had_error = true;
	} else if (sink.format == LOG_TEXT) {
		write_line(sink.fd, &line);
	} else if (!keep(&line, &stderr_line)) {
		write_line(STDERR_FILENO, &stderr_line);
	}
	buffer_finish(&line);
	buffer_finish(&stderr_line);
	errno = saved;
}

void log_warning(const char *format, ...)
{
	va_list args;

	va_start(args, format);
	log_message(LOG_LEVEL_WARNING, format, args);
	va_end(args);
}

void log_debug(const char *format, ...)
{
	va_list args;

	if (!sink.debug)
		return;
	va_start(args, format);
	log_message(LOG_LEVEL_DEBUG, format, args);
	va_end(args);
}

void log_error(const char *format, ...)
{
	va_list args;

	va_start(args, format);
	log_message(LOG_LEVEL_ERROR, format, args);
	va_end(args);
}

int log_fd(void)
{
	return sink.fd;
}

void log_close(void)
{
	const struct string_list *lines = sink.had_error ? &sink.kept_for_stderr
							 : &sink.kept_for_file;
	int fd = sink.had_error ? STDERR_FILENO : sink.fd;

	for (size_t i = 0; i < lines->n; i++)
		(void)write_all(fd, lines->v[i], strlen(lines->v[i]));
	string_list_finish(&sink.kept_for_file);
	string_list_finish(&sink.kept_for_stderr);
	close_fd(sink.fd);
	memset(&sink, 0, sizeof sink);
	sink.fd = -1;
}
