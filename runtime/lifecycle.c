#include "runtime/lifecycle.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <sys/socket.h>

#include "runtime/cgroup/cgroup.h"
#include "runtime/container_cgroup.h"
#include "runtime/hooks.h"
#include "runtime/resctrl.h"
#include "runtime/rootfs.h"
#include "runtime/steps.h"
#include "runtime/unix_socket.h"
#include "spec/base/log.h"
#include "spec/base/owned.h"
#include "spec/base/sys.h"

/* How long a killed init may take to go (ms): the kernel tears its namespaces down meanwhile. */
#define DEATH_TIMEOUT 10000

static int check_startable(const struct container *container, struct error *err)
{
	switch (container_status(container)) {
	case STATUS_CREATED:
		return 0;
	case STATUS_STOPPED:
		return error_set(err, EINVAL, "cannot start a container that has stopped");
	case STATUS_RUNNING:
		return error_set(err, EINVAL, "cannot start an already running container");
	case STATUS_PAUSED:
		return error_set(err, EINVAL, "cannot start a container in the paused state");
	default:
		return error_set(err, EINVAL, "cannot start a container that is being created");
	}
}

/* Until init closes the connection: by execve(2), which says nothing, or after its error. */
static int wait_for_exec(int connection, struct error *err)
{
	struct error error;
	ssize_t got;

	do
		got = recv(connection, &error, sizeof error, 0);
	while (got < 0 && errno == EINTR);
	/* An init that is killed with our request unread resets the connection: it has stopped. */
	if (got == 0 || (got < 0 && errno == ECONNRESET))
		return 0;
	if (got != (ssize_t)sizeof error)
		return error_set(err, EPROTO, "init sent half an error");
	error.msg[sizeof error.msg - 1] = '\0';
	*err = error;
	return -1;
}

static int release_init(void *context, struct error *err)
{
	struct container *container = context;
	owned_fd connection = unix_connect_at(container->directory, "start.sock", err);

	return connection < 0 ? -1 : wait_for_exec(connection, err);
}

static int run_poststart_hooks(void *context, struct error *err)
{
	struct container *container = context;
	const struct state *state = container->state;

	if (!state->hooks || !state->hooks->poststart.n)
		return 0;
	owned_string view = container_view(state, STATUS_RUNNING, state->pid, "", 0);
	if (!view)
		return error_errno(err, ENOMEM, "state");
	if (hooks_run("poststart", &state->hooks->poststart, view, state->bundle, err) == 0)
		return 0;
	container_kill(container, SIGKILL, true, NULL);
	return -1;
}

static const struct step start_steps[] = {
	{ "release init", release_init, NULL },
	{ "poststart hooks", run_poststart_hooks, NULL },
};

int container_start(struct container *container, struct error *err)
{
	if (check_startable(container, err))
		return -1;
	return steps_run("start", start_steps, sizeof start_steps / sizeof *start_steps, container,
			 err);
}

int container_kill(struct container *container, int signal, bool all, struct error *err)
{
	const struct state *state = container->state;
	owned_fd pidfd = container_pidfd(container);

	/* Init's death takes its pid namespace along: a container without a group can be killed so. */
	bool without = state && !state->cgroup_dirs.n;
	bool init_is_all = without && signal == SIGKILL && state->own_pid_namespace;
	if (all && state && !init_is_all)
		return container_need_cgroup(state, err)
			       ? -1
			       : cgroup_signal_all(&state->cgroup_dirs, signal, err);
	if (pidfd < 0)
		return error_set(err, ESRCH, "container not running");
	/* In a pid namespace of others it takes nobody along. */
	if (signal == SIGKILL && !state->own_pid_namespace && !without)
		return cgroup_signal_all(&state->cgroup_dirs, signal, err);
	if (sys_pidfd_send_signal(pidfd, signal)) {
		if (errno == ESRCH)
			return error_set(err, ESRCH, "container not running");
		return error_errno(err, errno, "signal %d", signal);
	}
	/* A frozen process dies only when it is thawed. */
	if (signal == SIGKILL && cgroup_is_frozen(&state->cgroup_dirs))
		return cgroup_freeze(&state->cgroup_dirs, false, err);
	return 0;
}

static int wait_for_death(int pidfd, struct error *err)
{
	struct pollfd fds = { .fd = pidfd, .events = POLLIN };
	int ready;

	do
		ready = poll(&fds, 1, DEATH_TIMEOUT);
	while (ready < 0 && errno == EINTR);
	if (ready == 0)
		return error_set(err, ETIME, "init is still there %d s after SIGKILL",
				 DEATH_TIMEOUT / 1000);
	return ready < 0 ? error_errno(err, errno, "wait for init") : 0;
}

/* A create that was killed before it recorded a pid may not have come to see that its group belongs to
 * another container: only groups that it was to make are its own. */
static int end_unrecorded(const struct state *state, struct error *err)
{
	OWNED(string_list_finish) struct string_list own = { 0 };

	for (size_t i = 0; i < state->cgroup_dirs.n; i++)
		for (size_t k = 0; k < state->cgroup_made.n; k++)
			if (text_starts_with(state->cgroup_dirs.v[i], state->cgroup_made.v[k]) &&
			    string_list_add(&own, state->cgroup_dirs.v[i]))
				return error_errno(err, ENOMEM, "control groups");
	return cgroup_signal_all(&own, SIGKILL, err);
}

static int end_processes(void *context, struct error *err)
{
	const struct container *container = context;
	const struct state *state = container->state;
	owned_fd pidfd = container_pidfd(container);

	if (!state->pid)
		return end_unrecorded(state, err);
	if (pidfd >= 0 && sys_pidfd_send_signal(pidfd, SIGKILL) && errno != ESRCH)
		return error_errno(err, errno, "kill init");
	/* Also what shares our groups but not our pid namespace. */
	if ((pidfd >= 0 || !state->own_pid_namespace) &&
	    cgroup_signal_all(&state->cgroup_dirs, SIGKILL, err))
		return -1;
	return pidfd >= 0 ? wait_for_death(pidfd, err) : 0;
}

void container_run_poststop_hooks(const struct state *state)
{
	size_t n = state->hooks ? state->hooks->poststop.n : 0;
	owned_string view = n ? container_view(state, STATUS_STOPPED, 0, "", 0) : NULL;
	struct error error = { 0 };

	if (n && !view)
		log_warning("poststop hooks: out of memory");
	for (size_t i = 0; view && i < n; i++)
		if (hook_run("poststop", &state->hooks->poststop, i, view, NULL, &error))
			log_warning("%s", error.msg);
}

static int remove_cgroup(void *context, struct error *err)
{
	const struct state *state = ((struct container *)context)->state;

	return container_remove_cgroup(state, err);
}

static int remove_resctrl(void *context, struct error *err)
{
	return resctrl_remove(((struct container *)context)->state, err);
}

static int remove_record(void *context, struct error *err)
{
	return container_remove(context, err);
}

static int detach_mounts(void *context, struct error *err)
{
	const struct state *state = ((struct container *)context)->state;

	return rootfs_detach(state->mount_namespace, state->rootfs, state->root_mount, err);
}

static const struct step delete_steps[] = {
	{ "processes", end_processes, NULL },	  { "mounts", detach_mounts, NULL },
	{ "control group", remove_cgroup, NULL }, { "resctrl group", remove_resctrl, NULL },
	{ "record", remove_record, NULL },
};

int container_delete(struct container *container, bool force, struct error *err)
{
	enum container_status status = container_status(container);
	int failed;

	if (status != STATUS_STOPPED && !force) {
		error_set(err, EBUSY, "cannot delete container %s that is not stopped: %s",
			  container->id, container_status_names[status]);
		return error_hint(err, "kill it first, or use --force");
	}
	/* Without a state nothing but the directory was made. */
	if (!container->state)
		return container_remove(container, err);
	failed = steps_run("delete", delete_steps, sizeof delete_steps / sizeof *delete_steps,
			   container, err);
	if (!failed)
		container_run_poststop_hooks(container->state);
	return failed;
}
