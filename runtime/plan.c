/* Builds the plan from the parts that each topic knows how to resolve. */
#include "runtime/plan.h"

#include <errno.h>
#include <linux/capability.h>
#include <sched.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>

#include "runtime/handler.h"
#include "runtime/lsm.h"
#include "runtime/sysctl.h"
#include "spec/base/owned.h"
#include "spec/base/sys.h"

static const struct {
	uint64_t clone_flag;
	const char *file;
} namespaces[NAMESPACE_TYPES] = {
	[NAMESPACE_PID] = { CLONE_NEWPID, "pid" },
	[NAMESPACE_NETWORK] = { CLONE_NEWNET, "net" },
	[NAMESPACE_MOUNT] = { CLONE_NEWNS, "mnt" },
	[NAMESPACE_IPC] = { CLONE_NEWIPC, "ipc" },
	[NAMESPACE_UTS] = { CLONE_NEWUTS, "uts" },
	[NAMESPACE_USER] = { CLONE_NEWUSER, "user" },
	[NAMESPACE_CGROUP] = { CLONE_NEWCGROUP, "cgroup" },
	[NAMESPACE_TIME] = { CLONE_NEWTIME, "time" },
};

uint64_t namespace_clone_flag(enum namespace_type type)
{
	return namespaces[type].clone_flag;
}

const char *namespace_file(enum namespace_type type)
{
	return namespaces[type].file;
}

static int plan_paths(struct plan *plan, const struct plan_options *options, struct error *err)
{
	const char *path = plan->config->root ? plan->config->root->path : NULL;

	plan->bundle = realpath(options->bundle, NULL);
	if (!plan->bundle)
		return error_errno(err, errno, "bundle '%s'", options->bundle);
	if (!path)
		return error_set(err, EINVAL, "root: required on Linux, but missing");
	owned_string joined = path[0] == '/' ? strdup(path)
					     : text_format("%s/%s", plan->bundle, path);
	if (!joined)
		return error_errno(err, ENOMEM, "root.path");
	plan->rootfs = realpath(joined, NULL);
	if (!plan->rootfs) {
		error_errno(err, errno, "root.path: rootfs '%s'", joined);
		return error_hint(err, "unpack an image there, or correct root.path");
	}
	if (strcmp(plan->rootfs, "/") == 0)
		return error_set(err, EINVAL, "root.path: '%s' is the host's root directory", path);
	return 0;
}

static void plan_namespaces(struct plan *plan)
{
	const struct linux_config *linux_ = plan->config->linux_;

	for (size_t i = 0; linux_ && i < linux_->namespaces.n; i++) {
		const struct namespace *namespace = linux_->namespaces.v[i];
		if (namespace->path && *namespace->path)
			plan->join_namespace[namespace->type] = namespace->path;
		else
			plan->new_namespace[namespace->type] = true;
	}
	for (int type = 0; type < NAMESPACE_TYPES; type++)
		if (plan->new_namespace[type])
			plan->clone_flags |= namespaces[type].clone_flag;
	/* The root of a cgroup namespace is the group at the time it is made, so the child makes it after
	 * it was put into its group. A time namespace is only clean for offsets before anyone is in it. */
	plan->clone_flags &= ~(uint64_t)(CLONE_NEWCGROUP | CLONE_NEWTIME);
	plan->in_user_namespace = plan->new_namespace[NAMESPACE_USER] ||
				  plan->join_namespace[NAMESPACE_USER];
}

static int plan_idmap(struct plan *plan, struct mount_plan *entry, struct error *err)
{
	const struct mount *mount = entry->mount;
	const struct linux_config *linux_ = plan->config->linux_;

	if (mount->uid_mappings.n) {
		entry->options.idmap = true;
		entry->uid_mappings = &mount->uid_mappings;
		entry->gid_mappings = &mount->gid_mappings;
	} else if (entry->options.idmap) {
		if (!linux_ || !linux_->uid_mappings.n)
			return error_set(
				err, EINVAL,
				"options: idmap without uidMappings needs a user namespace");
		entry->uid_mappings = &linux_->uid_mappings;
		entry->gid_mappings = &linux_->gid_mappings;
	}
	if (entry->options.idmap && !entry->options.bind)
		return error_set(err, EINVAL, "options: idmap needs bind or rbind");
	return 0;
}

int plan_mounts(struct plan *plan, struct error *err)
{
	const struct mount_list *mounts = &plan->config->mounts;

	plan->own_dev = true;
	if (plan->config->linux_ && plan->config->linux_->mount_label && lsm_selinux_enabled())
		plan->mount_label = plan->config->linux_->mount_label;
	plan->mounts = calloc(mounts->n + 1, sizeof *plan->mounts);
	if (!plan->mounts)
		return error_errno(err, ENOMEM, "mounts");
	for (size_t i = 0; i < mounts->n; i++) {
		struct mount_plan *entry = &plan->mounts[plan->n_mounts++];
		entry->mount = mounts->v[i];
		if (mount_options_parse(&entry->mount->options, &entry->options, err))
			return error_prefix(err, "mounts[%zu].options", i);
		/* Docker leaves the bind option out for "type": "bind" now and then. */
		if (text_equal(entry->mount->type, "bind") && !entry->options.remount)
			entry->options.bind = true;
		entry->cgroup = !entry->options.bind && text_equal(entry->mount->type, "cgroup");
		if (entry->options.bind && !entry->options.remount && !entry->mount->source)
			return error_set(err, EINVAL,
					 "mounts[%zu].source: required for a bind mount", i);
		if (plan_idmap(plan, entry, err))
			return error_prefix(err, "mounts[%zu]", i);
		if (entry->options.bind && path_equal(entry->mount->destination, "/dev"))
			plan->own_dev = false;
	}
	return mount_propagation_parse(
		plan->config->linux_ ? plan->config->linux_->rootfs_propagation : NULL,
		&plan->rootfs_propagation, err);
}

/* execve(2) passes duplicates on and programs differ in which one they see: the last one wins, as in
 * the shells and in runc. */
static int plan_environment(struct plan *plan, struct error *err)
{
	const struct string_list *env = &plan->config->process->env;

	plan->needs_home = true;
	for (size_t i = 0; i < env->n; i++) {
		size_t name = strcspn(env->v[i], "=") + 1;
		bool overridden = false;
		for (size_t k = i + 1; k < env->n && !overridden; k++)
			overridden = strncmp(env->v[i], env->v[k], name) == 0;
		if (overridden)
			continue;
		if (strcmp(env->v[i], "HOME=") == 0)
			continue;
		if (text_starts_with(env->v[i], "HOME="))
			plan->needs_home = false;
		if (string_list_add(&plan->environment, env->v[i]))
			return error_errno(err, ENOMEM, "process.env");
	}
	return 0;
}

static int plan_process(struct plan *plan, const struct plan_options *options, struct error *err)
{
	const struct process *process = plan->config->process;
	const struct linux_config *linux_ = plan->config->linux_;
	uint64_t ours = caps_grantable();
	uint64_t grantable = plan->in_user_namespace ? caps_all() : ours;

	plan->unprivileged = !(ours & (1ull << CAP_SYS_ADMIN));
	if (linux_ && linux_->seccomp &&
	    seccomp_compile(linux_->seccomp, options->seccomp_cache_dirfd, &plan->seccomp, err))
		return -1;
	if (!process)
		return 0;
	if (caps_resolve(process->capabilities, grantable, &plan->caps, &plan->warnings, err) ||
	    lsm_plan(process, &plan->apparmor, &plan->selinux, &plan->warnings, err))
		return -1;
	return plan_environment(plan, err);
}

static bool has_limits(const struct resources *resources)
{
	return resources->memory || resources->cpu || resources->pids || resources->block_io ||
	       resources->network || resources->hugepage_limits.n || resources->rdma.n ||
	       resources->unified.n;
}

static int plan_cgroup(struct plan *plan, const struct cgroup_settings *settings, struct error *err)
{
	const struct linux_config *linux_ = plan->config->linux_;

	if (settings->manager == CGROUP_MANAGER_DISABLED && linux_ && linux_->resources &&
	    has_limits(linux_->resources) &&
	    string_list_add(&plan->warnings,
			    "linux.resources: no limits are set, control groups are disabled"))
		return error_errno(err, ENOMEM, "warnings");
	return cgroup_plan(plan->config, plan->id, settings, &plan->cgroup, err);
}

static int build(struct plan *plan, const struct plan_options *options, struct error *err)
{
	if (plan_paths(plan, options, err))
		return -1;
	plan_namespaces(plan);
	if (plan_mounts(plan, err) || plan_process(plan, options, err) ||
	    handler_choose(plan->config, &plan->handler, err) || sysctl_validate(plan->config, err))
		return -1;
	return plan_cgroup(plan, &options->cgroup, err);
}

int plan_build(const struct config *config, const char *id, const struct plan_options *options,
	       struct plan *plan, struct error *err)
{
	*plan = (struct plan){ .config = config, .id = id };
	if (build(plan, options, err) == 0)
		return 0;
	plan_finish(plan);
	return -1;
}

int plan_build_process(const struct config *config, const char *id,
		       const struct plan_options *options, struct plan *plan, struct error *err)
{
	*plan = (struct plan){ .config = config, .id = id };
	plan_namespaces(plan);
	if (plan_process(plan, options, err) == 0)
		return 0;
	plan_finish(plan);
	return -1;
}

void plan_finish(struct plan *plan)
{
	for (size_t i = 0; i < plan->n_mounts; i++)
		mount_options_finish(&plan->mounts[i].options);
	free(plan->mounts);
	free(plan->bundle);
	free(plan->rootfs);
	free(plan->handler);
	cgroup_plan_finish(&plan->cgroup);
	seccomp_filter_finish(&plan->seccomp);
	string_list_finish(&plan->environment);
	string_list_finish(&plan->warnings);
	*plan = (struct plan){ 0 };
}
