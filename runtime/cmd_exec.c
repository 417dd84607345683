/* orun exec */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>

#include "runtime/commands.h"
#include "runtime/exe.h"
#include "runtime/exec.h"
#include "runtime/exec_process.h"
#include "runtime/foreground.h"
#include "runtime/seccomp_cache.h"
#include "runtime/socket_activation.h"
#include "runtime/terminal.h"
#include "spec/base/io.h"
#include "spec/base/owned.h"

/* What callers take for "the exec itself failed". */
#define EXEC_FAILED 255

static struct exec_arguments arguments;
static struct exec_request request;
static struct string_list cgroups;
static const char *process_file;
static unsigned preserve_fds;
static bool detach;

static const struct option options[] = {
	{ "process", 'p', OPTION_TEXT, &process_file, "FILE",
	  "take the process from this JSON file, as in config.json" },
	{ "detach", 'd', OPTION_FLAG, &detach, NULL, "return when the program runs" },
	{ "pid-file", 0, OPTION_TEXT, &request.pid_file, "FILE", "write the process's pid here" },
	{ "console-socket", 0, OPTION_TEXT, &request.console_socket, "SOCKET",
	  "Unix socket that receives the terminal's master" },
	{ "pidfd-socket", 0, OPTION_TEXT, &request.pidfd_socket, "SOCKET",
	  "Unix socket that receives a pidfd of the process" },
	{ "tty", 't', OPTION_FLAG, &arguments.tty, NULL, "give the process a terminal" },
	{ "cwd", 0, OPTION_TEXT, &arguments.cwd, "DIR", "its working directory" },
	{ "env", 'e', OPTION_LIST, &arguments.env, "NAME=VALUE", "add to its environment" },
	{ "user", 'u', OPTION_TEXT, &arguments.user, "UID[:GID]",
	  "its user and group, as numbers" },
	{ "additional-gids", 'g', OPTION_LIST, &arguments.additional_gids, "GID",
	  "one more of its groups" },
	{ "cap", 'c', OPTION_LIST, &arguments.capabilities, "CAPABILITY",
	  "add to its bounding, permitted and effective capabilities" },
	{ "no-new-privs", 0, OPTION_FLAG, &arguments.no_new_privs, NULL,
	  "it may not gain privileges by execve(2)" },
	{ "apparmor", 0, OPTION_TEXT, &arguments.apparmor, "PROFILE", "its AppArmor profile" },
	{ "process-label", 0, OPTION_TEXT, &arguments.process_label, "LABEL", "its SELinux label" },
	{ "preserve-fds", 0, OPTION_COUNT, &preserve_fds, "N",
	  "hand N more descriptors, from 3 on, to the process" },
	{ "cgroup", 0, OPTION_LIST, &cgroups, "[CONTROLLER:]PATH",
	  "put it into this group below the container's" },
	{ "ignore-paused", 0, OPTION_FLAG, &request.ignore_paused, NULL,
	  "wait, rather than fail, while the container is paused" },
	{ 0 },
};

/* Callers may hand it over a pipe. */
static int read_process(char **text, size_t *length, struct error *err)
{
	owned_fd fd = open(process_file, O_RDONLY | O_CLOEXEC | O_NOCTTY);

	if (fd < 0)
		return error_errno(err, errno, "--process: open %s", process_file);
	return read_all(fd, CONFIG_MAX, text, length, err)
		       ? error_prefix(err, "--process: %s", process_file)
		       : 0;
}

static int prepare_process(struct config *config, char **words, struct error *err)
{
	owned_string text = NULL;
	size_t length;

	arguments.args = words;
	if (!process_file)
		return exec_process_from_arguments(config, &arguments, err);
	if (read_process(&text, &length, err))
		return -1;
	return exec_process_from_json(config, process_file, text, length, err);
}

/* The process's own status; ours only when we could not find out. */
static int attend(struct executed *executed, struct error *err)
{
	int status = detach ? 0 : foreground_attend(&executed->process, executed->console, err);

	executed_finish(executed);
	return status;
}

static int run(const struct globals *globals, int argc, char **argv, struct error *err)
{
	owned_fd root = container_open_root(globals->root, err);
	owned_fd cache = root < 0 ? -1 : seccomp_cache_open(root);
	unsigned sockets = socket_activation_count();
	struct container container;
	struct executed executed;
	int failed = -1;

	(void)argc;
	if (root < 0 || container_peek(root, argv[0], &container, err))
		return EXEC_FAILED;
	struct config *config = container_config(&container, err);
	if (config && prepare_process(config, argv + 1, err) == 0 &&
	    socket_activation_announce(config->process, sockets, err) == 0) {
		request.container = &container;
		request.config = config;
		request.cgroups = &cgroups;
		request.foreground = !detach && !request.console_socket;
		request.options = (struct plan_options){ .seccomp_cache_dirfd = cache,
							 .preserved_fds = preserve_fds + sockets };
		failed = container_exec(&request, &executed, err);
	}
	config_free(config);
	container_close(&container);
	return failed ? EXEC_FAILED : attend(&executed, err);
}

const struct verb exec_verb = {
	.name = "exec",
	.arguments = "ID [PROGRAM [ARGUMENT…]]",
	.summary = "run a further program in a running container",
	.options = options,
	.min_arguments = 1,
	.max_arguments = INT_MAX,
	.run = run,
	.options_first = true,
	.prepare = exe_protect, /* a process of ours can be seen in there */
};
