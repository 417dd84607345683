#include "runtime/init_start.h"

#include <errno.h>
#include <sys/socket.h>
#include <sys/un.h>

#include "runtime/container.h"
#include "runtime/descriptors.h"
#include "runtime/init_steps.h"
#include "runtime/steps.h"
#include "spec/base/owned.h"

int init_run_hooks(struct init *init, const char *kind, const struct hook_list *hooks,
		   enum container_status status, const char *cwd, struct error *err)
{
	if (!hooks->n)
		return 0;
	owned_string view = container_view(init->state, status, getpid(), "", 0);
	return view ? hooks_run(kind, hooks, view, cwd, err) : error_errno(err, ENOMEM, "state");
}

static int wait_for_start(void *context, struct error *err)
{
	struct init *init = context;
	struct sockaddr_un peer;
	socklen_t length = sizeof peer;
	int connection;

	do
		connection = accept4(init->start_socket, (struct sockaddr *)&peer, &length,
				     SOCK_CLOEXEC);
	while (connection < 0 && errno == EINTR);
	if (connection < 0)
		return error_errno(err, errno, "accept");
	close_fd(init->start_socket);
	init->start_socket = connection;
	if (!init_process(init))
		return error_set(err, EINVAL,
				 "process: required to start, but missing in config.json");
	return 0;
}

static int run_start_hooks(void *context, struct error *err)
{
	struct init *init = context;
	const struct hooks *hooks = init->plan->config->hooks;

	return hooks ? init_run_hooks(init, "startContainer", &hooks->start_container,
				      STATUS_CREATED, NULL, err)
		     : 0;
}

/* An image's program may be a path such as /proc/self/fd/5/…, which execve(2) resolves before it closes
 * anything: nothing that leads outside is open then, nor while hooks run. */
static int close_ours(void *context, struct error *err)
{
	struct init *init = context;
	const int keep[] = { init->start_socket, init->created_lock, init->handler,
			     init->seccomp_agent };

	return descriptors_keep(3 + init->options->preserved_fds, keep, sizeof keep / sizeof *keep,
				err);
}

static const struct step start_steps[] = {
	{ "wait for start", wait_for_start, NULL },
	{ "descriptors", close_ours, NULL },
	{ "startContainer hooks", run_start_hooks, NULL },
	/* Only now: process.args is applied by start, not by create (runtime.md, Create), and a
	 * startContainer hook or somebody's mount may have made the program meanwhile. */
	{ "program", init_find_program, NULL },
	{ "privileges", init_drop_privileges, NULL },
	{ "execve", init_execute, NULL },
};

_Noreturn void init_start(struct init *init)
{
	struct error error = { 0 };

	if (steps_run("init", start_steps, sizeof start_steps / sizeof *start_steps, init, &error))
		send(init->start_socket, &error, sizeof error, MSG_NOSIGNAL);
	_exit(1);
}
