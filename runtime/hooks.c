#include "runtime/hooks.h"

#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <time.h>

#include "spec/base/io.h"
#include "spec/base/owned.h"
#include "spec/base/sys.h"

/* The end of a hook's stderr, for the error message. */
struct tail {
	char text[256];
	size_t length;
};

static void tail_add(struct tail *tail, const char *data, size_t length)
{
	size_t room = sizeof tail->text - 1;

	if (length > room) {
		data += length - room;
		length = room;
	}
	if (tail->length + length > room) {
		size_t drop = tail->length + length - room;
		memmove(tail->text, tail->text + drop, tail->length - drop);
		tail->length -= drop;
	}
	memcpy(tail->text + tail->length, data, length);
	tail->length += length;
	tail->text[tail->length] = '\0';
}

/* A file rather than a pipe: a hook that does not read its stdin blocks nobody. */
static int open_state(const char *state, struct error *err)
{
	owned_fd fd = memfd_create("state", MFD_CLOEXEC);

	if (fd < 0 || write_all(fd, state, strlen(state)) || lseek(fd, 0, SEEK_SET) < 0)
		return error_errno(err, errno, "write the state");
	return take_fd(&fd);
}

static void exec_hook(const struct hook *hook, int input, int output, const char *cwd, pid_t parent)
{
	char *const no_args[] = { hook->path, NULL };
	char *const no_env[] = { NULL };

	/* A runtime that is killed must not leave a hook running on its own. */
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	if (getppid() != parent)
		_exit(127); /* it was killed already */
	if (dup2(input, 0) < 0 || dup2(output, 2) < 0 || (cwd && chdir(cwd)))
		dprintf(output, "%s", errno_text(errno));
	else
		execve(hook->path, hook->args.n ? hook->args.v : no_args,
		       hook->env.n ? hook->env.v : no_env);
	dprintf(output, "%s", errno_text(errno));
	_exit(127);
}

static int64_t milliseconds(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

/* Until the process has ended; its output is only read along, since a daemon that it leaves behind may
 * keep the pipe open for ever. Returns 1 when @timeout (ms, -1: none) ran out. */
static int wait_for(int pidfd, int output, int64_t timeout, struct tail *tail)
{
	struct pollfd fds[] = { { .fd = pidfd, .events = POLLIN },
				{ .fd = output, .events = POLLIN } };
	int64_t end = timeout < 0 ? 0 : milliseconds() + timeout;
	char data[1024];

	while (!fds[0].revents) {
		int64_t left = timeout < 0 ? -1 : end - milliseconds();
		if (timeout >= 0 && left <= 0)
			return 1;
		if (poll(fds, 2, left > INT32_MAX ? INT32_MAX : (int)left) < 0 && errno != EINTR)
			return 0;
		ssize_t got = fds[1].revents ? read(output, data, sizeof data) : 0;
		if (got > 0)
			tail_add(tail, data, (size_t)got);
		else if (fds[1].revents)
			fds[1].fd = -1;
	}
	for (ssize_t got; (got = read(output, data, sizeof data)) > 0;)
		tail_add(tail, data, (size_t)got);
	return 0;
}

static int report(int status, bool timed_out, const struct hook *hook, struct tail *tail,
		  struct error *err)
{
	/* One line: what it said last. */
	while (tail->length && tail->text[tail->length - 1] == '\n')
		tail->text[--tail->length] = '\0';
	const char *line = strrchr(tail->text, '\n');
	const char *said = line ? line + 1 : tail->text;

	if (timed_out)
		error_set(err, ETIME, "timed out after %lld s", (long long)hook->timeout.value);
	else if (WIFSIGNALED(status))
		error_set(err, EINTR, "died of signal %d", WTERMSIG(status));
	else if (WEXITSTATUS(status))
		error_set(err, ECHILD, "ended with status %d", WEXITSTATUS(status));
	else
		return 0;
	return *said ? error_hint(err, "it said: %s", said) : -1;
}

static int run(const struct hook *hook, const char *state, const char *cwd, struct error *err)
{
	struct clone_args args = { .flags = CLONE_PIDFD, .exit_signal = SIGCHLD };
	owned_fd input = open_state(state, err);
	owned_fd pidfd = -1, reader = -1, writer = -1;
	struct tail tail = { .text = "" };
	int status = 0, output[2];

	if (input < 0)
		return -1;
	if (pipe2(output, O_CLOEXEC))
		return error_errno(err, errno, "pipe");
	reader = output[0];
	writer = output[1];
	/* Our end only: few programs expect that their stderr may be full. */
	if (fcntl(reader, F_SETFL, O_NONBLOCK))
		return error_errno(err, errno, "pipe");
	args.pidfd = (uintptr_t)&pidfd;
	pid_t parent = getpid();
	pid_t pid = sys_clone3(&args);
	if (pid < 0)
		return error_errno(err, errno, "clone3");
	if (pid == 0)
		exec_hook(hook, input, writer, cwd, parent);
	owned_fd_close(&writer);
	writer = -1;
	int64_t timeout = hook->timeout.set ? hook->timeout.value * 1000 : -1;
	int timed_out = wait_for(pidfd, reader, timeout, &tail);
	if (timed_out)
		sys_pidfd_send_signal(pidfd, SIGKILL);
	while (waitpid(pid, &status, 0) < 0 && errno == EINTR)
		;
	return report(status, timed_out != 0, hook, &tail, err);
}

int hook_run(const char *kind, const struct hook_list *hooks, size_t i, const char *state,
	     const char *cwd, struct error *err)
{
	if (run(hooks->v[i], state, cwd, err))
		return error_prefix(err, "%s hook %zu (%s)", kind, i, hooks->v[i]->path);
	return 0;
}

int hooks_run(const char *kind, const struct hook_list *hooks, const char *state, const char *cwd,
	      struct error *err)
{
	for (size_t i = 0; i < hooks->n; i++)
		if (hook_run(kind, hooks, i, state, cwd, err))
			return -1;
	return 0;
}
