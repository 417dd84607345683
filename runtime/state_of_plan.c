#include "runtime/state_of_plan.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "runtime/cgroup/systemd.h"
#include "runtime/resctrl.h"
#include "spec/base/owned.h"

static char *now_rfc3339(void)
{
	struct timespec now;
	struct tm utc;

	clock_gettime(CLOCK_REALTIME, &now);
	/* Not strftime(3), which reads the local time zone from disk first. */
	gmtime_r(&now.tv_sec, &utc);
	return text_format("%04d-%02d-%02dT%02d:%02d:%02d.%09ldZ", utc.tm_year + 1900,
			   utc.tm_mon + 1, utc.tm_mday, utc.tm_hour, utc.tm_min, utc.tm_sec,
			   now.tv_nsec);
}

static int copy_hooks(const struct hook_list *from, struct hook_list *to)
{
	to->v = calloc(from->n + 1, sizeof *to->v);
	for (size_t i = 0; to->v && i < from->n; i++) {
		struct hook *hook = to->v[i] = calloc(1, sizeof *hook);
		if (!hook)
			return -1;
		to->n = i + 1;
		hook->path = strdup(from->v[i]->path);
		hook->timeout = from->v[i]->timeout;
		int failed = !hook->path;
		for (size_t k = 0; k < from->v[i]->args.n && !failed; k++)
			failed = string_list_add(&hook->args, from->v[i]->args.v[k]);
		for (size_t k = 0; k < from->v[i]->env.n && !failed; k++)
			failed = string_list_add(&hook->env, from->v[i]->env.v[k]);
		if (failed)
			return -1;
	}
	return to->v ? 0 : -1;
}

static int copy_map(const struct string_map *from, struct string_map *to)
{
	to->v = calloc(from->n + 1, sizeof *to->v);
	for (size_t i = 0; to->v && i < from->n; i++) {
		to->v[i].key = strdup(from->v[i].key);
		to->v[i].value = strdup(from->v[i].value);
		to->n = i + 1;
		if (!to->v[i].key || !to->v[i].value)
			return -1;
	}
	return to->v ? 0 : -1;
}

/* The hooks that later commands run: config.json may have changed by then. */
static int remember_hooks(const struct hooks *from, struct state *state)
{
	if (!from || (!from->poststart.n && !from->poststop.n))
		return 0;
	state->hooks = calloc(1, sizeof *state->hooks);
	if (!state->hooks || copy_hooks(&from->poststart, &state->hooks->poststart) ||
	    copy_hooks(&from->poststop, &state->hooks->poststop))
		return -1;
	return 0;
}

static int remember_scope(const struct systemd_scope *scope, struct state *state, struct error *err)
{
	if (!scope)
		return 0;
	state->systemd_user = scope->user;
	state->systemd_scope = strdup(scope->unit);
	return state->systemd_scope ? 0 : error_errno(err, ENOMEM, "state");
}

static int remember_resctrl(const struct plan *plan, struct state *state, struct error *err)
{
	const struct linux_config *linux_ = plan->config->linux_;

	if (!linux_ || !linux_->intel_rdt)
		return 0;
	owned_string resctrl = resctrl_find(err);
	return resctrl ? resctrl_foresee(resctrl, linux_->intel_rdt, state, err) : -1;
}

static int fill(const struct plan *plan, struct state *state, struct error *err)
{
	state->oci_version = strdup(SPEC_VERSION);
	state->id = strdup(plan->id);
	state->bundle = strdup(plan->bundle);
	state->rootfs = strdup(plan->rootfs);
	state->created = now_rfc3339();
	state->owner = getuid();
	state->own_pid_namespace = plan->new_namespace[NAMESPACE_PID];
	if (remember_scope(plan->cgroup.scope, state, err))
		return -1;
	if (plan->join_namespace[NAMESPACE_MOUNT]) {
		state->mount_namespace = strdup(plan->join_namespace[NAMESPACE_MOUNT]);
		if (!state->mount_namespace)
			return error_errno(err, ENOMEM, "state");
	}
	if (!state->oci_version || !state->id || !state->bundle || !state->rootfs ||
	    !state->created || remember_hooks(plan->config->hooks, state) ||
	    copy_map(&plan->config->annotations, &state->annotations))
		return error_errno(err, ENOMEM, "state");
	if (remember_resctrl(plan, state, err) ||
	    cgroup_directories(&plan->cgroup, &state->cgroup_dirs, err))
		return -1;
	return cgroup_foresee(&plan->cgroup, &state->cgroup_made, err);
}

struct state *state_of_plan(const struct plan *plan, struct error *err)
{
	struct state *state = calloc(1, sizeof *state);

	if (!state)
		error_errno(err, ENOMEM, "state");
	else if (fill(plan, state, err) == 0)
		return state;
	table_free(&state_type, state);
	return NULL;
}
