/* Messages as datagrams to the journal or to syslog. Does not know which messages there are, nor what
 * else happens to them. */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "spec/base/error.h"
#include "spec/base/text.h"

#define JOURNAL_SOCKET "/run/systemd/journal/socket"
#define SYSLOG_SOCKET "/dev/log"

struct log_record {
	int priority;		/* LOG_ERR … of <syslog.h> */
	const char *identifier; /* the program's name, or what the user chose */
	const char *message;
	const char *container; /* its id, or NULL when the message is about none */
};

/* A socket connected to the one at @path; close-on-exec. A reader that hangs holds a sender up for two
 * seconds at most, since no container should wait for a logger. Returns the descriptor or -1. */
int log_socket_open(const char *path, struct error *err);

/* The journal's native protocol (systemd.io/JOURNAL_NATIVE_PROTOCOL): fields MESSAGE, PRIORITY,
 * SYSLOG_IDENTIFIER and CONTAINER_ID. What no datagram can hold goes as a sealed memory file.
 * Returns 0, or -1 with errno. */
int journal_send(int fd, const struct log_record *record);

/* For records with other fields: appends one, whatever bytes its value has. @name: capital letters, digits
 * and underscores. */
void journal_add_field(struct buffer *fields, const char *name, const char *value, size_t length);

/* Sends what journal_add_field made. Without @wait a socket that is full is EAGAIN at once. Returns 0, or
 * -1 with errno. */
int journal_send_fields(int fd, const struct buffer *fields, bool wait);

/* RFC 3164 as syslog(3) writes it, of facility "user". Control characters become spaces, so that a
 * message cannot look like two; what is too long for a datagram is cut. Returns 0, or -1 with errno. */
int syslog_send(int fd, const struct log_record *record);
