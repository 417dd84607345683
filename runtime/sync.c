#include "runtime/sync.h"

#include <errno.h>
#include <stdbool.h>
#include <stddef.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

static const char *const names[] = {
	[SYNC_GO] = "GO",	[SYNC_HOOKS] = "HOOKS",	    [SYNC_HOOKS_DONE] = "HOOKS_DONE",
	[SYNC_READY] = "READY", [SYNC_RELEASE] = "RELEASE", [SYNC_ERROR] = "ERROR"
};

struct message {
	enum sync_type type;
	struct error error; /* sent with SYNC_ERROR only */
};

int sync_open(int *parent, int *child, struct error *err)
{
	int pair[2];

	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair))
		return error_errno(err, errno, "socketpair");
	*parent = pair[0];
	*child = pair[1];
	return 0;
}

/* What the other side said last, if that was why it ended. */
static bool take_last_words(int socket, struct error *err)
{
	struct message message = { 0 };
	ssize_t got = recv(socket, &message, sizeof message, MSG_DONTWAIT);

	if (got != (ssize_t)sizeof message || message.type != SYNC_ERROR)
		return false;
	message.error.msg[sizeof message.error.msg - 1] = '\0';
	*err = message.error;
	return true;
}

int sync_send(int socket, enum sync_type type, struct error *err)
{
	if (send(socket, &type, sizeof type, MSG_NOSIGNAL) == (ssize_t)sizeof type)
		return 0;
	int code = errno;
	if (!take_last_words(socket, err))
		error_errno(err, code, "send %s", names[type]);
	return -1;
}

void sync_send_error(int socket, const struct error *error)
{
	struct message message = { .type = SYNC_ERROR, .error = *error };

	send(socket, &message, sizeof message, MSG_NOSIGNAL);
}

int sync_expect(int socket, enum sync_type expected, struct error *err)
{
	struct message message = { 0 };
	ssize_t got;

	do
		got = recv(socket, &message, sizeof message, 0);
	while (got < 0 && errno == EINTR);
	/* ECONNRESET: it has died without reading what we sent. */
	if (got < 0 && errno != ECONNRESET)
		return error_errno(err, errno, "wait for %s", names[expected]);
	if (got <= 0)
		return error_set(err, EPIPE, "wait for %s: the other process has died",
				 names[expected]);
	if (got == (ssize_t)sizeof message && message.type == SYNC_ERROR) {
		message.error.msg[sizeof message.error.msg - 1] = '\0';
		*err = message.error;
		return -1;
	}
	if (got != (ssize_t)sizeof message.type || message.type != expected)
		return error_set(err, EPROTO, "wait for %s: another message came", names[expected]);
	return 0;
}

int sync_expect_end(int socket, struct error *err)
{
	struct message message = { 0 };
	ssize_t got;

	do
		got = recv(socket, &message, sizeof message, 0);
	while (got < 0 && errno == EINTR);
	if (got == (ssize_t)sizeof message && message.type == SYNC_ERROR) {
		message.error.msg[sizeof message.error.msg - 1] = '\0';
		*err = message.error;
		return -1;
	}
	if (got > 0)
		return error_set(err, EPROTO, "wait for execve: another message came");
	return 0;
}
