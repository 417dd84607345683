/* The one sink for messages of a program. Knows no library that could call it. */
#include "spec/base/log.h"

#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <syslog.h>
#include <time.h>

#include "spec/base/io.h"
#include "spec/base/json_text.h"
#include "spec/base/log_socket.h"
#include "spec/base/owned.h"
#include "spec/base/text.h"

/* A loop that warns must not fill the memory. */
enum { KEPT_MAX = 1000 };

enum target { TARGET_STDERR, TARGET_FILE, TARGET_JOURNAL, TARGET_SYSLOG };

static struct {
	const char *program, *identifier, *container;
	enum target target;
	int fd; /* -1: stderr */
	enum log_format format;
	enum log_level lowest;
	bool had_error;
	/* Lines for a JSON log file that may have to go to stderr instead: the same in both forms. */
	struct string_list kept_for_file, kept_for_stderr;
} sink = { .fd = -1, .lowest = LOG_LEVEL_WARNING };

static const char *const level_names[] = {
	[LOG_LEVEL_DEBUG] = "debug",
	[LOG_LEVEL_WARNING] = "warning",
	[LOG_LEVEL_ERROR] = "error",
};

int log_level_number(const char *name)
{
	for (int level = LOG_LEVEL_DEBUG; level <= LOG_LEVEL_ERROR; level++)
		if (strcmp(level_names[level], name) == 0)
			return level;
	return -1;
}

static const int priorities[] = {
	[LOG_LEVEL_DEBUG] = LOG_DEBUG,
	[LOG_LEVEL_WARNING] = LOG_WARNING,
	[LOG_LEVEL_ERROR] = LOG_ERR,
};

static const struct {
	const char *prefix;
	enum target target;
} prefixes[] = {
	{ "journald:", TARGET_JOURNAL },
	{ "syslog:", TARGET_SYSLOG },
	{ "file:", TARGET_FILE },
};

/* Moves *text on behind the prefix. */
static enum target parse_target(const char **text)
{
	if (!*text || !**text)
		return TARGET_STDERR;
	for (size_t i = 0; i < sizeof prefixes / sizeof *prefixes; i++)
		if (text_starts_with(*text, prefixes[i].prefix)) {
			*text += strlen(prefixes[i].prefix);
			return prefixes[i].target;
		}
	return TARGET_FILE; /* a path may hold a colon */
}

static int open_target(enum target target, const char *path, struct error *err)
{
	if (target == TARGET_JOURNAL || target == TARGET_SYSLOG) {
		int fd = log_socket_open(target == TARGET_JOURNAL ? JOURNAL_SOCKET : SYSLOG_SOCKET,
					 err);
		return fd < 0 ? error_prefix(err, "open log") : fd;
	}
	int fd = open(path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC | O_NOCTTY, 0644);
	return fd < 0 ? error_errno(err, errno, "open log file %s", path) : fd;
}

int log_open(const char *program, const char *target, enum log_format format, enum log_level lowest,
	     struct error *err)
{
	enum target kind = parse_target(&target);
	int fd = -1;

	if (kind != TARGET_STDERR) {
		fd = open_target(kind, target, err);
		if (fd < 0)
			return -1;
	}
	log_close();
	sink.program = program;
	sink.identifier = target && *target ? target : program;
	sink.target = kind;
	sink.fd = fd;
	sink.format = format;
	sink.lowest = lowest;
	return 0;
}

void log_about_container(const char *id)
{
	sink.container = id;
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

static int send_record(enum log_level level, const char *message)
{
	struct log_record record = { priorities[level], sink.identifier, message, sink.container };

	return sink.target == TARGET_JOURNAL ? journal_send(sink.fd, &record)
					     : syslog_send(sink.fd, &record);
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
	if (sink.target == TARGET_JOURNAL || sink.target == TARGET_SYSLOG) {
		/* What nobody took is told here at least. */
		if (send_record(level, text) || level == LOG_LEVEL_ERROR)
			write_line(STDERR_FILENO, &stderr_line);
	} else if (sink.fd < 0) {
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

	if (sink.lowest > LOG_LEVEL_WARNING)
		return;
	va_start(args, format);
	log_message(LOG_LEVEL_WARNING, format, args);
	va_end(args);
}

void log_debug(const char *format, ...)
{
	va_list args;

	if (sink.lowest > LOG_LEVEL_DEBUG)
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
	sink.lowest = LOG_LEVEL_WARNING;
}
