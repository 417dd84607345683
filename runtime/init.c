#include "runtime/init.h"

#include <errno.h>
#include <string.h>
#include <sys/prctl.h>

#include "runtime/beneath.h"
#include "runtime/device.h"
#include "runtime/hidden_paths.h"
#include "runtime/init_start.h"
#include "runtime/init_steps.h"
#include "runtime/loopback.h"
#include "runtime/mount.h"
#include "runtime/namespace.h"
#include "runtime/process.h"
#include "runtime/rootfs.h"
#include "runtime/steps.h"
#include "runtime/sync.h"
#include "runtime/sysctl.h"
#include "spec/base/owned.h"
#include "spec/base/sys.h"

/* The cgroup namespace is made after that group was entered, and a mount of cgroup2 shows the root of that namespace:
 * then the group comes first. (A mount of type cgroup is made of the groups themselves.) */
static bool enters_memory_later(const struct init *init)
{
	const struct plan *plan = init->plan;

	if (init->entries->memory < 0)
		return false;
	for (size_t i = 0; i < plan->n_mounts; i++)
		if (plan->new_namespace[NAMESPACE_CGROUP] &&
		    text_equal(plan->mounts[i].mount->type, "cgroup2"))
			return false;
	return true;
}

/* By itself, before anything is done: the kernel makes nobody wait for a task that moves itself. */
static int enter_cgroup(void *context, struct error *err)
{
	struct init *init = context;

	/* The lock belongs to everybody who has the descriptor. */
	close_fd(take_fd(&init->record));
	return cgroup_enter_self(init->entries, init->into_cgroup, err);
}

/* As late as possible: what was allocated until now is not the container's to pay. */
static int enter_memory(void *context, struct error *err)
{
	struct init *init = context;

	if (init->memory_entered)
		return 0;
	init->memory_entered = true;
	if (cgroup_enter_memory(init->entries, err))
		return -1;
	return namespace_new_cgroup(init->plan, err);
}

static int wait_for_go(void *context, struct error *err)
{
	struct init *init = context;

	return sync_expect(init->sync, SYNC_GO, err);
}

/* Ids 0 of the user namespace own what is made from here on. */
static int enter_namespaces(void *context, struct error *err)
{
	struct init *init = context;

	/* Nobody in the container may look into us or trace us before execve. */
	if (prctl(PR_SET_DUMPABLE, 0))
		return error_errno(err, errno, "prctl PR_SET_DUMPABLE");
	if (init_become_root(init, err))
		return -1;
	if (setsid() < 0)
		return error_errno(err, errno, "setsid");
	if (namespace_join_mount(init->plan, err))
		return -1;
	if (!enters_memory_later(init) && enter_memory(init, err))
		return -1;
	return init_die_with_runtime(init, err);
}

static int set_loopback_up(void *context, struct error *err)
{
	return ((struct init *)context)->plan->new_namespace[NAMESPACE_NETWORK] ? loopback_up(err)
										: 0;
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
	    console_bind(init->root, &init->console, err))
		return -1;
	return init_take_terminal(init, err);
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
	/* Hooks in the container see its groups as its program will. */
	if (hooks->create_container.n && enter_memory(init, err))
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

static const struct step init_steps[] = {
	{ "caller's descriptors", init_shield_descriptors, NULL },
	{ "control group", enter_cgroup, NULL },
	{ "wait for the runtime", wait_for_go, NULL },
	{ "namespaces", enter_namespaces, NULL },
	{ "signals", init_reset_signals, NULL },
	{ "keyring", init_join_keyring, NULL },
	{ "loopback", set_loopback_up, NULL },
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
	{ "security labels", init_set_labels, NULL },
	{ "scheduling", init_set_scheduling, NULL },
	{ "user and capabilities", init_become_user, NULL },
	{ "home", init_set_home, NULL },
	{ "memory group", enter_memory, NULL },
	{ "ready", init_say_ready, NULL },
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
