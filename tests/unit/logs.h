/* For tests of logs: a folder, writers with options, what is in a file, and what a reader shows. */
#pragma once

#include <sys/resource.h>
#include <time.h>

#include "shim/log/print.h"
#include "shim/log/read.h"
#include "shim/log/write.h"
#include "spec/base/io.h"
#include "spec/base/owned.h"
#include "tests/unit/sandbox.h"

/* 2026-01-02T03:04:05.000000060Z */
#define LOG_TEST_TIME INT64_C(1767323045000000060)
#define LOG_TEST_STAMP "2026-01-02T03:04:05.000000060Z"
#define LOG_TEST_NAME "box.log"

static const struct log_subject log_test_subject = { .id = "0123456789abcdef0123456789abcdef",
						     .name = "box",
						     .image = "debian:12" };

/* A new empty folder, opened; its path in log_test_path. */
static char log_test_path[128];

static inline int log_test_folder(void)
{
	static unsigned number;
	char name[32];

	snprintf(name, sizeof name, "logs-%u", number++);
	snprintf(log_test_path, sizeof log_test_path, "%s", in_sandbox(name));
	return open_new_folder(name);
}

/* @pairs: "key=value" with blanks between, or "". To be finished. */
static inline struct log_options log_test_options(const char *driver, const char *pairs)
{
	OWNED(string_map_finish) struct string_map map = { 0 };
	struct error err = { 0 };
	struct log_options options;

	map.v = calloc(16, sizeof *map.v);
	for (const char *at = pairs; *at; at += strspn(at, " ")) {
		const char *equals = strchr(at, '=');
		assert_non_null(equals);
		size_t length = strcspn(equals + 1, " ");
		map.v[map.n++] = (struct string_pair){ strndup(at, (size_t)(equals - at)),
						       strndup(equals + 1, length) };
		at = equals + 1 + length;
	}
	SUCCEEDS(log_options_parse(driver, &map, &options, &err));
	return options;
}

static inline void log_test_open(struct log_writer *writer, int folder, const char *driver,
				 const char *pairs)
{
	OWNED(log_options_finish) struct log_options options = log_test_options(driver, pairs);
	struct error err = { 0 };

	SUCCEEDS(log_writer_open(writer, &options, &log_test_subject, folder, LOG_TEST_NAME, NULL,
				 NULL, &err));
}

static inline void log_test_write(struct log_writer *writer, enum log_stream stream,
				  const char *text)
{
	log_write(writer, stream, text, strlen(text), LOG_TEST_TIME);
}

/* File @number of the log, to be freed; NULL when there is none. */
static inline char *log_test_file(int folder, unsigned number, size_t *length)
{
	char name[32];
	char *text = NULL;

	snprintf(name, sizeof name, number ? "%s.%u" : "%s", LOG_TEST_NAME, number);
	if (read_file_at(folder, name, 1 << 28, &text, length, NULL))
		return NULL;
	return text;
}

static inline void log_test_expect(int folder, unsigned number, const char *expected)
{
	owned_string text = log_test_file(folder, number, NULL);

	assert_non_null(text);
	assert_string_equal(text, expected);
}

static inline void log_test_put(int folder, const char *name, const char *text, size_t length)
{
	owned_fd fd = openat(folder, name, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0640);

	assert_true(fd >= 0);
	assert_int_equal(write_all(fd, text, length), 0);
}

/* What log_read shows: each stream's bytes, and all as one. */
struct log_shown {
	struct buffer streams[LOG_STREAMS], all;
	uint64_t damaged, records, lines, idle;
};

static inline int log_test_show(void *context, const struct log_entry *entry, bool begins,
				struct error *err)
{
	struct log_shown *shown = context;
	struct buffer *both[] = { &shown->streams[entry->stream], &shown->all };

	(void)err;
	shown->records++;
	shown->lines += begins;
	for (int i = 0; i < 2; i++) {
		buffer_add(both[i], entry->text, entry->length);
		buffer_add(both[i], "\n", entry->ends);
	}
	return 0;
}

static inline int log_test_idle(void *context, struct error *err)
{
	struct log_shown *shown = context;

	(void)err;
	shown->idle++;
	return 0;
}

static inline void log_test_forget(struct log_shown *shown)
{
	for (int i = 0; i < LOG_STREAMS; i++)
		buffer_finish(&shown->streams[i]);
	buffer_finish(&shown->all);
}

static inline void log_test_read(int folder, enum log_driver driver, unsigned count,
				 const struct log_query *query, struct log_shown *shown)
{
	const struct log_sink sink = { log_test_show, log_test_idle, shown };
	OWNED(log_place_finish) struct log_place place;
	struct error err = { 0 };

	*shown = (struct log_shown){ 0 };
	SUCCEEDS(log_place_init(&place, folder, LOG_TEST_NAME, count, &err));
	SUCCEEDS(log_read(&place, driver, query, &sink, &shown->damaged, &err));
	buffer_add(&shown->all, "", 0);
}

static inline const char *log_shown_text(const struct buffer *buffer)
{
	return buffer->text ? buffer->text : "";
}

/* Numbers that look random and are the same in every run. */
static inline uint32_t log_test_random(uint32_t *state)
{
	*state = *state * 1664525 + 1013904223;
	return *state >> 8;
}
