/* The whole creation of a container, read from create_steps downwards. */
#include "runtime/create.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/wait.h>

#include "runtime/console_socket.h"
#include "runtime/container_cgroup.h"
#include "runtime/handler.h"
#include "runtime/hooks.h"
#include "runtime/init.h"
#include "runtime/lifecycle.h"
#include "runtime/mount.h"
#include "runtime/net_devices.h"
#include "runtime/process.h"
#include "runtime/process_files.h"
#include "runtime/resctrl.h"
#include "runtime/rootfs.h"
#include "runtime/seccomp_explain.h"
#include "runtime/seccomp_listener.h"
#include "runtime/state_of_plan.h"
#include "runtime/steps.h"
#include "runtime/sync.h"
#include "runtime/unix_socket.h"
#include "spec/base/io.h"
#include "spec/base/log.h"
#include "spec/base/owned.h"
#include "spec/base/sys.h"
#include "spec/idmap.h"

struct creation {
	const struct create_request *request;
	struct plan plan;
	struct container container;
	bool claimed;
	struct cgroup_entries entries;
	struct init init; /* what the child gets */
	struct init_process process;
	bool scope_started, hooks_reached;
	int sync; /* the parent's end */
	struct console_socket console_socket;
	int console;
	struct seccomp_explainer explainer;
	struct resctrl_made resctrl_made;
	struct moved_devices net_devices;
};

static int claim(void *context, struct error *err)
{
	struct creation *creation = context;

	if (container_claim(creation->request->root, creation->request->id, &creation->container,
			    err))
		return -1;
	creation->claimed = true;
	return 0;
}

static void unclaim(void *context)
{
	struct creation *creation = context;

	if (creation->claimed)
		container_remove(&creation->container, NULL);
}

/* Written before there is anything to clean up, so that whatever a killed create leaves is known. */
static int record(void *context, struct error *err)
{
	struct creation *creation = context;
	const struct create_request *request = creation->request;

	creation->container.state = state_of_plan(&creation->plan, err);
	if (!creation->container.state ||
	    container_keep_config(&creation->container, request->config_text,
				  request->config_length, err))
		return -1;
	return container_save(&creation->container, err);
}

/* Made by us and waited at by init, for whom its path will be out of reach. */
static int open_start_socket(void *context, struct error *err)
{
	struct creation *creation = context;
	int directory = creation->container.directory;

	creation->init.start_socket = unix_listen_at(directory, "start.sock", err);
	if (creation->init.start_socket < 0)
		return -1;
	creation->init.created_lock =
		openat(directory, "created", O_RDWR | O_CREAT | O_CLOEXEC, 0600);
	if (creation->init.created_lock < 0 || flock(creation->init.created_lock, LOCK_EX))
		return error_errno(err, errno, "lock 'created'");
	return 0;
}

static int make_cgroup(void *context, struct error *err)
{
	struct creation *creation = context;
	struct state *state = creation->container.state;

	if (container_make_cgroup(&creation->plan, state, err))
		return -1;
	/* Into a scope systemd moves init. */
	if (creation->plan.cgroup.scope)
		return 0;
	return cgroup_entries_open(&state->cgroup_dirs, &creation->entries, err);
}

/* Not before there is a process for it, and not after that process does anything. */
static int start_scope(void *context, struct error *err)
{
	struct creation *creation = context;

	return container_start_scope(&creation->plan, creation->process.pid,
				     &creation->scope_started, err);
}

static void remove_cgroup(void *context)
{
	struct creation *creation = context;
	struct state *state = creation->container.state;

	if (creation->plan.cgroup.scope && !creation->scope_started)
		return;
	/* Before init was there, whoever is in those groups is of another container. */
	if (creation->process.pid > 0)
		cgroup_signal_all(&state->cgroup_dirs, SIGKILL, NULL);
	container_remove_cgroup(state, NULL);
}

/* Before anything is mounted, so that a killed create leaves nothing that nobody knows. */
static int record_root_mount(struct creation *creation, struct error *err)
{
	if (creation->plan.new_namespace[NAMESPACE_MOUNT])
		return 0;
	creation->container.state->root_mount = rootfs_mount_id(creation->init.root);
	return container_save(&creation->container, err);
}

static int open_files(void *context, struct error *err)
{
	struct creation *creation = context;
	struct init *init = &creation->init;

	init->procfs = open("/proc", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (init->procfs < 0)
		return error_errno(err, errno, "open /proc");
	if (creation->plan.handler) {
		init->handler = handler_open(creation->request->options.handlers,
					     creation->plan.handler, err);
		if (init->handler < 0)
			return -1;
	}
	if (creation->plan.unprivileged)
		return 0;
	if (!creation->plan.join_namespace[NAMESPACE_MOUNT]) {
		init->root = rootfs_open(&creation->plan, err);
		if (init->root < 0 || record_root_mount(creation, err))
			return -1;
	}
	return mount_sources_open(&creation->plan, &init->sources, err);
}

/* What the child mounted into a namespace that outlives it. */
static void detach_mounts(void *context)
{
	struct creation *creation = context;
	const struct state *state = creation->container.state;

	rootfs_detach(state->mount_namespace, state->rootfs, state->root_mount, NULL);
}

static int open_console(void *context, struct error *err)
{
	struct creation *creation = context;
	const struct create_request *request = creation->request;

	return console_socket_open(request->config->process, request->console_socket,
				   request->foreground, &creation->console_socket, err);
}

static int open_seccomp_agent(void *context, struct error *err)
{
	struct creation *creation = context;

	if (!creation->request->explain)
		return seccomp_agent_connect(&creation->plan.seccomp, creation->plan.config->linux_,
					     &creation->init.seccomp_agent, err);
	if (seccomp_explain(&creation->plan.seccomp, &creation->explainer, err))
		return -1;
	creation->init.seccomp_agent = creation->explainer.socket;
	return 0;
}

static int spawn(void *context, struct error *err)
{
	struct creation *creation = context;
	struct init *init = &creation->init;

	if (sync_open(&creation->sync, &init->sync, err))
		return -1;
	init->console_socket = creation->console_socket.sender;
	init->state = creation->container.state;
	init->record = creation->container.directory;
	init->caller_umask = umask(0);
	umask(init->caller_umask);
	int side = namespace_spawn(&creation->plan, creation->entries.v2, &init->into_cgroup,
				   &creation->process, err);
	if (side == 0) {
		/* Else our own copy would keep us from seeing that the runtime has died. */
		close_fd(creation->sync);
		container_init(init);
	}
	close_fd(take_fd(&init->sync));
	return side < 0 ? -1 : 0;
}

static void kill_init(void *context)
{
	struct creation *creation = context;

	if (creation->process.pid <= 0)
		return;
	kill(creation->process.pid, SIGKILL); /* our own child, which nobody has waited for */
	while (waitpid(creation->process.pid, NULL, 0) < 0 && errno == EINTR)
		;
}

static int map_ids(void *context, struct error *err)
{
	struct creation *creation = context;
	const struct linux_config *linux_ = creation->plan.config->linux_;

	if (!creation->plan.new_namespace[NAMESPACE_USER])
		return 0;
	return idmap_write(creation->process.pid, &linux_->uid_mappings, &linux_->gid_mappings,
			   err);
}

static int set_oom_score(void *context, struct error *err)
{
	struct creation *creation = context;
	const struct process *process = creation->plan.config->process;

	return process ? process_set_oom_score(creation->process.pid, &process->oom_score_adj, err)
		       : 0;
}

static int join_resctrl(void *context, struct error *err)
{
	struct creation *creation = context;
	const struct linux_config *linux_ = creation->plan.config->linux_;

	if (!linux_ || !linux_->intel_rdt)
		return 0;
	return resctrl_create(linux_->intel_rdt, creation->container.state, creation->process.pid,
			      &creation->resctrl_made, err);
}

static void leave_resctrl(void *context)
{
	struct creation *creation = context;

	resctrl_take_back(creation->container.state, &creation->resctrl_made);
}

static int move_net_devices(void *context, struct error *err)
{
	struct creation *creation = context;
	const struct linux_config *linux_ = creation->plan.config->linux_;
	char path[32];

	if (!linux_ || !linux_->net_devices.n)
		return 0;
	snprintf(path, sizeof path, "%d/ns/net", (int)creation->process.pid);
	owned_fd namespace = openat(creation->init.procfs, path, O_RDONLY | O_CLOEXEC);
	if (namespace < 0)
		return error_errno(err, errno, "open /proc/%s", path);
	return net_devices_move(&linux_->net_devices, namespace, &creation->net_devices, err);
}

static void return_net_devices(void *context)
{
	net_devices_take_back(&((struct creation *)context)->net_devices);
}

static int say_go(void *context, struct error *err)
{
	struct creation *creation = context;

	return sync_send(creation->sync, SYNC_GO, err);
}

static int run_hooks(void *context, struct error *err)
{
	struct creation *creation = context;
	const struct hooks *hooks = creation->plan.config->hooks;

	creation->hooks_reached = true;
	if (!hooks || (!hooks->prestart.n && !hooks->create_runtime.n))
		return 0;
	if (sync_expect(creation->sync, SYNC_HOOKS, err))
		return -1;
	owned_string view = container_view(creation->container.state, STATUS_CREATED,
					   creation->process.pid, "", 0);
	if (!view)
		return error_errno(err, ENOMEM, "state");
	const char *cwd = creation->plan.bundle;
	if (hooks_run("prestart", &hooks->prestart, view, cwd, err) ||
	    hooks_run("createRuntime", &hooks->create_runtime, view, cwd, err))
		return -1;
	return sync_send(creation->sync, SYNC_HOOKS_DONE, err);
}

static int wait_ready(void *context, struct error *err)
{
	struct creation *creation = context;

	if (sync_expect(creation->sync, SYNC_READY, err))
		return -1;
	if (creation->console_socket.receiver < 0)
		return 0;
	creation->console = descriptor_receive(creation->console_socket.receiver, err);
	return creation->console < 0 ? -1 : 0;
}

/* Last, so that the limits bind the program and not our work for it. */
static int set_rlimits(void *context, struct error *err)
{
	struct creation *creation = context;
	const struct process *process = creation->plan.config->process;

	/* Else init has set them itself. */
	if (!process || !creation->plan.in_user_namespace)
		return 0;
	return process_set_rlimits(creation->process.pid, &process->rlimits, err);
}

static int record_created(void *context, struct error *err)
{
	struct creation *creation = context;
	struct state *state = creation->container.state;

	state->pid = creation->process.pid;
	state->start_time = process_start_time(creation->process.pid);
	if (creation->plan.join_namespace[NAMESPACE_MOUNT])
		state->root_mount = rootfs_mount_id_of(creation->process.pid);
	return container_save(&creation->container, err);
}

static int write_pid_file(void *context, struct error *err)
{
	struct creation *creation = context;

	return pid_file_write(creation->request->pid_file, creation->process.pid, err);
}

static void remove_pid_file(void *context)
{
	pid_file_remove(((struct creation *)context)->request->pid_file);
}

static int send_pidfd(void *context, struct error *err)
{
	struct creation *creation = context;

	return pidfd_socket_send(creation->request->pidfd_socket, creation->process.pidfd,
				 "standard", err);
}

static int release(void *context, struct error *err)
{
	struct creation *creation = context;

	return sync_send(creation->sync, SYNC_RELEASE, err);
}

static const struct step create_steps[] = {
	{ "claim the id", claim, unclaim },
	{ "record", record, NULL },
	{ "start socket", open_start_socket, NULL },
	{ "control group", make_cgroup, remove_cgroup },
	{ "rootfs and mount sources", open_files, detach_mounts },
	{ "console socket", open_console, NULL },
	{ "seccomp agent", open_seccomp_agent, NULL },
	{ "init process", spawn, kill_init },
	{ "systemd scope", start_scope, NULL },
	{ "id maps", map_ids, NULL },
	{ "oom score", set_oom_score, NULL },
	{ "resctrl group", join_resctrl, leave_resctrl },
	{ "network devices", move_net_devices, return_net_devices },
	{ "go", say_go, NULL },
	{ "hooks", run_hooks, NULL },
	{ "wait for init", wait_ready, NULL },
	{ "resource limits", set_rlimits, NULL },
	{ "state", record_created, NULL },
	{ "pid file", write_pid_file, remove_pid_file },
	{ "pidfd socket", send_pidfd, NULL },
	{ "release", release, NULL },
};

static void finish(struct creation *creation)
{
	struct init *init = &creation->init;

	mount_sources_close(init->sources, creation->plan.n_mounts);
	close_fd(init->root);
	close_fd(init->procfs);
	close_fd(init->start_socket);
	close_fd(init->handler);
	close_fd(init->seccomp_agent);
	close_fd(init->sync);
	close_fd(creation->sync);
	close_fd(init->created_lock);
	close_fd(creation->console_socket.sender);
	close_fd(creation->console_socket.receiver);
	net_devices_finish(&creation->net_devices);
	cgroup_entries_close(&creation->entries);
	plan_finish(&creation->plan);
}

/* Once hooks have run, a failure is the end of a container like any other: poststop hooks follow
 * (runtime.md, Lifecycle steps 3 to 5, 12 and 13). */
static void abandon(struct creation *creation)
{
	if (creation->hooks_reached)
		container_run_poststop_hooks(creation->container.state);
	close_fd(creation->process.pidfd);
	close_fd(creation->console);
	container_close(&creation->container);
}

int container_create(const struct create_request *request, struct created *ret, struct error *err)
{
	struct creation creation = {
		.request = request,
		.container = { .directory = -1 },
		.entries = { .memory = -1, .v2 = -1, .v2_processes = -1 },
		.init = { .sync = -1,
			  .root = -1,
			  .start_socket = -1,
			  .created_lock = -1,
			  .procfs = -1,
			  .console_socket = -1,
			  .handler = -1,
			  .seccomp_agent = -1 },
		.process = { .pidfd = -1 },
		.net_devices = NO_MOVED_DEVICES,
		.sync = -1,
		.console_socket = { -1, -1 },
		.console = -1,
	};

	if (container_check_id(request->id, err) ||
	    plan_build(request->config, request->id, &request->options, &creation.plan, err))
		return error_prefix(err, "create");
	for (size_t i = 0; i < creation.plan.warnings.n; i++)
		log_warning("%s", creation.plan.warnings.v[i]);
	log_debug(
		"container %s: rootfs %s, %zu mounts, %zu control groups, %zu seccomp instructions",
		request->id, creation.plan.rootfs, creation.plan.n_mounts,
		creation.plan.cgroup.n_hierarchies, creation.plan.seccomp.n);
	creation.init.plan = &creation.plan;
	creation.init.options = &request->options;
	creation.init.entries = &creation.entries;
	int failed = steps_run("create", create_steps, sizeof create_steps / sizeof *create_steps,
			       &creation, err);
	finish(&creation);
	if (failed) {
		abandon(&creation);
		return -1;
	}
	log_debug("container %s: created, init is process %d", request->id,
		  (int)creation.process.pid);
	*ret = (struct created){ .container = creation.container,
				 .init = creation.process,
				 .console = creation.console,
				 .explainer = creation.explainer };
	return 0;
}

void created_finish(struct created *created)
{
	container_close(&created->container);
	close_fd(created->init.pidfd);
	close_fd(created->console);
}
