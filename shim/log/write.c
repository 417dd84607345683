#include "shim/log/write.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "spec/base/json_text.h"
#include "spec/base/log_socket.h"
#include "spec/base/owned.h"

/* ---- opening and closing ---- */

static int open_batch(struct log_writer *writer, const struct log_options *options,
		      const struct log_subject *subject, int directory, const char *name,
		      struct error *err)
{
	owned_string attributes = NULL;
	struct log_place place;

	if (log_attributes_json(options, subject, &attributes, err) ||
	    (options->path ? log_place_init_path(&place, options->path, options->max_file, err)
			   : log_place_init(&place, directory, name, options->max_file, err)))
		return -1;
	return log_batch_open(&writer->batch, &place, options->driver, options->max_size,
			      attributes, err);
}

static void close_driver(struct log_writer *writer)
{
	if (writer->driver == LOG_DRIVER_JOURNALD)
		log_journal_close(&writer->journal);
	else if (writer->driver != LOG_DRIVER_NONE)
		log_batch_close(&writer->batch);
}

static void free_held(struct log_writer *writer)
{
	for (int i = 0; i < LOG_STREAMS; i++)
		free(writer->held[i].text);
}

static int open_driver(struct log_writer *writer, const struct log_options *options,
		       const struct log_subject *subject, int directory, const char *name,
		       struct error *err)
{
	if (options->driver == LOG_DRIVER_NONE)
		return 0;
	if (options->driver == LOG_DRIVER_JOURNALD)
		return log_journal_open(&writer->journal, JOURNAL_SOCKET, options, subject, err);
	return open_batch(writer, options, subject, directory, name, err);
}

int log_writer_open(struct log_writer *writer, const struct log_options *options,
		    const struct log_subject *subject, int directory, const char *name,
		    log_notice *notice, void *context, struct error *err)
{
	bool failed = false;

	*writer = (struct log_writer){ .driver = options->driver,
				       .notice = notice,
				       .context = context };
	for (int i = 0; i < LOG_STREAMS; i++)
		failed |= !(writer->held[i].text = malloc(LOG_LINE_MAX));
	if (failed)
		error_errno(err, ENOMEM, "log");
	if (failed || open_driver(writer, options, subject, directory, name, err)) {
		free_held(writer);
		return -1;
	}
	return 0;
}

uint64_t log_writer_close(struct log_writer *writer)
{
	uint64_t lost = writer->lost;

	if (writer->driver == LOG_DRIVER_K8S_FILE || writer->driver == LOG_DRIVER_JSON_FILE) {
		log_batch_flush(&writer->batch, NULL);
		lost += writer->batch.length;
	}
	close_driver(writer);
	free_held(writer);
	*writer = (struct log_writer){ .driver = LOG_DRIVER_NONE };
	return lost;
}

/* ---- the driver ---- */

/* @wait: for the journal, whether a full socket may hold us up. */
static int add_record(struct log_writer *writer, enum log_stream stream, const char *text,
		      size_t length, bool ends, int64_t time, bool wait, struct error *err)
{
	if (writer->driver == LOG_DRIVER_JOURNALD)
		return log_journal_add(&writer->journal, stream, text, length, ends, time, wait,
				       err);
	return log_batch_add(&writer->batch, stream, text, length, ends, time, err);
}

static int flush_records(struct log_writer *writer, struct error *err)
{
	if (writer->driver == LOG_DRIVER_JOURNALD)
		return 0;
	return log_batch_flush(&writer->batch, err);
}

static void tell(const struct log_writer *writer, const char *words)
{
	if (writer->notice)
		writer->notice(writer->context, words);
}

static void stop(struct log_writer *writer, const struct error *why)
{
	writer->stopped = true;
	if (writer->was_told)
		return;
	writer->why = *why;
	writer->was_told = true;
	owned_string words = text_format("the log has stopped: %s", why->msg);
	if (words)
		tell(writer, words);
}

/* ---- lines ---- */

/* Docker gives the parts of a line the time of the first one, containerd each its own. */
static void emit(struct log_writer *writer, enum log_stream stream, const char *text, size_t length,
		 bool ends, int64_t now)
{
	struct log_held *held = &writer->held[stream];
	bool is_k8s = writer->driver == LOG_DRIVER_K8S_FILE;
	struct error err;

	if (!held->goes_on)
		held->time = now;
	int64_t time = is_k8s ? now : held->time;
	/* A journal that hung holds nobody up again before it has taken something. */
	bool wait = !writer->was_told;
	if (!writer->stopped && add_record(writer, stream, text, length, ends, time, wait, &err))
		stop(writer, &err);
	if (writer->stopped)
		writer->lost += length + ends;
	else
		held->goes_on = !ends;
}

static void hold(struct log_held *held, const char *bytes, size_t length)
{
	memcpy(held->text + held->length, bytes, length);
	held->length += length;
}

/* How many bytes at the end of @text are the beginning of a UTF-8 sequence whose rest is still to come. */
static size_t unfinished_sequence(const char *text, size_t length)
{
	for (size_t size = 1; size <= 3 && size <= length; size++) {
		unsigned char byte = (unsigned char)text[length - size];
		size_t whole = byte >= 0xf0 ? 4 : byte >= 0xe0 ? 3 : byte >= 0xc0 ? 2 : 1;
		if ((byte & 0xc0) != 0x80)
			return whole > size ? size : 0;
	}
	return 0;
}

/* Makes a record of what is held. In JSON a torn sequence would be lost on both sides: it waits. */
static void emit_part(struct log_writer *writer, enum log_stream stream, bool may_tear, int64_t now)
{
	struct log_held *held = &writer->held[stream];
	size_t keep = may_tear ? 0 : unfinished_sequence(held->text, held->length);

	if (held->length == keep)
		return;
	emit(writer, stream, held->text, held->length - keep, false, now);
	memmove(held->text, held->text + held->length - keep, keep);
	held->length = keep;
}

static void emit_line(struct log_writer *writer, enum log_stream stream, const char *bytes,
		      size_t length, int64_t now)
{
	struct log_held *held = &writer->held[stream];

	if (held->length == 0) {
		emit(writer, stream, bytes, length, true, now);
		return;
	}
	hold(held, bytes, length);
	emit(writer, stream, held->text, held->length, true, now);
	held->length = 0;
}

/* Uses up at least one byte, or makes room for one; returns how many it used. A line of LOG_LINE_MAX bytes is one
 * record in containerd's logs, and in Docker's, which counts its newline too, two. */
static size_t take_bytes(struct log_writer *writer, enum log_stream stream, const char *bytes,
			 size_t length, int64_t now)
{
	struct log_held *held = &writer->held[stream];
	bool is_k8s = writer->driver == LOG_DRIVER_K8S_FILE;
	size_t room = LOG_LINE_MAX - held->length, window = room + is_k8s;
	const char *newline = memchr(bytes, '\n', length < window ? length : window);

	if (newline) {
		emit_line(writer, stream, bytes, (size_t)(newline - bytes), now);
		return (size_t)(newline - bytes) + 1;
	}
	size_t used = length < room ? length : room;
	hold(held, bytes, used);
	if (length >= window)
		emit_part(writer, stream, is_k8s, now);
	return used;
}

/* ---- disk full ---- */

/* The rest of such a line is among what is lost. */
static void end_held_lines(struct log_writer *writer, int64_t now)
{
	for (int i = 0; i < LOG_STREAMS; i++)
		if (writer->held[i].length || writer->held[i].goes_on)
			emit_line(writer, (enum log_stream)i, "", 0, now);
}

static int say_what_is_lost(struct log_writer *writer, int64_t now, struct error *err)
{
	owned_string words = text_format("oshim: %ju bytes of output are missing here: %s",
					 (uintmax_t)writer->lost, writer->why.msg);

	if (!words)
		return error_errno(err, ENOMEM, "log");
	if (add_record(writer, LOG_STDERR, words, strlen(words), true, now, false, err))
		return -1;
	writer->missing += writer->lost;
	writer->lost = 0;
	return 0;
}

static int go_on(struct log_writer *writer, int64_t now, struct error *err)
{
	if (flush_records(writer, err))
		return -1;
	writer->stopped = false;
	if (writer->lost)
		end_held_lines(writer, now);
	if (writer->stopped || (writer->lost && say_what_is_lost(writer, now, err)))
		return -1;
	return flush_records(writer, err);
}

bool log_retry(struct log_writer *writer, int64_t now)
{
	struct error err;

	if (!writer->stopped)
		return true;
	if (go_on(writer, now, &err)) {
		writer->stopped = true;
		return false;
	}
	owned_string words = text_format("the log goes on; %ju bytes of output are missing in it",
					 (uintmax_t)writer->missing);
	writer->missing = 0;
	writer->was_told = false;
	if (words)
		tell(writer, words);
	return true;
}

/* ---- what callers see ---- */

static void flush_or_stop(struct log_writer *writer)
{
	struct error err;

	if (!writer->stopped && flush_records(writer, &err))
		stop(writer, &err);
}

void log_write(struct log_writer *writer, enum log_stream stream, const char *bytes, size_t length,
	       int64_t now)
{
	if (writer->driver == LOG_DRIVER_NONE)
		return;
	log_retry(writer, now);
	while (length && !writer->stopped) {
		size_t used = take_bytes(writer, stream, bytes, length, now);
		bytes += used;
		length -= used;
	}
	writer->lost += length;
	flush_or_stop(writer);
}

static void flush_held(struct log_writer *writer, enum log_stream stream, bool may_tear,
		       int64_t now)
{
	if (writer->driver == LOG_DRIVER_NONE || !log_retry(writer, now))
		return;
	emit_part(writer, stream, may_tear, now);
	flush_or_stop(writer);
}

void log_flush(struct log_writer *writer, enum log_stream stream, int64_t now)
{
	flush_held(writer, stream, true, now);
}

void log_settle(struct log_writer *writer, int64_t now)
{
	for (int i = 0; i < LOG_STREAMS; i++)
		flush_held(writer, (enum log_stream)i, false, now);
	if (writer->driver == LOG_DRIVER_K8S_FILE || writer->driver == LOG_DRIVER_JSON_FILE)
		log_batch_rest(&writer->batch);
}

void log_reopen(struct log_writer *writer)
{
	if (writer->driver == LOG_DRIVER_K8S_FILE || writer->driver == LOG_DRIVER_JSON_FILE)
		log_file_reopen(&writer->batch.file);
}
