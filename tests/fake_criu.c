/* Stands in for criu where none works, and for one that fails at will: speaks the protocol of `criu swrk`,
 * saves and restores nothing. Linked under the name criu into a directory of PATH by tests/cli/checkpoint.bats
 * and restore.bats.
 *
 *   FAKE_CRIU_LOG     each request is appended to this file, one field a line
 *   FAKE_CRIU         what goes wrong, "WHAT:WHERE" with WHERE version, features, dump, pre-dump or restore:
 *                     fail (says that it failed), die, exit (after the answer, status 3), hang, garbage,
 *                     silent (closes the connection), other (answers something else), deaf (ignores refusals)
 *                     or "version:NUMBER", the version that it has; "lacks:", no features;
 *                     "liar:restore", tells of a process that is not the caller's child;
 *                     "terminal:restore", has a terminal for the container */
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>

#include "runtime/criu_rpc.h"
#include "spec/base/io.h"
#include "spec/base/owned.h"
#include "spec/base/sys.h"

enum { SOCKET = 3 };

static const char *where; /* the request that is being served */

/* Whether FAKE_CRIU asks for "WHAT:" and, if so, here. */
static bool asked_to(const char *what)
{
	const char *order = getenv("FAKE_CRIU");
	size_t length = strlen(what);

	return order && strncmp(order, what, length) == 0 && order[length] == ':' &&
	       strcmp(order + length + 1, where) == 0;
}

static void say(const struct criu_response *response, int fd)
{
	struct buffer bytes = { 0 };
	char data[4096];

	protobuf_write(&criu_response_type, response, &bytes);
	if (bytes.failed || bytes.length > sizeof data)
		exit(99);
	memcpy(data, bytes.text, bytes.length);
	struct iovec part = { .iov_base = data, .iov_len = bytes.length };
	union {
		struct cmsghdr header;
		char bytes[CMSG_SPACE(sizeof(int))];
	} control = { .bytes = { 0 } };
	struct msghdr message = { .msg_iov = &part, .msg_iovlen = 1 };
	if (fd >= 0) {
		message.msg_control = control.bytes;
		message.msg_controllen = sizeof control.bytes;
		control.header.cmsg_level = SOL_SOCKET;
		control.header.cmsg_type = SCM_RIGHTS;
		control.header.cmsg_len = CMSG_LEN(sizeof fd);
		memcpy(CMSG_DATA(&control.header), &fd, sizeof fd);
	}
	if (sendmsg(SOCKET, &message, MSG_NOSIGNAL) < 0)
		exit(98);
	buffer_finish(&bytes);
}

static struct criu_request *hear(void)
{
	static char data[1 << 20];
	ssize_t got = recv(SOCKET, data, sizeof data, 0);

	/* The caller has died: criu gives up too. */
	if (got <= 0)
		exit(97);
	struct criu_request *request = protobuf_read(&criu_request_type, data, (size_t)got, NULL);
	if (!request || !request->type.set)
		exit(96);
	return request;
}

static void record(const struct criu_request *request)
{
	const char *path = getenv("FAKE_CRIU_LOG");
	struct buffer text = { 0 };
	FILE *file = path ? fopen(path, "ae") : NULL;

	if (!file)
		return;
	protobuf_print(&criu_request_type, request, &text);
	fprintf(file, "%s", text.text);
	fclose(file);
	buffer_finish(&text);
}

/* Returns whether the caller agreed. */
static bool notify(const char *script, pid_t pid, int fd)
{
	char words[32];

	snprintf(words, sizeof words, "%s", script);
	struct criu_notification notification = { .script = words, .pid = { pid > 0, pid } };
	const struct criu_response response = { .type = { true, CRIU_NOTIFY },
						.success = { true, true },
						.notify = &notification };
	say(&response, fd);
	struct criu_request *answer = hear();
	bool agreed = answer->type.value == CRIU_NOTIFY && answer->notify_success.value;
	protobuf_free(&criu_request_type, answer);
	return agreed;
}

/* criu opens the caller's descriptors by way of /proc; so a wrong number is noticed here too. */
static void write_log(const struct criu_request *request, bool failed)
{
	char path[64];

	snprintf(path, sizeof path, "/proc/%d/fd/%lld", (int)getppid(),
		 (long long)request->opts->work_dir_fd.value);
	owned_fd directory = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	owned_fd log = openat(directory, request->opts->log_file,
			      O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
	if (log < 0)
		exit(95);
	dprintf(log, "(00.000001) a first line\n");
	if (failed)
		dprintf(log,
			"(00.000002) Error (fake.c:1): the \033[31mcause\n"
			"(00.000003) nothing more\n"
			"(00.000004) Error (fake.c:2): %s FAILED.\n",
			where);
}

static int answer(const struct criu_request *request, struct criu_response *response, bool success)
{
	response->type = (struct opt_int64){ true, request->type.value };
	response->success = (struct opt_bool){ true, success };
	if (asked_to("other"))
		response->type.value = CRIU_VERSION + 90;
	if (!success)
		response->cr_errno = (struct opt_int64){ true, ENOENT };
	say(response, -1);
	return asked_to("exit") ? 3 : !success;
}

/* Before anything is done: the ways in which nothing at all is done. */
static void go_wrong(void)
{
	if (asked_to("die")) {
		dprintf(2, "a last word\n");
		raise(SIGKILL);
	}
	if (asked_to("silent"))
		exit(0);
	if (asked_to("garbage"))
		send(SOCKET, "\x08\xff\xff\xff", 4, MSG_NOSIGNAL);
	/* Until the caller is gone. */
	if (asked_to("hang"))
		protobuf_free(&criu_request_type, hear());
}

static int dump(const struct criu_request *request)
{
	bool failed = asked_to("fail");
	struct criu_response response = { 0 };

	write_log(request, failed);
	if (!failed && !(notify("pre-dump", 0, -1) && notify("network-lock", 0, -1) &&
			 (!request->opts->lazy_pages.value || notify("status-ready", 0, -1)) &&
			 notify("network-unlock", 0, -1) && notify("post-dump", 0, -1)))
		failed = true;
	if (!failed && request->type.value == CRIU_DUMP && !request->opts->leave_running.value)
		kill((pid_t)request->opts->pid.value, SIGKILL);
	return answer(request, &response, !failed);
}

static void live(void)
{
	static const char words[] = "restored\n";

	close(SOCKET);
	if (write(1, words, sizeof words - 1) < 0)
		_exit(94);
	for (;;)
		pause();
}

static void on_signal(int signal)
{
	(void)signal;
	_exit(7);
}

/* A child of the caller's, as with rst_sibling; in a pid namespace where the configuration wants one this
 * would be its first process, but nothing here is restored. */
static pid_t make_process(const struct criu_request *request)
{
	struct clone_args args = { .flags = request->opts->rst_sibling.value ? CLONE_PARENT : 0,
				   .exit_signal = request->opts->rst_sibling.value ? 0 : SIGCHLD };
	pid_t pid = sys_clone3(&args);

	if (pid)
		return pid;
	signal(SIGTERM, on_signal);
	live();
	_exit(0);
}

static bool send_terminal(void)
{
	owned_fd master = posix_openpt(O_RDWR | O_NOCTTY | O_CLOEXEC);

	return master >= 0 && notify("orphan-pts-master", 0, master);
}

static int restore(const struct criu_request *request)
{
	bool failed = asked_to("fail");
	pid_t pid = -1;

	write_log(request, failed);
	if (!failed) {
		pid = make_process(request);
		pid_t told = asked_to("liar") ? getpid() : pid;
		failed = !(notify("pre-restore", 0, -1) && notify("setup-namespaces", told, -1) &&
			   (!asked_to("terminal") || send_terminal()) &&
			   notify("post-restore", told, -1));
	}
	if (asked_to("deaf"))
		failed = false;
	if (failed && pid > 0)
		kill(pid, SIGKILL);
	struct criu_restored restored = { { true, pid } };
	struct criu_response response = { .restore = &restored };
	return answer(request, &response, !failed && notify("post-resume", 0, -1));
}

static int tell_version(const struct criu_request *request)
{
	const char *order = getenv("FAKE_CRIU");
	int64_t number = 40200;

	if (order && strncmp(order, "version:", 8) == 0)
		text_to_int64(order + 8, &number);
	struct criu_version version = { { true, number / 10000 },
					{ true, number / 100 % 100 },
					{ true, number % 100 } };
	struct criu_response response = { .version = &version };
	return answer(request, &response, !asked_to("fail"));
}

static int tell_features(const struct criu_request *request)
{
	const char *order = getenv("FAKE_CRIU");
	bool has = !order || strcmp(order, "lacks:") != 0;
	struct criu_features features = { { true, has }, { true, has } };
	struct criu_response response = { .features = &features };

	return answer(request, &response, !asked_to("fail"));
}

static const struct {
	enum criu_request_type type;
	const char *name;
	int (*serve)(const struct criu_request *request);
} services[] = {
	{ CRIU_VERSION, "version", tell_version },
	{ CRIU_FEATURE_CHECK, "features", tell_features },
	{ CRIU_DUMP, "dump", dump },
	{ CRIU_PRE_DUMP, "pre-dump", dump },
	{ CRIU_RESTORE, "restore", restore },
};

int main(int argc, char **argv)
{
	if (argc != 3 || strcmp(argv[1], "swrk") != 0 || strcmp(argv[2], "3") != 0)
		return 93;
	struct criu_request *request = hear();
	record(request);
	for (size_t i = 0; i < sizeof services / sizeof *services; i++)
		if ((int64_t)services[i].type == request->type.value) {
			where = services[i].name;
			go_wrong();
			int status = services[i].serve(request);
			protobuf_free(&criu_request_type, request);
			return status;
		}
	return 92;
}
