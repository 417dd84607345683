#include "runtime/container_cgroup.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "runtime/cgroup/layout.h"
#include "runtime/systemd.h"
#include "spec/base/owned.h"
#include "spec/idmap.h"

static bool delegates_cgroup(const struct plan *plan)
{
	if (!plan->new_namespace[NAMESPACE_CGROUP])
		return false;
	for (size_t i = 0; i < plan->n_mounts; i++)
		if (plan->mounts[i].cgroup &&
		    !string_list_has(&plan->mounts[i].mount->options, "ro"))
			return true;
	return false;
}

/* config-linux.md, Cgroup ownership. */
static int delegate_cgroup(const struct plan *plan, struct error *err)
{
	const struct config *config = plan->config;
	uint32_t uid = config->process && config->process->user ? config->process->user->uid : 0;

	if (!delegates_cgroup(plan) || !config->linux_->uid_mappings.n)
		return 0;
	int64_t host = idmap_to_host(&config->linux_->uid_mappings, uid);
	return host < 0 ? 0 : cgroup_delegate(&plan->cgroup, (uid_t)host, (gid_t)-1, err);
}

int container_make_cgroup(struct plan *plan, struct state *state, struct error *err)
{
	if (plan->cgroup.scope)
		return 0;
	if (cgroup_create(&plan->cgroup, err) || delegate_cgroup(plan, err))
		return -1;
	/* An unprivileged caller may have got fewer groups than planned. */
	string_list_finish(&state->cgroup_dirs);
	return cgroup_directories(&plan->cgroup, &state->cgroup_dirs, err);
}

int container_start_scope(struct plan *plan, pid_t pid, bool *started, struct error *err)
{
	struct error failure = { 0 };

	if (!plan->cgroup.scope)
		return 0;
	int failed = systemd_start(plan->cgroup.scope, pid, &failure);
	*started = failure.code != EEXIST;
	if (failed)
		return error_set(err, failure.code, "%s", failure.msg);
	if (cgroup_fill_scope(&plan->cgroup, pid, err))
		return -1;
	return delegate_cgroup(plan, err);
}

int container_need_cgroup(const struct state *state, struct error *err)
{
	if (state->cgroup_dirs.n)
		return 0;
	error_set(err, ENOTSUP, "container %s has no control group", state->id);
	return error_hint(
		err,
		"it was created with --cgroup-manager disabled, or by a user who may make none");
}

static int tell_systemd(const struct state *state, const struct cgroup_plan *plan,
			struct error *err)
{
	OWNED(systemd_properties_finish) struct systemd_properties properties = { 0 };
	const struct systemd_unit unit = { state->systemd_scope, state->systemd_user };

	if (!state->systemd_scope)
		return 0;
	if (systemd_properties_add_writes(&properties, plan, false, err))
		return -1;
	return properties.n ? systemd_set(&unit, &properties, err) : 0;
}

int container_set_limits(const struct state *state, const struct cgroup_plan *plan,
			 struct error *err)
{
	return tell_systemd(state, plan, err) ? -1 : cgroup_write_all(plan, err);
}

void container_restore_limits(const struct state *state, const struct cgroup_undo *undo,
			      struct error *err)
{
	struct cgroup_plan old;
	struct error failure = { 0 };

	/* Before the files: it writes some of them itself, and rounds. */
	if (cgroup_undo_plan(undo, &old, &failure) || tell_systemd(state, &old, &failure))
		error_hint(err, "the old limits could not be told to systemd: %s", failure.msg);
	free(old.writes);
	cgroup_restore(undo, err);
}

/* The group that is at or above both, both below @mountpoint; for the caller to free. */
static char *common_group(const char *mountpoint, const char *caller, const char *directory)
{
	owned_string own = text_format("%s%s/", mountpoint, caller);
	size_t common = strlen(mountpoint);

	for (size_t i = common; own && own[i]; i++) {
		char other = directory[i] ? directory[i] : '/';
		if (own[i] != other)
			break;
		if (own[i] == '/')
			common = i;
		if (!directory[i])
			break;
	}
	return own ? strndup(own, common) : NULL;
}

bool container_needs_attaching(const struct state *state, const char *directory)
{
	OWNED(cgroup_layout_finish) struct cgroup_layout layout = { 0 };

	if (!state->systemd_user || cgroup_layout_read(&layout, NULL) || !layout.v2_only)
		return false;
	const struct cgroup_hierarchy *v2 = &layout.hierarchies[0];
	if (!text_starts_with(directory, v2->mountpoint))
		return false;
	owned_string common = common_group(v2->mountpoint, v2->caller, directory);
	owned_string file = common ? text_format("%s/cgroup.procs", common) : NULL;
	return file && access(file, W_OK) != 0;
}

int container_attach(const struct state *state, const char *directory, pid_t pid, struct error *err)
{
	const struct systemd_unit unit = { state->systemd_scope, state->systemd_user };
	const char *scope = state->cgroup_dirs.n ? state->cgroup_dirs.v[0] : directory;

	if (!text_starts_with(directory, scope))
		return error_set(err, EINVAL, "%s is not below %s", directory, scope);
	const char *below = directory + strlen(scope);
	return systemd_attach(&unit, *below ? below : "/", pid, err);
}

int container_remove_cgroup(const struct state *state, struct error *err)
{
	const struct systemd_unit unit = { state->systemd_scope, state->systemd_user };

	if (state->systemd_scope && systemd_stop(&unit, err))
		return -1;
	return cgroup_remove(&state->cgroup_dirs, &state->cgroup_made, err);
}
