#include "shim/log/journal.h"

#include <ctype.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <syslog.h>

#include "shim/log/time.h"
#include "spec/base/log_socket.h"
#include "spec/base/owned.h"

/* ---- the fields that every record has ---- */

static void add_text(struct buffer *to, const char *name, const char *value)
{
	journal_add_field(to, name, value, strlen(value));
}

/* Names that a label must not take: it comes with an image, and could speak for another container. */
static bool is_reserved(const char *name)
{
	static const char *const prefixes[] = { "CONTAINER_", "SYSLOG_", "IMAGE_NAME", "MESSAGE",
						"PRIORITY" };

	for (size_t i = 0; i < sizeof prefixes / sizeof *prefixes; i++)
		if (text_starts_with(name, prefixes[i]))
			return true;
	return false;
}

/* A field's name (systemd.journal-fields(7)): capitals, digits and underscores, not beginning with an
 * underscore or a digit, at most 64 of them. */
static void add_attribute(struct buffer *to, const struct string_pair *attribute)
{
	char name[65];
	size_t length = 0;

	for (const char *at = attribute->key; *at && length < sizeof name - 1; at++) {
		unsigned char byte = (unsigned char)*at;
		char c = isalnum(byte) ? (char)toupper(byte) : '_';
		if (length || isupper((unsigned char)c))
			name[length++] = c;
	}
	name[length] = '\0';
	if (length && !is_reserved(name))
		add_text(to, name, attribute->value);
}

static int add_constant(struct buffer *to, const struct log_options *options,
			const struct log_subject *subject, struct error *err)
{
	OWNED(string_map_finish) struct string_map attributes = { 0 };
	bool has_tag = options->tag && *options->tag;
	owned_string tag = log_tag(has_tag ? options->tag : "{{.ID}}", subject, err);
	owned_string short_id = log_tag("{{.ID}}", subject, err);

	if (!tag || !short_id || log_attributes(options, subject, &attributes, err))
		return -1;
	add_text(to, "CONTAINER_ID", short_id);
	add_text(to, "CONTAINER_ID_FULL", subject->id);
	add_text(to, "CONTAINER_NAME", subject->name);
	add_text(to, "CONTAINER_TAG", tag);
	add_text(to, "IMAGE_NAME", subject->image);
	add_text(to, "SYSLOG_IDENTIFIER", tag);
	for (size_t i = 0; i < attributes.n; i++)
		add_attribute(to, &attributes.v[i]);
	return to->failed ? error_errno(err, ENOMEM, "log") : 0;
}

/* ---- opening ---- */

int log_journal_open(struct log_journal *journal, const char *socket,
		     const struct log_options *options, const struct log_subject *subject,
		     struct error *err)
{
	*journal = (struct log_journal){ .fd = -1, .socket = strdup(socket) };
	if (!journal->socket)
		return error_errno(err, ENOMEM, "log");
	journal->fd = log_socket_open(socket, err);
	if (journal->fd < 0 || add_constant(&journal->constant, options, subject, err)) {
		log_journal_close(journal);
		return error_prefix(err, "the journal");
	}
	return 0;
}

void log_journal_close(struct log_journal *journal)
{
	close_fd(journal->fd);
	free(journal->socket);
	buffer_finish(&journal->constant);
	*journal = (struct log_journal){ .fd = -1 };
}

/* ---- records ---- */

static void make_id(char id[static JOURNAL_PARTIAL_ID + 1])
{
	static const char digits[] = "0123456789abcdef";
	unsigned char bytes[JOURNAL_PARTIAL_ID / 2];

	/* So few bytes come whole or not at all: getrandom(2). */
	if (getrandom(bytes, sizeof bytes, 0) != sizeof bytes)
		memset(bytes, 0, sizeof bytes);
	for (size_t i = 0; i < sizeof bytes; i++) {
		id[2 * i] = digits[bytes[i] >> 4];
		id[2 * i + 1] = digits[bytes[i] & 0xf];
	}
	id[JOURNAL_PARTIAL_ID] = '\0';
}

/* The parts of a line have an id in common and are counted from 1; all but the last say that they are parts. */
static void add_partial(struct log_journal *journal, enum log_stream stream, bool ends,
			struct buffer *to)
{
	char *id = journal->partial[stream].id;

	if (!*id && ends)
		return;
	if (!*id) {
		make_id(id);
		journal->partial[stream].ordinal = 0;
	}
	if (!ends)
		add_text(to, "CONTAINER_PARTIAL_MESSAGE", "true");
	add_text(to, "CONTAINER_PARTIAL_ID", id);
	buffer_print(to, "CONTAINER_PARTIAL_ORDINAL=%u\n", ++journal->partial[stream].ordinal);
	add_text(to, "CONTAINER_PARTIAL_LAST", ends ? "true" : "false");
	if (ends)
		*id = '\0';
}

/* Once more over a new socket when the journal at the other end of the old one is gone. */
static int send_record(struct log_journal *journal, const struct buffer *record, bool wait,
		       struct error *err)
{
	if (journal->fd >= 0) {
		if (journal_send_fields(journal->fd, record, wait) == 0)
			return 0;
		if (errno != ECONNREFUSED && errno != ENOTCONN && errno != ECONNRESET)
			return error_errno(err, errno, "send to the journal");
		close_fd(take_fd(&journal->fd));
	}
	journal->fd = log_socket_open(journal->socket, err);
	if (journal->fd < 0)
		return error_prefix(err, "the journal");
	if (journal_send_fields(journal->fd, record, wait))
		return error_errno(err, errno, "send to the journal");
	return 0;
}

int log_journal_add(struct log_journal *journal, enum log_stream stream, const char *text,
		    size_t length, bool ends, int64_t time, bool wait, struct error *err)
{
	OWNED(buffer_finish) struct buffer record = { 0 };
	char stamp[LOG_TIME_TEXT];

	journal_add_field(&record, "MESSAGE", text, length);
	buffer_print(&record, "PRIORITY=%d\n", stream == LOG_STDERR ? LOG_ERR : LOG_INFO);
	buffer_add(&record, journal->constant.text, journal->constant.length);
	journal_add_field(&record, "SYSLOG_TIMESTAMP", stamp, log_time_print(time, stamp));
	add_partial(journal, stream, ends, &record);
	return send_record(journal, &record, wait, err);
}
