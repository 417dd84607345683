/* A restore, read from restore_steps downwards. */
#include "runtime/restore.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>

#include "runtime/checkpoint.h"
#include "runtime/console_socket.h"
#include "runtime/container_cgroup.h"
#include "runtime/hooks.h"
#include "runtime/lifecycle.h"
#include "runtime/process_files.h"
#include "runtime/restore_options.h"
#include "runtime/restore_root.h"
#include "runtime/state_of_plan.h"
#include "runtime/steps.h"
#include "runtime/unix_socket.h"
#include "spec/base/log.h"
#include "spec/base/owned.h"
#include "spec/base/sys.h"

/* Where other labels than the saved ones work. */
#define VERSION_LABELS 31600

struct restoration {
	const struct restore_request *request;
	struct plan plan;
	char *program;
	int version;
	struct checkpoint_directories directories;
	struct string_list streams; /* descriptors.json */
	struct container container;
	bool claimed, cgroup_made, hooks_reached;
	struct console_socket console_socket;
	bool terminal_came;
	int console;
	struct given_namespaces namespaces;
	struct restore_root root;
	struct criu_options *criu_options;
	struct criu criu;
	struct init_process process;
};

static int find_criu(void *context, struct error *err)
{
	struct restoration *restoration = context;
	const struct checkpoint_options *options = restoration->request->checkpoint;

	restoration->program = criu_find(&restoration->version, err);
	if (!restoration->program)
		return -1;
	if ((options->lsm_profile || options->lsm_mount_context) &&
	    restoration->version < VERSION_LABELS)
		return error_set(
			err, ENOTSUP,
			"--lsm-profile and --lsm-mount-context require at least CRIU 3.16");
	return 0;
}

static int claim(void *context, struct error *err)
{
	struct restoration *restoration = context;

	if (container_claim(restoration->request->root, restoration->request->id,
			    &restoration->container, err))
		return -1;
	restoration->claimed = true;
	return 0;
}

static void unclaim(void *context)
{
	struct restoration *restoration = context;

	if (restoration->claimed)
		container_remove(&restoration->container, NULL);
}

static int record(void *context, struct error *err)
{
	struct restoration *restoration = context;
	const struct restore_request *request = restoration->request;
	struct container *container = &restoration->container;

	container->state = state_of_plan(&restoration->plan, err);
	if (!container->state ||
	    container_keep_config(container, request->config_text, request->config_length, err))
		return -1;
	return container_save(container, err);
}

static int make_cgroup(void *context, struct error *err)
{
	struct restoration *restoration = context;

	if (container_make_cgroup(&restoration->plan, restoration->container.state, err))
		return -1;
	restoration->cgroup_made = !restoration->plan.cgroup.scope;
	return 0;
}

static void remove_cgroup(void *context)
{
	struct restoration *restoration = context;
	struct state *state = restoration->container.state;

	if (!restoration->cgroup_made)
		return;
	cgroup_signal_all(&state->cgroup_dirs, SIGKILL, NULL);
	container_remove_cgroup(state, NULL);
}

static int open_console(void *context, struct error *err)
{
	struct restoration *restoration = context;
	const struct restore_request *request = restoration->request;

	return console_socket_open(request->config->process, request->console_socket,
				   request->foreground, &restoration->console_socket, err);
}

static int enter_root(void *context, struct error *err)
{
	struct restoration *restoration = context;

	return restore_root_enter(&restoration->root, &restoration->plan,
				  restoration->container.directory, err);
}

static int leave_root(void *context, struct error *err)
{
	struct restoration *restoration = context;

	return restore_root_leave(&restoration->root, err);
}

static void return_from_root(void *context)
{
	leave_root(context, NULL);
}

static int open_checkpoint(void *context, struct error *err)
{
	struct restoration *restoration = context;
	const struct checkpoint_options *options = restoration->request->checkpoint;

	if (checkpoint_directories_open(options->image_path, options->work_path, false,
					&restoration->directories, err))
		return -1;
	return checkpoint_read_descriptors(restoration->directories.images, &restoration->streams,
					   err);
}

static int set_options(void *context, struct error *err)
{
	struct restoration *restoration = context;

	restoration->criu_options = restore_options_build(
		restoration->request->checkpoint, &restoration->directories, &restoration->plan,
		restoration->root.path, &restoration->streams,
		&restoration->container.state->cgroup_dirs, &restoration->namespaces, err);
	return restoration->criu_options ? 0 : -1;
}

/* ---- criu ---- */

static int start_criu(void *context, struct error *err)
{
	static const int stdio[] = { 0, 1, 2 };
	struct restoration *restoration = context;
	const struct criu_start start = { .stdio = stdio,
					  .inherited = restoration->namespaces.v,
					  .n_inherited = restoration->namespaces.n };

	return criu_start(restoration->program, &start, &restoration->criu, err);
}

static void end_criu(void *context)
{
	struct restoration *restoration = context;

	criu_end(&restoration->criu, NULL, NULL);
}

/* criu before its work: what it restores starts in its groups, and stays there with --manage-cgroups-mode
 * ignore; else it is moved to where it was below them. */
static int enter_cgroup(void *context, struct error *err)
{
	struct restoration *restoration = context;
	struct plan *plan = &restoration->plan;
	pid_t pid = restoration->criu.pid;

	if (container_start_scope(plan, pid, &restoration->cgroup_made, err))
		return -1;
	if (!plan->cgroup.scope && cgroup_enter(&plan->cgroup, pid, false, err))
		return -1;
	return restore_options_add_groups(restoration->criu_options, pid, err);
}

/* Whether criu has really made it our child, and does not mean itself: it is going to be killed and waited
 * for. */
static int check_child(const struct restoration *restoration, const struct opt_int64 *pid,
		       struct error *err)
{
	siginfo_t info;

	if (!pid->set || pid->value <= 0 || pid->value > INT32_MAX ||
	    pid->value == restoration->criu.pid ||
	    waitid(P_PID, (id_t)pid->value, &info, WEXITED | WNOHANG | WNOWAIT))
		return error_set(err, EPROTO, "criu told of a process that is not our child");
	return 0;
}

static int run_hooks(struct restoration *restoration, pid_t pid, struct error *err)
{
	const struct hooks *hooks = restoration->plan.config->hooks;
	const char *cwd = restoration->plan.bundle;

	restoration->hooks_reached = true;
	if (!hooks || (!hooks->prestart.n && !hooks->create_runtime.n))
		return 0;
	owned_string view =
		container_view(restoration->container.state, STATUS_CREATED, pid, "", 0);
	if (!view)
		return error_errno(err, ENOMEM, "state");
	if (hooks_run("prestart", &hooks->prestart, view, cwd, err))
		return -1;
	return hooks_run("createRuntime", &hooks->create_runtime, view, cwd, err);
}

/* Before the processes run on, so that a killed restore leaves none that nobody has recorded. */
static int record_restored(struct restoration *restoration, struct error *err)
{
	struct state *state = restoration->container.state;

	state->pid = restoration->process.pid;
	state->start_time = process_start_time(restoration->process.pid);
	return container_save(&restoration->container, err);
}

static int pass_terminal_on(struct restoration *restoration, int fd, struct error *err)
{
	if (fd < 0)
		return error_set(err, EPROTO, "criu sent no terminal");
	if (restoration->console_socket.sender < 0 || restoration->terminal_came)
		return 0; /* one that the container made for itself */
	restoration->terminal_came = true;
	return descriptor_send(restoration->console_socket.sender, fd, "/dev/ptmx", err);
}

static int on_notification(void *context, const struct criu_notification *notification, int fd,
			   struct error *err)
{
	struct restoration *restoration = context;
	const char *script = notification->script;

	if (strcmp(script, "orphan-pts-master") == 0)
		return pass_terminal_on(restoration, fd, err);
	bool ready = strcmp(script, "post-restore") == 0;
	if (!ready && strcmp(script, "setup-namespaces") != 0)
		return 0;
	if (check_child(restoration, &notification->pid, err))
		return -1;
	restoration->process.pid = (pid_t)notification->pid.value;
	return ready ? record_restored(restoration, err)
		     : run_hooks(restoration, restoration->process.pid, err);
}

static int finish_terminal(struct restoration *restoration, struct error *err)
{
	const struct process *process = restoration->plan.config->process;

	if (!process || !process->terminal)
		return 0;
	if (!restoration->terminal_came)
		return error_set(err, EINVAL,
				 "process.terminal is true, but the checkpoint has no terminal");
	if (restoration->console_socket.receiver < 0)
		return 0;
	restoration->console = descriptor_receive(restoration->console_socket.receiver, err);
	return restoration->console < 0 ? -1 : 0;
}

/* After its answer: criu has nothing left to do, and its failures are no longer undone by itself. */
static int finish_criu(struct restoration *restoration, struct error *err)
{
	int status;

	if (criu_end(&restoration->criu, &status, err))
		return -1;
	if (criu_check_status(status, "after its answer", err))
		return -1;
	if (!restoration->container.state->pid)
		return error_set(err, EPROTO, "criu told of no process");
	restoration->process.pidfd = sys_pidfd_open(restoration->process.pid, 0);
	return restoration->process.pidfd < 0 ? error_errno(err, errno, "pidfd_open") : 0;
}

static int restore(void *context, struct error *err)
{
	struct restoration *restoration = context;
	const struct criu_listener listener = { on_notification, restoration };
	const struct criu_request request = { .type = { true, CRIU_RESTORE },
					      .opts = restoration->criu_options };
	struct criu_response *response = criu_ask(&restoration->criu, &request, &listener, -1, err);
	int failed = !response;

	protobuf_free(&criu_response_type, response);
	if (!failed)
		failed = finish_criu(restoration, err) || finish_terminal(restoration, err);
	return failed ? checkpoint_quote_log(&restoration->directories, RESTORE_LOG, err) : 0;
}

static void kill_init(void *context)
{
	struct restoration *restoration = context;
	const struct opt_int64 pid = { true, restoration->process.pid };

	/* criu has killed it already, if the failure was its own. */
	if (check_child(restoration, &pid, NULL))
		return;
	kill(restoration->process.pid, SIGKILL);
	while (waitpid(restoration->process.pid, NULL, 0) < 0 && errno == EINTR)
		;
}

static int write_pid_file(void *context, struct error *err)
{
	struct restoration *restoration = context;

	return pid_file_write(restoration->request->pid_file, restoration->process.pid, err);
}

static void remove_pid_file(void *context)
{
	pid_file_remove(((struct restoration *)context)->request->pid_file);
}

static const struct step restore_steps[] = {
	{ "find criu", find_criu, NULL },
	{ "claim the id", claim, unclaim },
	{ "record", record, NULL },
	{ "control group", make_cgroup, remove_cgroup },
	{ "console socket", open_console, NULL },
	{ "root", enter_root, return_from_root },
	{ "checkpoint", open_checkpoint, NULL },
	{ "options", set_options, NULL },
	{ "criu", start_criu, end_criu },
	{ "leave the root", leave_root, NULL },
	{ "enter the control group", enter_cgroup, NULL },
	{ "restore", restore, kill_init },
	{ "pid file", write_pid_file, remove_pid_file },
};

static void finish(struct restoration *restoration)
{
	for (size_t i = 0; i < restoration->namespaces.n; i++)
		close_fd(restoration->namespaces.v[i]);
	checkpoint_directories_close(&restoration->directories);
	close_fd(restoration->console_socket.sender);
	close_fd(restoration->console_socket.receiver);
	string_list_finish(&restoration->streams);
	protobuf_free(&criu_options_type, restoration->criu_options);
	restore_root_finish(&restoration->root);
	free(restoration->program);
	plan_finish(&restoration->plan);
}

static void abandon(struct restoration *restoration)
{
	if (restoration->hooks_reached)
		container_run_poststop_hooks(restoration->container.state);
	close_fd(restoration->process.pidfd);
	close_fd(restoration->console);
	container_close(&restoration->container);
}

static int build_plan(const struct restore_request *request, struct plan *plan, struct error *err)
{
	if (container_check_id(request->id, err) || checkpoint_check_config(request->config, err) ||
	    plan_build(request->config, request->id, &request->options, plan, err))
		return error_prefix(err, "restore");
	for (size_t i = 0; i < plan->warnings.n; i++)
		log_warning("%s", plan->warnings.v[i]);
	return 0;
}

int container_restore(const struct restore_request *request, struct created *ret, struct error *err)
{
	struct restoration restoration = {
		.request = request,
		.directories = { .images = -1, .work = -1 },
		.container = { .directory = -1 },
		.console_socket = { -1, -1 },
		.console = -1,
		.root = { .host_namespace = -1, .host_cwd = -1 },
		.criu = { .pidfd = -1, .socket = -1, .output = -1 },
		.process = { .pidfd = -1 },
	};

	if (build_plan(request, &restoration.plan, err))
		return -1;
	int failed = steps_run("restore", restore_steps,
			       sizeof restore_steps / sizeof *restore_steps, &restoration, err);
	finish(&restoration);
	if (failed) {
		abandon(&restoration);
		return -1;
	}
	log_debug("container %s: restored, init is process %d", request->id,
		  (int)restoration.process.pid);
	*ret = (struct created){ .container = restoration.container,
				 .init = restoration.process,
				 .console = restoration.console };
	return 0;
}
