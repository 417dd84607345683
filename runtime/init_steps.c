#include "runtime/init_steps.h"

#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <linux/capability.h>
#include <poll.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/stat.h>

#include "runtime/beneath.h"
#include "runtime/descriptors.h"
#include "runtime/exec_failure.h"
#include "runtime/lsm.h"
#include "runtime/passwd.h"
#include "runtime/process.h"
#include "runtime/seccomp_listener.h"
#include "runtime/sync.h"
#include "runtime/unix_socket.h"
#include "spec/base/owned.h"
#include "spec/base/sys.h"

#define CAP(number) (1ull << (number))

/* What our caller left open by mistake must reach neither the container nor hooks in it. */
int init_shield_descriptors(void *context, struct error *err)
{
	struct init *init = context;

	return descriptors_shield(3 + init->options->preserved_fds, err);
}

/* Where ids 0 are not mapped, the process keeps the overflow ids, with every capability all the same. */
int init_become_root(struct init *init, struct error *err)
{
	if (!init->plan->in_user_namespace)
		return 0;
	if (setgroups(0, NULL) && errno != EPERM)
		return error_errno(err, errno, "setgroups");
	if ((setresgid(0, 0, 0) || setresuid(0, 0, 0)) && errno != EINVAL)
		return error_errno(err, errno, "become root of the user namespace");
	return 0;
}

/* Until the runtime has recorded us, nobody else could end us, nor a hook that we wait for. Changing
 * ids takes the wish back, so it comes after that. */
int init_die_with_runtime(const struct init *init, struct error *err)
{
	struct pollfd runtime = { .fd = init->sync };

	if (prctl(PR_SET_PDEATHSIG, SIGKILL))
		return error_errno(err, errno, "prctl PR_SET_PDEATHSIG");
	if (poll(&runtime, 1, 0) > 0)
		return error_set(err, EPIPE, "the runtime has died");
	return 0;
}

int init_reset_signals(void *context, struct error *err)
{
	(void)context;
	(void)err;
	process_reset_signals();
	return 0;
}

int init_join_keyring(void *context, struct error *err)
{
	struct init *init = context;

	return init->options->no_new_keyring ? 0 : process_join_keyring(init->plan->id, err);
}

int init_take_terminal(struct init *init, struct error *err)
{
	if (descriptor_send(init->console_socket, init->console.master, "/dev/ptmx", err))
		return -1;
	close_fd(take_fd(&init->console.master));
	return console_take(&init->console, err);
}

int init_set_labels(void *context, struct error *err)
{
	struct init *init = context;

	return lsm_apply(init->procfs, init->plan->apparmor, init->plan->selinux, err);
}

int init_set_scheduling(void *context, struct error *err)
{
	return process_set_scheduling(((struct init *)context)->plan->config, err);
}

/* Loading a filter without no_new_privs takes CAP_SYS_ADMIN, and the filter comes last of all, so that
 * it has nothing of ours to forbid. So does making the cgroup namespace, which comes late too. The capability
 * is kept until init_drop_privileges. */
static uint64_t kept_capabilities(const struct init *init)
{
	bool filter_needs_it = init->plan->seccomp.instructions &&
			       !init_process(init)->no_new_privileges;
	bool namespace_needs_it = init->plan->new_namespace[NAMESPACE_CGROUP] &&
				  !init->memory_entered;

	return filter_needs_it || namespace_needs_it ? CAP(CAP_SYS_ADMIN) : 0;
}

int init_become_user(void *context, struct error *err)
{
	struct init *init = context;
	const struct process *process = init_process(init);
	uid_t uid = process && process->user ? process->user->uid : 0;

	if (!process)
		return 0;
	/* As root first: the user need not be able to search the way to its directory. */
	if (process_enter_cwd(process->cwd, &init->cwd_entered, err) &&
	    (init->cwd_entered || uid == 0))
		return -1;
	if (caps_limit_bounding(&init->plan->caps, err) || process_own_stdio(uid, err))
		return -1;
	/* The runtime may set limits of another user's process only with CAP_SYS_RESOURCE. In a user
	 * namespace it is the other way round: there we have no power to raise them. */
	if (!init->plan->in_user_namespace && process_set_rlimits(0, &process->rlimits, err))
		return -1;
	if (prctl(PR_SET_KEEPCAPS, 1))
		return error_errno(err, errno, "prctl PR_SET_KEEPCAPS");
	if (process_become_user(process->user, init->plan->in_user_namespace, err) ||
	    caps_set_keeping(&init->plan->caps, kept_capabilities(init), err))
		return -1;
	if (!init->cwd_entered && process_enter_cwd(process->cwd, &init->cwd_entered, err))
		return -1;
	if (process->user && process->user->umask.set)
		umask(process->user->umask.value);
	else
		umask(init->caller_umask);
	/* Changing ids has made us traceable again. */
	if (prctl(PR_SET_DUMPABLE, 0))
		return error_errno(err, errno, "prctl PR_SET_DUMPABLE");
	return 0;
}

int init_set_home(void *context, struct error *err)
{
	struct init *init = context;
	struct string_list *environment = &((struct plan *)(uintptr_t)init->plan)->environment;

	if (!init_process(init) || !init->plan->needs_home)
		return 0;
	const struct user *user = init_process(init)->user;
	owned_fd passwd =
		beneath_open(init->root, "/etc/passwd", O_RDONLY | O_NONBLOCK | O_NOCTTY, 0);
	owned_string home = passwd_home(passwd, user ? user->uid : 0);
	owned_string variable = home ? text_format("HOME=%s", home) : NULL;
	if (!variable || string_list_add(environment, variable))
		return error_errno(err, ENOMEM, "HOME");
	return 0;
}

/* The pid that the runtime knows us by: the host's /proc tells it. */
static int64_t pid_outside(const struct init *init)
{
	char text[24] = "";
	int64_t pid = 0;

	if (readlinkat(init->procfs, "self", text, sizeof text - 1) > 0)
		text_to_int64(text, &pid);
	return pid;
}

int init_say_ready(void *context, struct error *err)
{
	struct init *init = context;
	const int keep[] = { init->sync, init->start_socket, init->created_lock, init->handler,
			     init->seccomp_agent };

	init->pid_outside = pid_outside(init);
	/* We may wait long, and container processes that may trace us see what we have open. */
	if (descriptors_keep(3 + init->options->preserved_fds, keep, sizeof keep / sizeof *keep,
			     err))
		return -1;
	init->root = init->procfs = -1;
	/* From here on the end of the connection tells us. */
	if (prctl(PR_SET_PDEATHSIG, 0))
		return error_errno(err, errno, "prctl PR_SET_PDEATHSIG");
	if (sync_send(init->sync, SYNC_READY, err))
		return -1;
	return sync_expect(init->sync, SYNC_RELEASE, err);
}

int init_find_program(void *context, struct error *err)
{
	struct init *init = context;

	/* What a handler runs is the handler's to find. */
	if (init->handler >= 0)
		return 0;
	init->program =
		process_find_program(init_process(init)->args.v[0], &init->plan->environment, err);
	return init->program ? 0 : -1;
}

static int load_seccomp(struct init *init, struct error *err)
{
	const struct seccomp_filter *filter = &init->plan->seccomp;

	if (!filter->notify)
		return seccomp_filter_load(filter, NULL, err);
	owned_string message = seccomp_listener_message(init->plan->config->linux_->seccomp,
							init->state, init->pid_outside);
	return message ? seccomp_load_and_send(filter, init->seccomp_agent, message, err)
		       : error_errno(err, ENOMEM, "seccomp agent");
}

int init_drop_privileges(void *context, struct error *err)
{
	struct init *init = context;
	const struct caps *caps = &init->plan->caps;

	if (!init_process(init)->no_new_privileges)
		return load_seccomp(init, err) ? -1 : caps_set(caps, err);
	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0))
		return error_errno(err, errno, "prctl PR_SET_NO_NEW_PRIVS");
	return caps_set(caps, err) ? -1 : load_seccomp(init, err);
}

/* The program and its arguments become the handler's arguments. */
static int execute_handler(const struct init *init, struct error *err)
{
	const struct plan *plan = init->plan;
	OWNED(string_list_finish) struct string_list words = { 0 };
	const struct string_list *args = &init_process(init)->args;

	int failed = string_list_add(&words, plan->handler);
	for (size_t i = 0; i < args->n && !failed; i++)
		failed = string_list_add(&words, args->v[i]);
	if (failed)
		return error_errno(err, ENOMEM, "handler");
	sys_execveat(init->handler, "", words.v, plan->environment.v, AT_EMPTY_PATH);
	error_errno(err, errno, "exec handler '%s'", plan->handler);
	return errno == ENOENT ? error_hint(err, "it must be linked statically: the container "
						 "has not its libraries")
			       : -1;
}

int init_execute(void *context, struct error *err)
{
	struct init *init = context;

	if (init->handler >= 0)
		return execute_handler(init, err);
	execve(init->program, init_process(init)->args.v, init->plan->environment.v);
	int code = errno;
	error_errno(err, code, "exec %s", init->program);
	return exec_failure_hint(init->program, code, err);
}
