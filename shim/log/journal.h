/* A container's lines as records of the systemd journal, with the fields that Docker gives them. Knows no
 * file. */
#pragma once

#include "shim/log/entry.h"
#include "shim/log/subject.h"
#include "spec/base/text.h"

enum { JOURNAL_PARTIAL_ID = 64 };

struct log_journal {
	char *socket;
	int fd;			/* -1: to be opened anew, since the journal was restarted */
	struct buffer constant; /* the fields that every record has */
	struct {
		char id[JOURNAL_PARTIAL_ID + 1]; /* "" while no line goes on */
		unsigned ordinal;
	} partial[LOG_STREAMS];
};

/* @socket: JOURNAL_SOCKET. The tag is the container's id of twelve characters unless @options has another
 * one. Errors: those of connect(2) when there is no journal; EINVAL for a tag that is wrong. */
int log_journal_open(struct log_journal *journal, const char *socket,
		     const struct log_options *options, const struct log_subject *subject,
		     struct error *err);
void log_journal_close(struct log_journal *journal);

/* Sends one record. Priority 6 (informational) for stdout, 3 (error) for stderr. @wait: as
 * journal_send_fields. */
int log_journal_add(struct log_journal *journal, enum log_stream stream, const char *text,
		    size_t length, bool ends, int64_t time, bool wait, struct error *err);
