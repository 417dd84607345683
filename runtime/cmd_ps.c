/* orun ps */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <spawn.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>

#include "runtime/cgroup/cgroup.h"
#include "runtime/commands.h"
#include "runtime/container_cgroup.h"
#include "runtime/ps_table.h"
#include "spec/base/io.h"
#include "spec/base/owned.h"

#define OUTPUT_MAX ((size_t)256 << 20) /* bytes; 2^22 processes with a line of 64 */

static const char *format = "table";

static const struct option options[] = {
	{ .name = "format",
	  .letter = 'f',
	  .kind = OPTION_TEXT,
	  .target = &format,
	  .argument = "table|json",
	  .help = "how to print (default: table)" },
	{ 0 },
};

static int check_format(struct error *err)
{
	if (strcmp(format, "table") == 0 || strcmp(format, "json") == 0)
		return 0;
	return error_set(err, EINVAL, "invalid format option: '%s' is neither table nor json",
			 format);
}

static void add_json(const pid_t *pids, size_t n, struct buffer *to)
{
	for (size_t i = 0; i < n; i++)
		buffer_print(to, "%s%d", i ? "," : "[", (int)pids[i]);
	buffer_print(to, "%s\n", n ? "]" : "[]");
}

/* ps(1) with its stdout and stderr in the returned pipe; -1 with err. */
static int start_ps(char **words, pid_t *pid, struct error *err)
{
	posix_spawn_file_actions_t actions;
	int output[2];

	if (pipe2(output, O_CLOEXEC))
		return error_errno(err, errno, "pipe");
	owned_fd reader = output[0], writer = output[1];
	int code = posix_spawn_file_actions_init(&actions);
	if (code)
		return error_errno(err, code, "ps");
	code = posix_spawn_file_actions_adddup2(&actions, writer, STDOUT_FILENO);
	if (!code)
		code = posix_spawn_file_actions_adddup2(&actions, writer, STDERR_FILENO);
	if (!code)
		code = posix_spawnp(pid, words[0], &actions, NULL, words, environ);
	posix_spawn_file_actions_destroy(&actions);
	if (code == ENOENT)
		return error_set(err, code, "ps: executable file not found in $PATH");
	return code ? error_errno(err, code, "execute ps") : take_fd(&reader);
}

static int run_ps(char **words, char **output, struct error *err)
{
	pid_t pid = 0;
	int status;
	owned_fd reader = start_ps(words, &pid, err);

	if (reader < 0)
		return -1;
	int failed = read_all(reader, OUTPUT_MAX, output, NULL, err);
	/* Without a reader it ends, however much it still had to say. */
	owned_fd_close(&reader);
	reader = -1;
	while (waitpid(pid, &status, 0) < 0)
		if (errno != EINTR)
			return error_errno(err, errno, "wait for ps");
	if (failed)
		return error_prefix(err, "ps");
	if (status == 0)
		return 0;
	return WIFSIGNALED(status) ? error_set(err, ECHILD, "ps died of signal %d: %.500s",
					       WTERMSIG(status), *output)
				   : error_set(err, ECHILD, "ps: exit status %d: %.500s",
					       WEXITSTATUS(status), *output);
}

/* @words[0] is the place for the name of ps, its own words follow. */
static int add_table(char **words, const pid_t *pids, size_t n, struct buffer *to,
		     struct error *err)
{
	char name[] = "ps", everything[] = "-ef";
	char *default_words[] = { name, everything, NULL };
	owned_string output = NULL;

	words[0] = name;
	if (run_ps(words[1] ? words : default_words, &output, err))
		return -1;
	return ps_table_filter(output, pids, n, to, err);
}

static int list(const struct globals *globals, char **argv, struct buffer *to, struct error *err)
{
	owned_fd root = container_open_root(globals->root, err);
	owned_memory pid_t *pids = NULL;
	struct container container;
	size_t n;

	if (root < 0 || container_peek(root, argv[0], &container, err))
		return -1;
	int failed = container_need_cgroup(container.state, err) ||
		     cgroup_processes(&container.state->cgroup_dirs, &pids, &n, err);
	container_close(&container);
	if (failed)
		return error_prefix(err, "unable to get all container pids");
	if (strcmp(format, "table") == 0)
		return add_table(argv, pids, n, to, err);
	add_json(pids, n, to);
	return 0;
}

static int run(const struct globals *globals, int argc, char **argv, struct error *err)
{
	struct buffer text = { 0 };

	(void)argc;
	int failed = check_format(err) || list(globals, argv, &text, err);
	if (!failed && (text.failed || fputs(text.text, stdout) < 0 || fflush(stdout)))
		failed = error_errno(err, text.failed ? ENOMEM : errno, "print the processes");
	buffer_finish(&text);
	return failed ? 1 : 0;
}

const struct verb ps_verb = {
	.name = "ps",
	.arguments = "ID [PS-OPTIONS]",
	.summary = "list the processes of a container",
	.options = options,
	.min_arguments = 1,
	.max_arguments = INT_MAX,
	.run = run,
	.options_first = true,
};
