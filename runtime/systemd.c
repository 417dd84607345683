/* Runs orun-systemd with a request and takes its answer. Must not know D-Bus. The words of both are in
 * orun_systemd.c, which reads them. */
#include "runtime/systemd.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>

#include "spec/base/io.h"
#include "spec/base/owned.h"
#include "spec/base/sys.h"

#define PROGRAM "orun-systemd"
#define ANSWER_MAX 65536

static bool same_file(const struct stat *a, const struct stat *b)
{
	return a->st_dev == b->st_dev && a->st_ino == b->st_ino;
}

/* The directory that we were started from, if our own name leads there: we may be executing a clone or a
 * copy of ourselves, which has no path. -1: unknown. */
static int open_own_directory(void)
{
	struct stat running, named;
	const char *slash = strrchr(program_invocation_name, '/');

	if (!slash || stat("/proc/self/exe", &running) || stat(program_invocation_name, &named) ||
	    !same_file(&running, &named))
		return -1;
	owned_string path = slash == program_invocation_name
				    ? strdup("/")
				    : strndup(program_invocation_name,
					      (size_t)(slash - program_invocation_name));
	return path ? open(path, O_PATH | O_DIRECTORY | O_CLOEXEC) : -1;
}

static bool is_trusted(int fd)
{
	struct stat file;

	return fstat(fd, &file) == 0 && (file.st_uid == 0 || file.st_uid == geteuid()) &&
	       !(file.st_mode & (S_IWGRP | S_IWOTH));
}

/* As in the folder of a build. Our name comes from our caller, who may have linked us into a directory of
 * others: what they could have put there is not ours to run. */
static int open_program_beside(void)
{
	owned_fd own = open_own_directory();
	owned_fd program = own < 0 ? -1 : openat(own, PROGRAM, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);

	return program >= 0 && is_trusted(own) && is_trusted(program) ? take_fd(&program) : -1;
}

static int open_program(struct error *err)
{
	int program = open_program_beside();

	if (program < 0)
		program = open(ORUN_LIBEXECDIR "/" PROGRAM, O_RDONLY | O_CLOEXEC);
	if (program >= 0)
		return program;
	error_errno(err, errno, "%s", ORUN_LIBEXECDIR "/" PROGRAM);
	return error_hint(err, "orun was built without libsystemd, or not installed completely");
}

static _Noreturn void execute(int program, int socket)
{
	char *const argv[] = { (char[]){ PROGRAM }, NULL };

	/* Its messages too, such as that of a dynamic linker that finds no libsystemd. */
	for (int fd = 0; fd < 3; fd++)
		if (dup2(socket, fd) < 0)
			_exit(127);
	sys_close_range(3, ~0u, CLOSE_RANGE_CLOEXEC);
	sys_execveat(program, "", argv, environ, AT_EMPTY_PATH);
	dprintf(1, "error\t%d\texecute " PROGRAM ": %s\n", errno, errno_text(errno));
	_exit(127);
}

/* "ok", a tab and a word; or "error", its number and its text. */
static int read_answer(char *answer, char **ret, struct error *err)
{
	char *rest = answer, *kind;
	int64_t code;

	answer[strcspn(answer, "\n")] = '\0';
	kind = strsep(&rest, "\t");
	if (strcmp(kind, "ok") == 0) {
		if (!ret)
			return 0;
		*ret = strdup(rest ? rest : "");
		return *ret ? 0 : error_errno(err, ENOMEM, "systemd");
	}
	const char *number = rest ? strsep(&rest, "\t") : NULL;
	if (strcmp(kind, "error") == 0 && rest && text_to_int64(number, &code) == 0 && code > 0)
		return error_set(err, (int)code, "systemd: %s", rest);
	return error_set(err, EPROTO, PROGRAM " ended without an answer: '%.300s'", answer);
}

static int converse(int socket, const struct buffer *request, char **ret, struct error *err)
{
	owned_string answer = NULL;

	/* An early end of the program shows as its answer, or as none. */
	if (send(socket, request->text, request->length, MSG_NOSIGNAL) < 0 && errno != EPIPE)
		return error_errno(err, errno, "speak to " PROGRAM);
	shutdown(socket, SHUT_WR);
	if (read_all(socket, ANSWER_MAX, &answer, NULL, err))
		return error_prefix(err, "answer of " PROGRAM);
	return read_answer(answer, ret, err);
}

static int ask(struct buffer *request, char **ret, struct error *err)
{
	owned_fd program = open_program(err);
	int pair[2];

	if (program < 0)
		return -1;
	if (request->failed)
		return error_errno(err, ENOMEM, "systemd");
	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair))
		return error_errno(err, errno, "socketpair");
	struct clone_args args = { .exit_signal = SIGCHLD };
	pid_t pid = sys_clone3(&args);
	if (pid == 0)
		execute(program, pair[1]);
	close_fd(pair[1]);
	owned_fd socket = pair[0];
	if (pid < 0)
		return error_errno(err, errno, "clone3");
	int failed = converse(socket, request, ret, err);
	while (waitpid(pid, NULL, 0) < 0 && errno == EINTR)
		;
	return failed;
}

static void print_head(struct buffer *request, const char *verb, const struct systemd_unit *unit)
{
	buffer_print(request, "%s\t%s\t%s\n", verb, unit->user ? "user" : "system", unit->name);
}

static void print_properties(struct buffer *request, const struct systemd_properties *properties)
{
	for (size_t i = 0; i < properties->n; i++) {
		const struct systemd_property *property = &properties->v[i];
		buffer_print(request, "%u\t%s\t%s", property->since, property->signature,
			     property->name);
		for (size_t k = 0; k < property->values.n; k++)
			buffer_print(request, "\t%s", property->values.v[k]);
		buffer_print(request, "\n");
	}
}

int systemd_start(const struct systemd_scope *scope, pid_t pid, struct error *err)
{
	OWNED(buffer_finish) struct buffer request = { 0 };
	owned_string group = NULL;

	print_head(&request, "start", &(struct systemd_unit){ scope->unit, scope->user });
	buffer_print(&request, "0\tau\tPIDs\t%d\n", (int)pid);
	print_properties(&request, &scope->properties);
	if (ask(&request, &group, err))
		return -1;
	return strcmp(group, scope->group) == 0
		       ? 0
		       : error_set(err, EINVAL, "systemd: %s is in the group '%.300s', not in %s",
				   scope->unit, group, scope->group);
}

int systemd_set(const struct systemd_unit *unit, const struct systemd_properties *properties,
		struct error *err)
{
	OWNED(buffer_finish) struct buffer request = { 0 };

	print_head(&request, "set", unit);
	print_properties(&request, properties);
	return ask(&request, NULL, err);
}

int systemd_attach(const struct systemd_unit *unit, const char *below, pid_t pid, struct error *err)
{
	OWNED(buffer_finish) struct buffer request = { 0 };

	print_head(&request, "attach", unit);
	buffer_print(&request, "%s\t%d\n", below, (int)pid);
	return ask(&request, NULL, err);
}

int systemd_stop(const struct systemd_unit *unit, struct error *err)
{
	OWNED(buffer_finish) struct buffer request = { 0 };

	print_head(&request, "stop", unit);
	return ask(&request, NULL, err);
}

char *systemd_user_group(struct error *err)
{
	OWNED(buffer_finish) struct buffer request = { 0 };
	char *group = NULL;

	print_head(&request, "group", &(struct systemd_unit){ "", true });
	return ask(&request, &group, err) ? NULL : group;
}

bool systemd_is_users(enum cgroup_rootless rootless)
{
	struct stat directory;

	if (rootless != CGROUP_ROOTLESS_AUTO || geteuid() != 0 || !cgroup_caller_is_unprivileged())
		return cgroup_is_rootless(rootless);
	/* Root of a user namespace: the directory of the system's instance belongs to a user who is not
	 * mapped, unless that instance is of this namespace. */
	return stat("/run/systemd/system", &directory) || directory.st_uid != 0;
}

bool systemd_is_installed(void)
{
	owned_fd program = open_program(NULL);

	return program >= 0;
}
