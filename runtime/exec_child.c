#include "runtime/exec_child.h"

#include <errno.h>
#include <fcntl.h>
#include <stddef.h>
#include <sys/prctl.h>

#include "runtime/cpu_affinity.h"
#include "runtime/init_steps.h"
#include "runtime/namespace.h"
#include "runtime/steps.h"
#include "runtime/sync.h"
#include "spec/base/owned.h"

static int enter_cgroup(void *context, struct error *err)
{
	struct exec_child *child = context;
	struct init *init = &child->init;

	if (child->attached)
		return sync_expect(init->sync, SYNC_GO, err);
	return cgroup_enter_self(init->entries, init->into_cgroup, err);
}

/* Once in the cpuset. What the runtime itself was confined to is no business of the container's. */
static int set_affinity(void *context, struct error *err)
{
	const struct exec_cpu_affinity *affinity = init_process(context)->exec_cpu_affinity;

	if (affinity && affinity->final)
		return cpu_affinity_set_list(affinity->final, "process.execCPUAffinity.final", err);
	if (!affinity || !affinity->initial)
		cpu_affinity_reset();
	return 0;
}

static int enter_namespaces(void *context, struct error *err)
{
	struct exec_child *child = context;
	struct init *init = &child->init;

	/* Nobody in the container may look into us or trace us before execve. */
	if (prctl(PR_SET_DUMPABLE, 0))
		return error_errno(err, errno, "prctl PR_SET_DUMPABLE");
	if (namespace_join_running(init->plan, child->container, err))
		return -1;
	if (child->root >= 0 && (fchdir(child->root) || chroot(".")))
		return error_errno(err, errno, "enter the container's root");
	init->root = open("/", O_PATH | O_DIRECTORY | O_CLOEXEC);
	if (init->root < 0)
		return error_errno(err, errno, "open the container's root");
	if (init_become_root(init, err))
		return -1;
	if (setsid() < 0)
		return error_errno(err, errno, "setsid");
	return init_die_with_runtime(init, err);
}

static int open_terminal(void *context, struct error *err)
{
	struct init *init = context;

	init->console = (struct console){ -1, -1 };
	if (!init_process(init)->terminal)
		return 0;
	return console_open(init->root, init_process(init), &init->console, err)
		       ? -1
		       : init_take_terminal(init, err);
}

/* As late as possible: see cgroup_enter_memory. */
static int enter_memory(void *context, struct error *err)
{
	return cgroup_enter_memory(((struct init *)context)->entries, err);
}

static const struct step process_steps[] = {
	{ "caller's descriptors", init_shield_descriptors, NULL },
	{ "control group", enter_cgroup, NULL },
	{ "processors", set_affinity, NULL },
	{ "namespaces", enter_namespaces, NULL },
	{ "signals", init_reset_signals, NULL },
	{ "keyring", init_join_keyring, NULL },
	{ "terminal", open_terminal, NULL },
	{ "security labels", init_set_labels, NULL },
	{ "scheduling", init_set_scheduling, NULL },
	{ "user and capabilities", init_become_user, NULL },
	{ "home", init_set_home, NULL },
	{ "program", init_find_program, NULL },
	{ "memory group", enter_memory, NULL },
	{ "ready", init_say_ready, NULL },
	{ "privileges", init_drop_privileges, NULL },
	{ "execve", init_execute, NULL },
};

_Noreturn void exec_child(struct exec_child *child)
{
	struct error error = { 0 };

	/* The steps that know only a struct init find it at the front. */
	_Static_assert(offsetof(struct exec_child, init) == 0, "struct init comes first");
	steps_run("process", process_steps, sizeof process_steps / sizeof *process_steps, child,
		  &error);
	sync_send_error(child->init.sync, &error);
	_exit(1);
}
