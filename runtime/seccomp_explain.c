#include "runtime/seccomp_explain.h"

#include <errno.h>
#include <poll.h>
#include <seccomp.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/wait.h>

#include "runtime/descriptors.h"
#include "runtime/seccomp_probe.h"
#include "runtime/unix_socket.h"
#include "spec/base/io.h"
#include "spec/base/log.h"
#include "spec/base/owned.h"
#include "spec/base/sys.h"

/* Different refused calls that are told apart; a program that finds more is told of no further ones. */
#define REFUSALS_MAX 512

struct refusal {
	uint32_t arch;
	int number;
	uint32_t action;
	unsigned long times;
};

struct explaining {
	const struct seccomp_filter *filter; /* the profile's own */
	struct refusal refusals[REFUSALS_MAX];
	size_t n;
};

static const char *name_of(const struct refusal *refusal, char *text, size_t size)
{
	char *name = seccomp_syscall_resolve_num_arch(refusal->arch, refusal->number);

	if (name)
		snprintf(text, size, "%s", name);
	else
		snprintf(text, size, "system call %d", refusal->number);
	free(name);
	return text;
}

static const char *words_of(uint32_t action, char *text, size_t size)
{
	switch (action & SECCOMP_RET_ACTION_FULL) {
	case SECCOMP_RET_ERRNO:
		snprintf(text, size, "%s", errno_text((int)(action & SECCOMP_RET_DATA)));
		return text;
	case SECCOMP_RET_TRAP:
		return "SIGSYS";
	case SECCOMP_RET_KILL_THREAD:
		return "the thread is killed";
	default:
		return "the process is killed";
	}
}

/* What the process calls itself; it can be anything, so what does not print is left out. */
static void read_name(pid_t pid, char *name, size_t size)
{
	char path[32];

	snprintf(path, sizeof path, "/proc/%d/comm", (int)pid);
	if (read_line_at(AT_FDCWD, path, name, size, NULL))
		snprintf(name, size, "?");
	for (char *at = name; *at; at++)
		if (*at < ' ' || *at > '~')
			*at = '?';
}

static void note(struct explaining *explaining, const struct seccomp_notif *call, uint32_t action)
{
	char name[64], words[128], program[64];

	for (size_t i = 0; i < explaining->n; i++) {
		struct refusal *known = &explaining->refusals[i];
		if (known->arch == call->data.arch && known->number == call->data.nr &&
		    known->action == action) {
			known->times++;
			return;
		}
	}
	if (explaining->n == REFUSALS_MAX)
		return;
	struct refusal *refusal = &explaining->refusals[explaining->n++];
	*refusal = (struct refusal){ call->data.arch, call->data.nr, action, 1 };
	read_name((pid_t)call->pid, program, sizeof program);
	log_warning("linux.seccomp refuses %s to process %u (%s): %s",
		    name_of(refusal, name, sizeof name), call->pid, program,
		    words_of(action, words, sizeof words));
}

static void summarise(const struct explaining *explaining)
{
	char name[64];

	for (size_t i = 0; i < explaining->n; i++)
		if (explaining->refusals[i].times > 1)
			log_warning("linux.seccomp refused %s %lu times in all",
				    name_of(&explaining->refusals[i], name, sizeof name),
				    explaining->refusals[i].times);
}

/* The process is held in its call, so its id stands for it as long as the call is valid. */
static void send_signal(int listener, const struct seccomp_notif *call, int signal)
{
	owned_fd pidfd = sys_pidfd_open((pid_t)call->pid, 0);

	if (pidfd >= 0 && ioctl(listener, SECCOMP_IOCTL_NOTIF_ID_VALID, &call->id) == 0)
		sys_pidfd_send_signal(pidfd, signal);
}

static void answer(int listener, const struct seccomp_notif *call, uint32_t action)
{
	struct seccomp_notif_resp response = { .id = call->id, .error = -ENOSYS };

	switch (action & SECCOMP_RET_ACTION_FULL) {
	case SECCOMP_RET_ERRNO:
		/* A profile may give 0: the call then does nothing and succeeds. */
		response.error = -(int)(action & SECCOMP_RET_DATA);
		break;
	case SECCOMP_RET_TRAP:
		send_signal(listener, call, SIGSYS);
		break;
	default:
		send_signal(listener, call, SIGKILL);
	}
	/* A process that has been killed meanwhile needs none. */
	ioctl(listener, SECCOMP_IOCTL_NOTIF_SEND, &response);
}

/* Until the last process under the filter has gone: kernel 5.9 tells by POLLHUP. */
static void serve(int listener, struct explaining *explaining)
{
	struct pollfd fds = { .fd = listener, .events = POLLIN };

	for (;;) {
		struct seccomp_notif call = { 0 };
		if (poll(&fds, 1, -1) < 0 && errno != EINTR)
			return;
		if (fds.revents & POLLIN && ioctl(listener, SECCOMP_IOCTL_NOTIF_RECV, &call) == 0) {
			uint32_t action = seccomp_evaluate(explaining->filter, &call.data);
			note(explaining, &call, action);
			answer(listener, &call, action);
		} else if (fds.revents & (POLLHUP | POLLERR)) {
			return;
		}
	}
}

static _Noreturn void explain(int socket, const struct seccomp_filter *filter)
{
	static struct explaining explaining;
	const int keep[] = { socket, log_fd() };
	struct error error = { 0 };

	explaining.filter = filter;
	/* A signal for the container is none for us, and none of the runtime's locks may be ours. */
	setsid();
	if (descriptors_keep(3, keep, sizeof keep / sizeof *keep, &error) == 0) {
		owned_fd listener = descriptor_receive(socket, &error);
		if (listener >= 0) {
			serve(listener, &explaining);
			summarise(&explaining);
		}
	}
	log_close();
	_exit(0);
}

int seccomp_explain(struct seccomp_filter *filter, struct seccomp_explainer *ret, struct error *err)
{
	struct seccomp_filter asking;
	int pair[2];

	if (!filter->instructions) {
		error_set(err, EINVAL, "--explain: there is no seccomp filter to explain");
		return error_hint(err, "linux.seccomp is absent in config.json");
	}
	if (filter->notify) {
		error_set(err, EINVAL, "--explain: the seccomp filter has a listener already");
		return error_hint(err, "see linux.seccomp.listenerPath");
	}
	if (seccomp_ask_instead(filter, &asking, err))
		return -1;
	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair)) {
		error_errno(err, errno, "socketpair");
		seccomp_filter_finish(&asking);
		return -1;
	}
	ret->pid = fork();
	if (ret->pid == 0) {
		close_fd(pair[0]);
		explain(pair[1], filter);
	}
	close_fd(pair[1]);
	if (ret->pid < 0) {
		error_errno(err, errno, "--explain: fork");
		close_fd(pair[0]);
		seccomp_filter_finish(&asking);
		ret->pid = 0;
		return -1;
	}
	ret->socket = pair[0];
	seccomp_filter_finish(filter);
	*filter = asking;
	return 0;
}

void seccomp_explainer_wait(const struct seccomp_explainer *explainer)
{
	if (explainer->pid > 0)
		while (waitpid(explainer->pid, NULL, 0) < 0 && errno == EINTR)
			;
}
