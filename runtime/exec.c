/* From a running container to a further process in it, read from exec_steps downwards. */
#include "runtime/exec.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>

#include "runtime/cgroup/residence.h"
#include "runtime/console_socket.h"
#include "runtime/container_cgroup.h"
#include "runtime/cpu_affinity.h"
#include "runtime/exec_child.h"
#include "runtime/process.h"
#include "runtime/process_files.h"
#include "runtime/resctrl.h"
#include "runtime/seccomp_listener.h"
#include "runtime/steps.h"
#include "runtime/sync.h"
#include "runtime/unix_socket.h"
#include "spec/base/io.h"
#include "spec/base/log.h"
#include "spec/base/owned.h"

struct execution {
	const struct exec_request *request;
	struct plan plan;
	struct cgroup_entries entries;
	char *scope_group;	 /* where only systemd can put the child; NULL: it goes itself */
	struct exec_child child; /* what the child gets */
	struct init_process process;
	int sync; /* the parent's end */
	struct console_socket console_socket;
	int console;
};

static int check_status(void *context, struct error *err)
{
	struct execution *execution = context;
	const struct exec_request *request = execution->request;

	switch (container_status(request->container)) {
	case STATUS_RUNNING:
	case STATUS_CREATED:
		return 0;
	case STATUS_PAUSED:
		if (request->ignore_paused)
			return 0;
		return error_set(
			err, EBUSY,
			"cannot exec in a paused container (use --ignore-paused to override)");
	case STATUS_STOPPED:
		return error_set(err, ESRCH, "cannot exec in a stopped container");
	default:
		return error_set(err, EBUSY, "cannot exec in a container that is being created");
	}
}

static int open_container(void *context, struct error *err)
{
	struct execution *execution = context;
	const struct state *state = execution->request->container->state;
	struct exec_child *child = &execution->child;
	char path[48];

	child->container = container_pidfd(execution->request->container);
	if (child->container < 0)
		return error_set(err, ESRCH, "container not running");
	child->init.procfs = open("/proc", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (child->init.procfs < 0)
		return error_errno(err, errno, "open /proc");
	if (execution->plan.new_namespace[NAMESPACE_MOUNT])
		return 0;
	/* In a mount namespace of others the container has no more than a root directory. */
	snprintf(path, sizeof path, "%d/root", (int)state->pid);
	child->root = openat(child->init.procfs, path, O_PATH | O_DIRECTORY | O_CLOEXEC);
	/* Whose pid it was while we opened it. */
	owned_fd again = container_pidfd(execution->request->container);
	if (child->root < 0 || again < 0)
		return error_errno(err, errno, "open the container's root");
	return 0;
}

static int open_cgroup(void *context, struct error *err)
{
	struct execution *execution = context;
	const struct exec_request *request = execution->request;
	const struct state *state = request->container->state;
	OWNED(string_list_finish) struct string_list directories = { 0 };

	if (cgroup_residence(&state->cgroup_dirs, (pid_t)state->pid, request->cgroups, &directories,
			     err))
		return -1;
	if (directories.n && container_needs_attaching(state, directories.v[0])) {
		execution->child.attached = true;
		execution->scope_group = strdup(directories.v[0]);
		return execution->scope_group ? 0 : error_errno(err, ENOMEM, "control group");
	}
	return cgroup_entries_open(&directories, &execution->entries, err);
}

static int open_console(void *context, struct error *err)
{
	struct execution *execution = context;
	const struct exec_request *request = execution->request;

	return console_socket_open(request->config->process, request->console_socket,
				   request->foreground, &execution->console_socket, err);
}

static int open_seccomp_agent(void *context, struct error *err)
{
	struct execution *execution = context;

	return seccomp_agent_connect(&execution->plan.seccomp, execution->request->config->linux_,
				     &execution->child.init.seccomp_agent, err);
}

/* What the child has of us by birth, and what we take back for ourselves afterwards. */
struct inherited {
	struct cpu_affinity affinity;
	char oom_score[24];
};

static int lend(const struct process *process, struct inherited *own, struct error *err)
{
	const struct exec_cpu_affinity *affinity = process->exec_cpu_affinity;

	if (process->oom_score_adj.set &&
	    (read_line_at(AT_FDCWD, "/proc/self/oom_score_adj", own->oom_score,
			  sizeof own->oom_score, err) ||
	     process_set_oom_score(getpid(), &process->oom_score_adj, err)))
		return -1;
	if (!affinity || !affinity->initial)
		return 0;
	if (cpu_affinity_get(&own->affinity, err))
		return -1;
	return cpu_affinity_set_list(affinity->initial, "process.execCPUAffinity.initial", err);
}

static void take_back(const struct process *process, const struct inherited *own)
{
	/* Nothing depends on it but our own wait in the foreground. */
	if (own->oom_score[0])
		write_kernel_file_at(AT_FDCWD, "/proc/self/oom_score_adj", own->oom_score, NULL);
	if (process->exec_cpu_affinity && process->exec_cpu_affinity->initial)
		cpu_affinity_set(&own->affinity, NULL);
}

static int spawn(void *context, struct error *err)
{
	struct execution *execution = context;
	struct exec_child *child = &execution->child;
	struct init *init = &child->init;
	const struct process *process = execution->request->config->process;
	struct inherited own = { 0 };

	if (sync_open(&execution->sync, &init->sync, err) || lend(process, &own, err))
		return -1;
	/* The child can be seen in the container from the clone on. Who is not root would no longer be the owner of
	 * its own files in /proc; there the process in between does it. */
	if (!execution->plan.unprivileged && prctl(PR_SET_DUMPABLE, 0))
		return error_errno(err, errno, "prctl PR_SET_DUMPABLE");
	init->console_socket = execution->console_socket.sender;
	init->state = execution->request->container->state;
	init->caller_umask = umask(0);
	umask(init->caller_umask);
	int side = namespace_spawn_into(&execution->plan, child->container, execution->entries.v2,
					&init->into_cgroup, &execution->process, err);
	if (side == 0) {
		/* Else our own copy would keep us from seeing that the runtime has died. */
		close_fd(execution->sync);
		exec_child(child);
	}
	take_back(process, &own);
	close_fd(take_fd(&init->sync));
	return side < 0 ? -1 : 0;
}

/* Before the child does anything: it waits, and has our user id still. */
static int attach_to_scope(void *context, struct error *err)
{
	struct execution *execution = context;
	const struct state *state = execution->request->container->state;

	if (!execution->scope_group)
		return 0;
	if (container_attach(state, execution->scope_group, execution->process.pid, err))
		return -1;
	return sync_send(execution->sync, SYNC_GO, err);
}

static void kill_child(void *context)
{
	struct execution *execution = context;

	if (execution->process.pid <= 0)
		return;
	kill(execution->process.pid, SIGKILL); /* our own child, which nobody has waited for */
	while (waitpid(execution->process.pid, NULL, 0) < 0 && errno == EINTR)
		;
}

static int enter_resctrl(void *context, struct error *err)
{
	struct execution *execution = context;

	return resctrl_enter(execution->request->container->state, execution->process.pid, err);
}

static int wait_ready(void *context, struct error *err)
{
	struct execution *execution = context;

	if (sync_expect(execution->sync, SYNC_READY, err))
		return -1;
	if (execution->console_socket.receiver < 0)
		return 0;
	execution->console = descriptor_receive(execution->console_socket.receiver, err);
	return execution->console < 0 ? -1 : 0;
}

static int set_rlimits(void *context, struct error *err)
{
	struct execution *execution = context;

	/* Else the child has set them itself. */
	if (!execution->plan.in_user_namespace)
		return 0;
	return process_set_rlimits(execution->process.pid,
				   &execution->request->config->process->rlimits, err);
}

static int write_pid_file(void *context, struct error *err)
{
	struct execution *execution = context;

	return pid_file_write(execution->request->pid_file, execution->process.pid, err);
}

static void remove_pid_file(void *context)
{
	pid_file_remove(((struct execution *)context)->request->pid_file);
}

static int send_pidfd(void *context, struct error *err)
{
	struct execution *execution = context;

	return pidfd_socket_send(execution->request->pidfd_socket, execution->process.pidfd,
				 "setns", err);
}

static int release(void *context, struct error *err)
{
	struct execution *execution = context;

	return sync_send(execution->sync, SYNC_RELEASE, err)
		       ? -1
		       : sync_expect_end(execution->sync, err);
}

static const struct step exec_steps[] = {
	{ "status", check_status, NULL },
	{ "container", open_container, NULL },
	{ "control group", open_cgroup, NULL },
	{ "console socket", open_console, NULL },
	{ "seccomp agent", open_seccomp_agent, NULL },
	{ "process", spawn, kill_child },
	{ "systemd scope", attach_to_scope, NULL },
	{ "resctrl group", enter_resctrl, NULL },
	{ "wait for the process", wait_ready, NULL },
	{ "resource limits", set_rlimits, NULL },
	{ "pid file", write_pid_file, remove_pid_file },
	{ "pidfd socket", send_pidfd, NULL },
	{ "release", release, NULL },
};

static void finish(struct execution *execution)
{
	struct exec_child *child = &execution->child;

	close_fd(child->container);
	close_fd(child->root);
	close_fd(child->init.procfs);
	close_fd(child->init.seccomp_agent);
	close_fd(child->init.sync);
	close_fd(execution->sync);
	close_fd(execution->console_socket.sender);
	close_fd(execution->console_socket.receiver);
	cgroup_entries_close(&execution->entries);
	free(execution->scope_group);
	plan_finish(&execution->plan);
}

int container_exec(const struct exec_request *request, struct executed *ret, struct error *err)
{
	struct execution execution = {
		.request = request,
		.entries = { .memory = -1, .v2 = -1, .v2_processes = -1 },
		.child = { .init = { .sync = -1,
				     .record = -1,
				     .root = -1,
				     .start_socket = -1,
				     .created_lock = -1,
				     .procfs = -1,
				     .console_socket = -1,
				     .handler = -1,
				     .seccomp_agent = -1 },
			   .container = -1,
			   .root = -1 },
		.process = { .pidfd = -1 },
		.sync = -1,
		.console_socket = { -1, -1 },
		.console = -1,
	};

	if (plan_build_process(request->config, request->container->id, &request->options,
			       &execution.plan, err))
		return error_prefix(err, "exec");
	for (size_t i = 0; i < execution.plan.warnings.n; i++)
		log_warning("%s", execution.plan.warnings.v[i]);
	execution.child.init.plan = &execution.plan;
	execution.child.init.options = &request->options;
	execution.child.init.entries = &execution.entries;
	int failed = steps_run("exec", exec_steps, sizeof exec_steps / sizeof *exec_steps,
			       &execution, err);
	finish(&execution);
	*ret = (struct executed){ execution.process, execution.console };
	if (!failed)
		return 0;
	executed_finish(ret);
	return -1;
}

void executed_finish(struct executed *executed)
{
	close_fd(executed->process.pidfd);
	close_fd(executed->console);
}
