#include "runtime/seccomp_listener.h"

#include <errno.h>
#include <linux/seccomp.h>
#include <pthread.h>
#include <stdatomic.h>
#include <string.h>
#include <time.h>

#include "runtime/container.h"
#include "runtime/unix_socket.h"
#include "spec/base/json_text.h"
#include "spec/base/owned.h"

#define NOT_LOADED (-1)
#define LOAD_FAILED (-2)

/* Shared with the sending thread. */
struct handover {
	int socket;
	const char *message;
	atomic_int listener; /* set by the loader */
	atomic_int done;     /* set by the sender */
	struct error error;
};

static void *send_listener(void *argument)
{
	const struct timespec moment = { .tv_nsec = 20000 };
	struct handover *handover = argument;
	int listener;

	while ((listener = atomic_load(&handover->listener)) == NOT_LOADED)
		nanosleep(&moment, NULL);
	if (listener != LOAD_FAILED) {
		descriptor_send(handover->socket, listener, handover->message, &handover->error);
		/* The agent has its own by now. Without an agent this is what wakes waiting calls. */
		close_fd(listener);
		close_fd(handover->socket);
	}
	atomic_store(&handover->done, 1);
	return NULL;
}

int seccomp_load_and_send(const struct seccomp_filter *filter, int socket, const char *message,
			  struct error *err)
{
	struct handover handover = { .socket = socket, .message = message };
	struct seccomp_filter ours = *filter;
	pthread_t thread;
	int listener = LOAD_FAILED;

	/* There is only the sender to synchronise with, and it must stay free. */
	ours.flags &= ~(unsigned)SECCOMP_FILTER_FLAG_TSYNC;
	atomic_init(&handover.listener, NOT_LOADED);
	atomic_init(&handover.done, 0);
	int code = pthread_create(&thread, NULL, send_listener, &handover);
	if (code)
		return error_errno(err, code, "linux.seccomp.listenerPath: start the sender");
	int failed = seccomp_filter_load(&ours, &listener, err);
	atomic_store(&handover.listener, failed ? LOAD_FAILED : listener);
	/* Not pthread_join: its futex(2) may be one of the calls that wait for the agent. */
	while (!atomic_load(&handover.done))
		;
	if (failed)
		return -1;
	if (handover.error.code) {
		*err = handover.error;
		return error_prefix(err, "linux.seccomp.listenerPath");
	}
	return 0;
}

char *seccomp_listener_message(const struct seccomp *seccomp, const struct state *state,
			       int64_t pid)
{
	/* No pid is recorded while init itself is in the making. */
	owned_string view = state->pid ? container_view(state, STATUS_RUNNING, state->pid, "", 0)
				       : container_view(state, STATUS_CREATED, pid, "", 0);
	struct buffer text = { 0 };

	if (!view)
		return NULL;
	buffer_print(&text, "{\"ociVersion\":\"%s\",\"fds\":[\"seccompFd\"],\"pid\":%lld",
		     SPEC_VERSION, (long long)pid);
	if (seccomp->listener_metadata) {
		buffer_print(&text, ",\"metadata\":");
		buffer_add_json_string(&text, seccomp->listener_metadata,
				       strlen(seccomp->listener_metadata));
	}
	buffer_print(&text, ",\"state\":%s}", view);
	if (text.failed) {
		buffer_finish(&text);
		return NULL;
	}
	return text.text;
}

int seccomp_agent_connect(const struct seccomp_filter *filter, const struct linux_config *linux_,
			  int *socket, struct error *err)
{
	if (!filter->notify)
		return 0;
	*socket = unix_connect(linux_->seccomp->listener_path, err);
	return *socket < 0 ? error_prefix(err, "linux.seccomp.listenerPath") : 0;
}
