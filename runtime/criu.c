#include "runtime/criu.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/wait.h>

#include "runtime/descriptors.h"
#include "runtime/process.h"
#include "runtime/quote.h"
#include "spec/base/io.h"
#include "spec/base/log.h"
#include "spec/base/owned.h"
#include "spec/base/sys.h"

/* Where execvp(3) looks without PATH, and where root's programs are. */
#define DEFAULT_PATH "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"

/* The first version that tells its version. */
#define VERSION_MIN 30000

/* For what criu answers without any work, and for its end, in ms. */
#define SHORT_TIMEOUT 10000
#define END_TIMEOUT 10000

/* CRIU's longest response is far below a page. */
#define RESPONSE_MAX 65536

enum { CRIU_SOCKET = 3 }; /* the number that `criu swrk` is told */

/* ---- the new process ---- */

struct child {
	const char *program;
	const struct criu_start *start;
	int descriptors[CRIU_INHERITED + CRIU_INHERITED_MAX]; /* by the number they get in criu */
	int failure; /* where its error goes; closed by execve(2) */
};

/* All are copied out of the way first: their present numbers may be among those that are given away. */
static int arrange_descriptors(struct child *child, struct error *err)
{
	const int n = CRIU_INHERITED + (int)child->start->n_inherited;
	int copies[CRIU_INHERITED + CRIU_INHERITED_MAX];

	child->failure = fcntl(child->failure, F_DUPFD_CLOEXEC, n);
	for (int i = 0; i < n; i++) {
		copies[i] = fcntl(child->descriptors[i], F_DUPFD_CLOEXEC, n);
		if (copies[i] < 0)
			return error_errno(err, errno, "descriptor %d of criu", i);
	}
	/* dup2(2) leaves its copy open across execve(2). */
	for (int i = 0; i < n; i++)
		if (dup2(copies[i], i) < 0)
			return error_errno(err, errno, "descriptor %d of criu", i);
	return descriptors_shield((unsigned)n, err);
}

static _Noreturn void become_criu(struct child *child)
{
	struct error error = { 0 };
	char socket[] = { '0' + CRIU_SOCKET, '\0' };
	char *const arguments[] = { "criu", "swrk", socket, NULL };

	if (arrange_descriptors(child, &error) == 0) {
		execve(child->program, arguments, environ);
		error_errno(&error, errno, "exec %s", child->program);
	}
	write_all(child->failure, &error, sizeof error);
	_exit(127);
}

/* Nothing but the end comes when it has become criu. */
static int hear_failure(int pipe, struct error *err)
{
	struct error error;
	ssize_t got;

	do
		got = read(pipe, &error, sizeof error);
	while (got < 0 && errno == EINTR);
	if (got == 0)
		return 0;
	if (got != (ssize_t)sizeof error)
		return error_set(err, EPROTO, "start criu: half an error came");
	error.msg[sizeof error.msg - 1] = '\0';
	*err = error;
	return -1;
}

static int choose_stdio(const struct criu_start *start, struct child *child, struct criu *criu,
			struct error *err)
{
	if (start->stdio) {
		memcpy(child->descriptors, start->stdio, 3 * sizeof *start->stdio);
		return 0;
	}
	criu->output = memfd_create("criu", MFD_CLOEXEC);
	if (criu->output < 0)
		return error_errno(err, errno, "memfd_create");
	for (int i = 0; i < 3; i++)
		child->descriptors[i] = criu->output;
	return 0;
}

static int spawn(struct child *child, struct criu *criu, struct error *err)
{
	int pidfd = -1, ends[2];

	if (pipe2(ends, O_CLOEXEC))
		return error_errno(err, errno, "pipe");
	owned_fd failure = ends[0], writer = ends[1];
	child->failure = writer;
	struct clone_args args = { .flags = CLONE_PIDFD,
				   .pidfd = (uintptr_t)&pidfd,
				   .exit_signal = SIGCHLD };
	criu->pid = sys_clone3(&args);
	if (criu->pid == 0)
		become_criu(child);
	if (criu->pid < 0)
		return error_errno(err, errno, "clone3");
	criu->pidfd = pidfd;
	close_fd(take_fd(&writer));
	return hear_failure(failure, err);
}

static void forget(struct criu *criu)
{
	close_fd(take_fd(&criu->socket));
	close_fd(take_fd(&criu->pidfd));
	close_fd(take_fd(&criu->output));
	criu->pid = 0;
}

int criu_start(const char *program, const struct criu_start *start, struct criu *ret,
	       struct error *err)
{
	struct child child = { .program = program, .start = start };
	int pair[2];

	*ret = (struct criu){ .pidfd = -1, .socket = -1, .output = -1 };
	if (start->n_inherited > CRIU_INHERITED_MAX)
		return error_set(err, E2BIG, "criu: too many descriptors to inherit");
	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair))
		return error_errno(err, errno, "socketpair");
	owned_fd peer = pair[1];
	ret->socket = pair[0];
	child.descriptors[CRIU_SOCKET] = peer;
	for (size_t i = 0; i < start->n_inherited; i++)
		child.descriptors[CRIU_INHERITED + i] = start->inherited[i];
	int failed = choose_stdio(start, &child, ret, err) || spawn(&child, ret, err);
	if (failed && ret->pid > 0)
		criu_end(ret, NULL, NULL);
	else if (failed)
		forget(ret);
	return failed ? -1 : 0;
}

/* ---- messages ---- */

static int send_request(const struct criu *criu, const struct criu_request *request,
			struct error *err)
{
	struct buffer bytes = { 0 };
	ssize_t sent = -1;

	protobuf_write(&criu_request_type, request, &bytes);
	if (bytes.failed)
		errno = ENOMEM;
	else
		do
			sent = send(criu->socket, bytes.text, bytes.length, MSG_NOSIGNAL);
		while (sent < 0 && errno == EINTR);
	buffer_finish(&bytes);
	/* Why criu no longer listens is said by its end, which the next receive meets. */
	if (sent < 0 && errno != EPIPE && errno != ECONNRESET)
		return error_errno(err, errno, "send to criu");
	return 0;
}

int criu_check_status(int status, const char *when, struct error *err)
{
	if (WIFSIGNALED(status))
		return error_set(err, ECHILD, "criu died of signal %d %s", WTERMSIG(status), when);
	if (WEXITSTATUS(status))
		return error_set(err, ECHILD, "criu ended with status %d %s", WEXITSTATUS(status),
				 when);
	return 0;
}

static int has_died(struct criu *criu, struct error *err)
{
	static const char when[] = "without an answer";
	char line[256] = "";
	int status = 0;

	if (criu->output >= 0)
		quote_last_lines(criu->output, "", 1, line, sizeof line);
	if (criu_end(criu, &status, err))
		return -1;
	/* Also one that has ended well has left the question open. */
	if (criu_check_status(status, when, err) == 0)
		error_set(err, ECHILD, "criu ended with status 0 %s", when);
	return *line ? error_hint(err, "it said: %s", line) : -1;
}

static int wait_readable(int socket, int timeout, struct error *err)
{
	struct pollfd readable = { .fd = socket, .events = POLLIN };
	int ready;

	do
		ready = poll(&readable, 1, timeout);
	while (ready < 0 && errno == EINTR);
	if (ready == 0)
		return error_set(err, ETIME, "criu did not answer within %d s", timeout / 1000);
	return ready < 0 ? error_errno(err, errno, "wait for criu") : 0;
}

/* One packet and at most one descriptor. Returns its length, 0 at the end, or -1. */
static ssize_t receive(int socket, char *bytes, size_t size, int *fd, struct error *err)
{
	union {
		struct cmsghdr header; /* for its alignment */
		char bytes[CMSG_SPACE(sizeof(int))];
	} control;
	struct iovec data = { .iov_base = bytes, .iov_len = size };
	struct msghdr message = { .msg_iov = &data,
				  .msg_iovlen = 1,
				  .msg_control = control.bytes,
				  .msg_controllen = CMSG_LEN(sizeof(int)) };
	ssize_t got;

	do
		got = recvmsg(socket, &message, MSG_CMSG_CLOEXEC);
	while (got < 0 && errno == EINTR);
	if (got < 0)
		return errno == ECONNRESET ? 0 : error_errno(err, errno, "receive from criu");
	const struct cmsghdr *part = CMSG_FIRSTHDR(&message);
	if (part && part->cmsg_level == SOL_SOCKET && part->cmsg_type == SCM_RIGHTS &&
	    part->cmsg_len == CMSG_LEN(sizeof(int)))
		memcpy(fd, CMSG_DATA(part), sizeof *fd);
	if (message.msg_flags & (MSG_TRUNC | MSG_CTRUNC))
		return error_set(err, EMSGSIZE, "receive from criu: the message is too long");
	return got;
}

/* NULL at the end of the conversation too: then *err says how criu ended. */
static struct criu_response *receive_response(struct criu *criu, int timeout, int *fd,
					      struct error *err)
{
	char bytes[RESPONSE_MAX];

	if (wait_readable(criu->socket, timeout, err))
		return NULL;
	ssize_t got = receive(criu->socket, bytes, sizeof bytes, fd, err);
	if (got == 0)
		has_died(criu, err);
	if (got <= 0)
		return NULL;
	struct criu_response *response =
		protobuf_read(&criu_response_type, bytes, (size_t)got, err);
	if (!response)
		error_prefix(err, "message of criu");
	return response;
}

static int check_response(const struct criu_response *response, const struct criu_request *request,
			  struct error *err)
{
	if (response->type.set && response->type.value == CRIU_NOTIFY && response->notify &&
	    response->notify->script)
		return 0;
	if (!response->success.set || !response->success.value) {
		int code = response->cr_errno.value > 0 && response->cr_errno.value < 4096
				   ? (int)response->cr_errno.value
				   : 0;
		char words[512] = "";
		/* Elsewhere the log says more, and tells what it was that mattered. */
		if (response->cr_errmsg && !request->opts)
			quote_line(response->cr_errmsg, words, sizeof words);
		if (code)
			error_errno(err, code, "criu failed");
		else
			error_set(err, EIO, "criu failed");
		return *words ? error_hint(err, "it said: %s", words) : -1;
	}
	if (!response->type.set || response->type.value != request->type.value)
		return error_set(err, EPROTO, "criu answered something that was not asked");
	return 0;
}

static int notify(struct criu *criu, const struct criu_listener *listener,
		  const struct criu_notification *notification, int fd, struct error *err)
{
	struct criu_request answer = { .type = { true, CRIU_NOTIFY },
				       .notify_success = { true, true } };

	log_debug("criu: %s", notification->script);
	if (listener && listener->notify(listener->context, notification, fd, err))
		answer.notify_success.value = false;
	int failed = !answer.notify_success.value;
	return send_request(criu, &answer, failed ? NULL : err) || failed ? -1 : 0;
}

static void log_options(const struct criu_options *options)
{
	struct buffer text = { 0 };

	if (options)
		protobuf_print(&criu_options_type, options, &text);
	for (char *rest = text.text, *line; (line = strsep(&rest, "\n"));)
		if (*line)
			log_debug("criu option %s", line);
	buffer_finish(&text);
}

struct criu_response *criu_ask(struct criu *criu, const struct criu_request *request,
			       const struct criu_listener *listener, int timeout, struct error *err)
{
	log_options(request->opts);
	if (send_request(criu, request, err))
		return NULL;
	for (;;) {
		owned_fd fd = -1;
		struct criu_response *response = receive_response(criu, timeout, &fd, err);
		if (!response)
			return NULL;
		int failed = check_response(response, request, err);
		bool notification = !failed && response->type.value == CRIU_NOTIFY;
		if (notification)
			failed = notify(criu, listener, response->notify, fd, err);
		if (!failed && !notification)
			return response;
		protobuf_free(&criu_response_type, response);
		if (failed)
			return NULL;
	}
}

int criu_end(struct criu *criu, int *status, struct error *err)
{
	struct pollfd end = { .fd = criu->pidfd, .events = POLLIN };
	int ready, result = 0;

	if (criu->pid <= 0) {
		forget(criu);
		return 0;
	}
	/* It waits for more, or for an answer, until it sees the end of the connection. */
	close_fd(take_fd(&criu->socket));
	do
		ready = poll(&end, 1, END_TIMEOUT);
	while (ready < 0 && errno == EINTR);
	if (ready == 0) {
		sys_pidfd_send_signal(criu->pidfd, SIGKILL);
		error_set(err, ETIME, "criu did not end within %d s", END_TIMEOUT / 1000);
	}
	while (waitpid(criu->pid, &result, 0) < 0 && errno == EINTR)
		;
	if (status)
		*status = result;
	forget(criu);
	return ready == 0 ? -1 : 0;
}

/* ---- short questions ---- */

static struct criu_response *ask_shortly(const char *program, const struct criu_request *request,
					 struct error *err)
{
	struct criu criu;
	const struct criu_start start = { 0 };

	if (criu_start(program, &start, &criu, err))
		return NULL;
	struct criu_response *response = criu_ask(&criu, request, NULL, SHORT_TIMEOUT, err);
	if (!response && err && err->code == ETIME && criu.pid > 0)
		sys_pidfd_send_signal(criu.pidfd, SIGKILL);
	criu_end(&criu, NULL, NULL);
	return response;
}

static int read_version(const char *program, struct error *err)
{
	const struct criu_request request = { .type = { true, CRIU_VERSION } };
	struct criu_response *response = ask_shortly(program, &request, err);

	if (!response)
		return error_prefix(err, "version of %s", program);
	const struct criu_version *version = response->version;
	int64_t number = -1;
	/* Each has two digits; a version that has more is no older for it. */
	if (version && version->major_number.value >= 0 && version->major_number.value < 1000 &&
	    version->minor_number.value >= 0 && version->minor_number.value < 100 &&
	    version->sublevel.value >= 0 && version->sublevel.value < 100)
		number = version->major_number.value * 10000 + version->minor_number.value * 100 +
			 version->sublevel.value;
	protobuf_free(&criu_response_type, response);
	return number < 0 ? error_set(err, EPROTO, "version of %s: it tells none", program)
			  : (int)number;
}

static char *find_program(struct error *err)
{
	const char *path = getenv("PATH");
	OWNED(string_list_finish) struct string_list environment = { 0 };
	owned_string variable = text_format("PATH=%s", path ? path : DEFAULT_PATH);

	if (!variable || string_list_add(&environment, variable)) {
		error_errno(err, ENOMEM, "find criu");
		return NULL;
	}
	char *found = process_find_program("criu", &environment, err);
	if (found && found[0] == '/')
		return found;
	/* Of the working directory: that is the bundle, whose programs are the container's. */
	if (found)
		error_set(err, ENOENT, "exec: \"criu\": found as '%s' in a relative directory",
			  found);
	free(found);
	error_hint(err, "install criu 3.0 or later; PATH is %s", variable + strlen("PATH="));
	return NULL;
}

char *criu_find(int *version, struct error *err)
{
	owned_string program = find_program(err);

	*version = program ? read_version(program, err) : -1;
	if (*version < 0)
		return NULL;
	log_debug("%s: version %d", program, *version);
	if (*version >= VERSION_MIN)
		return take_pointer(program);
	error_set(err, ENOTSUP, "%s: CRIU version %d must be %d or higher", program, *version,
		  VERSION_MIN);
	return NULL;
}

int criu_check_features(const char *program, const struct criu_features *wanted, struct error *err)
{
	struct criu_features asked = *wanted;
	const struct criu_request request = { .type = { true, CRIU_FEATURE_CHECK },
					      .features = &asked };
	struct criu_response *response = ask_shortly(program, &request, err);

	if (!response)
		return error_prefix(err, "features of %s", program);
	const struct criu_features none = { 0 };
	const struct criu_features *has = response->features ? response->features : &none;
	const char *missing = wanted->mem_track.value && !has->mem_track.value ? "memory tracking"
			      : wanted->lazy_pages.value && !has->lazy_pages.value ? "lazy pages"
										   : NULL;
	protobuf_free(&criu_response_type, response);
	if (!missing)
		return 0;
	return error_set(err, ENOTSUP, "criu is missing features: this kernel or criu has no %s",
			 missing);
}
