#include "runtime/init.h"

#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <linux/capability.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>

#include "runtime/beneath.h"
#include "runtime/container.h"
#include "runtime/descriptors.h"
#include "runtime/device.h"
#include "runtime/hidden_paths.h"
#include "runtime/init_start.h"
#include "runtime/lsm.h"
#include "runtime/mount.h"
#include "runtime/namespace.h"
#include "runtime/passwd.h"
#include "runtime/process.h"
#include "runtime/rootfs.h"
#include "runtime/steps.h"
#include "runtime/sync.h"
#include "runtime/sys.h"
#include "runtime/sysctl.h"
#include "runtime/unix_socket.h"
#include "spec/base/owned.h"

#define CAP(number) (1ull << (number))

/* What our caller left open by mistake must reach neither the container nor hooks in it. */
static int shield_descriptors(void *context, struct error *err)
{
	struct init *init = context;

	return descriptors_shield(3 + init->options->preserved_fds, err);
}

/* By itself, before anything is done: the kernel makes nobody wait for a task that moves itself. */
static int enter_cgroup(void *context, struct error *err)
{
	struct init *init = context;

	/* The lock belongs to everybody who has the descriptor. */
	close_fd(take_fd(&init->record));
	if (cgroup_enter_self(init->entries, init->into_cgroup, err))
		return -1;
	cgroup_entries_close(init->entries);
	return 0;
}

static int wait_for_go(void *context, struct error *err)
{
	struct init *init = context;

	return sync_expect(init->sync, SYNC_GO, err);
}

/* Until the runtime has recorded us, nobody else could end us, nor a hook that we wait for. Changing
 * ids takes the wish back, so it comes after that. */
static int die_with_runtime(const struct init *init, struct error *err)
{
	struct pollfd runtime = { .fd = init->sync };

	if (prctl(PR_SET_PDEATHSIG, SIGKILL))
		return error_errno(err, errno, "prctl PR_SET_PDEATHSIG");
	if (poll(&runtime, 1, 0) > 0)
		return error_set(err, EPIPE, "the runtime has died");
	return 0;
}

/* Ids 0 of the user namespace own what is made from here on. Where they are not mapped, the process
 * keeps the overflow ids, with every capability all the same. */
static int enter_namespaces(void *context, struct error *err)
{
	struct init *init = context;

	/* Nobody in the container may look into us or trace us before execve. */
	if (prctl(PR_SET_DUMPABLE, 0))
		return error_errno(err, errno, "prctl PR_SET_DUMPABLE");
	if (init->plan->in_user_namespace) {
		if (setgroups(0, NULL) && errno != EPERM)
			return error_errno(err, errno, "setgroups");
		if ((setresgid(0, 0, 0) || setresuid(0, 0, 0)) && errno != EINVAL)
			return error_errno(err, errno, "become root of the user namespace");
	}
	if (setsid() < 0)
		return error_errno(err, errno, "setsid");
	return namespace_enter_late(init->plan, err) ? -1 : die_with_runtime(init, err);
}

static int join_keyring(void *context, struct error *err)
{
	struct init *init = context;

	return init->options->no_new_keyring ? 0 : process_join_keyring(init->plan->id, err);
}

static int set_names(void *context, struct error *err)
{
	const struct config *config = ((struct init *)context)->plan->config;

	if (config->hostname && *config->hostname &&
	    sethostname(config->hostname, strlen(config->hostname)))
		return error_errno(err, errno, "hostname '%s'", config->hostname);
	if (config->domainname && *config->domainname &&
	    setdomainname(config->domainname, strlen(config->domainname)))
		return error_errno(err, errno, "domainname '%s'", config->domainname);
	return 0;
}

static int attach_rootfs(void *context, struct error *err)
{
	struct init *init = context;

	umask(0);
	if (init->root < 0)
		init->root = rootfs_open(init->plan, err);
	if (init->root < 0)
		return -1;
	return rootfs_attach(init->plan, init->root, err);
}

static int make_mounts(void *context, struct error *err)
{
	struct init *init = context;

	if (!init->sources && mount_sources_open(init->plan, &init->sources, err))
		return -1;
	if (mount_all(init->plan, init->sources, init->root, err))
		return -1;
	mount_sources_close(take_pointer(init->sources), init->plan->n_mounts);
	return 0;
}

static int make_devices(void *context, struct error *err)
{
	struct init *init = context;

	return devices_make(init->plan, init->root, err);
}

static int open_terminal(void *context, struct error *err)
{
	struct init *init = context;

	init->console = (struct console){ -1, -1 };
	if (!init_process(init) || !init_process(init)->terminal)
		return 0;
	if (console_open(init->root, init_process(init), &init->console, err) ||
	    descriptor_send(init->console_socket, init->console.master, "/dev/ptmx", err))
		return -1;
	close_fd(take_fd(&init->console.master));
	return console_take(&init->console, err);
}

/* The directory is made while we are root and the rootfs is writable, as users of runc expect. */
static int make_cwd(void *context, struct error *err)
{
	struct init *init = context;

	if (!init_process(init))
		return 0;
	owned_fd fd = beneath_make_directory(init->root, init_process(init)->cwd, 0755, err);
	return fd < 0 ? error_prefix(err, "process.cwd") : 0;
}

static int run_hooks(void *context, struct error *err)
{
	struct init *init = context;
	const struct hooks *hooks = init->plan->config->hooks;

	if (!hooks)
		return 0;
	if ((hooks->prestart.n || hooks->create_runtime.n) &&
	    (sync_send(init->sync, SYNC_HOOKS, err) ||
	     sync_expect(init->sync, SYNC_HOOKS_DONE, err)))
		return -1;
	/* We make files with exact modes; what hooks make is theirs. */
	umask(init->caller_umask);
	int failed = init_run_hooks(init, "createContainer", &hooks->create_container,
				    STATUS_CREATED, init->plan->bundle, err);
	umask(0);
	return failed;
}

static int mask_paths(void *context, struct error *err)
{
	struct init *init = context;

	return paths_mask(init->plan, init->root, err);
}

static int protect_paths(void *context, struct error *err)
{
	struct init *init = context;

	return paths_make_readonly(init->plan, init->root, err);
}

static int protect_rootfs(void *context, struct error *err)
{
	struct init *init = context;

	return rootfs_make_readonly(init->plan, init->root, err);
}

static int set_sysctls(void *context, struct error *err)
{
	struct init *init = context;
	const struct linux_config *linux_ = init->plan->config->linux_;

	return linux_ ? sysctl_apply(init->procfs, &linux_->sysctl, err) : 0;
}

static int enter_rootfs(void *context, struct error *err)
{
	struct init *init = context;

	return rootfs_enter(init->plan, init->root, init->options->no_pivot, err);
}

static int set_labels(void *context, struct error *err)
{
	struct init *init = context;

	return lsm_apply(init->procfs, init->plan->apparmor, init->plan->selinux, err);
}

static int set_scheduling(void *context, struct error *err)
{
	return process_set_scheduling(((struct init *)context)->plan->config, err);
}

/* Loading a filter without no_new_privs takes CAP_SYS_ADMIN, and the filter comes last of all, so that
 * it has nothing of ours to forbid: the capability is kept until then. */
static uint64_t kept_capabilities(const struct init *init)
{
	bool filter_needs_it = init->plan->seccomp.instructions &&
			       !init_process(init)->no_new_privileges;

	return filter_needs_it ? CAP(CAP_SYS_ADMIN) : 0;
}

static int become_user(void *context, struct error *err)
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

static int set_home(void *context, struct error *err)
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

static int say_ready(void *context, struct error *err)
{
	struct init *init = context;
	const int keep[] = { init->sync, init->start_socket, init->created_lock,
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

static const struct step init_steps[] = {
	{ "caller's descriptors", shield_descriptors, NULL },
	{ "control group", enter_cgroup, NULL },
	{ "wait for the runtime", wait_for_go, NULL },
	{ "namespaces", enter_namespaces, NULL },
	{ "keyring", join_keyring, NULL },
	{ "host name", set_names, NULL },
	{ "rootfs", attach_rootfs, NULL },
	{ "mounts", make_mounts, NULL },
	{ "devices", make_devices, NULL },
	{ "terminal", open_terminal, NULL },
	{ "working directory", make_cwd, NULL },
	{ "hooks", run_hooks, NULL },
	{ "masked paths", mask_paths, NULL },
	{ "read-only paths", protect_paths, NULL },
	{ "read-only root", protect_rootfs, NULL },
	{ "sysctl", set_sysctls, NULL },
	{ "change root", enter_rootfs, NULL },
	{ "security labels", set_labels, NULL },
	{ "scheduling", set_scheduling, NULL },
	{ "user and capabilities", become_user, NULL },
	{ "home", set_home, NULL },
	{ "ready", say_ready, NULL },
};

_Noreturn void container_init(struct init *init)
{
	struct error error = { 0 };

	if (steps_run("init", init_steps, sizeof init_steps / sizeof *init_steps, init, &error)) {
		sync_send_error(init->sync, &error);
		_exit(1);
	}
	close_fd(init->sync);
	init_start(init);
}
