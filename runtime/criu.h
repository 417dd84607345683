/* The program criu as a servant: found, started as `criu swrk`, asked, listened to, ended. It speaks
 * criu_rpc.h over a SOCK_SEQPACKET pair, one message a packet. Knows no container.
 * https://criu.org/RPC */
#pragma once

#include <sys/types.h>

#include "runtime/criu_rpc.h"

/* What criu_start makes inherited descriptors into: this number for the first, and so on. */
#define CRIU_INHERITED 4
#define CRIU_INHERITED_MAX 4

struct criu_start {
	const int *stdio; /* three, or NULL: none, and what criu writes is kept for the errors */
	const int *inherited;
	size_t n_inherited;
};

struct criu {
	pid_t pid; /* a child of the caller */
	int pidfd, socket;
	int output; /* what it has written, when it had no stdio; or -1 */
};

/* The path of the program `criu`, looked for in PATH as by execvp(3), relative directories apart, and its
 * version as 10000 × major + 100 × minor + sublevel; before 3.0 it is refused. For the caller to free; NULL
 * when there is none: the error says where it was looked for. */
char *criu_find(int *version, struct error *err);

int criu_start(const char *program, const struct criu_start *start, struct criu *ret,
	       struct error *err);

/* What criu says while it works, with the descriptor that came along or -1 (borrowed). On failure criu is
 * told so, and undoes what it did. */
struct criu_listener {
	int (*notify)(void *context, const struct criu_notification *notification, int fd,
		      struct error *err);
	void *context;
};

/* Sends the request and waits for its response, for the caller to free. NULL when criu fails, dies or says
 * what cannot be understood. @listener may be NULL when no notification is asked for. @timeout for each message
 * in ms, -1: none, for what takes as long as memory is large. */
struct criu_response *criu_ask(struct criu *criu, const struct criu_request *request,
			       const struct criu_listener *listener, int timeout,
			       struct error *err);

/* Sets err when @status, as waitpid(2) gives it, is no success: "criu died of signal 9, WHEN". Returns 0 or
 * -1. */
int criu_check_status(int status, const char *when, struct error *err);

/* Closes the connection, waits for the end (at most 10 s, then it is killed). *status as waitpid(2), may be
 * NULL. */
int criu_end(struct criu *criu, int *status, struct error *err);

/* Whether this kernel and program have all that is set in @wanted. */
int criu_check_features(const char *program, const struct criu_features *wanted, struct error *err);
