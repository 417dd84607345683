#include "runtime/live_mounts.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/capability.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "runtime/live_mounts_child.h"
#include "runtime/mount.h"
#include "spec/base/io.h"
#include "spec/base/mountinfo.h"
#include "spec/base/owned.h"
#include "spec/base/sys.h"
#include "spec/config_validate.h"

#define NOT_RUNNING "container not running"

char *live_mounts_read(const struct container *container, struct error *err)
{
	char path[48];
	owned_fd pidfd = container_pidfd(container);

	if (pidfd < 0) {
		error_set(err, ESRCH, NOT_RUNNING);
		return NULL;
	}
	snprintf(path, sizeof path, "/proc/%d/mountinfo", (int)container->state->pid);
	owned_string text = mountinfo_read(AT_FDCWD, path, err);
	/* Only if it still lives it was its own, and not that of whoever has the number now. */
	if (text && sys_pidfd_send_signal(pidfd, 0)) {
		error_set(err, ESRCH, NOT_RUNNING);
		return NULL;
	}
	return take_pointer(text);
}

/* ---- the record ---- */

static bool is_mounted(char *mountinfo, uint32_t id)
{
	struct mountinfo mount;
	bool found = false;

	while (mountinfo_next(&mountinfo, &mount))
		found = found || mount.id == id;
	return found;
}

/* The numbers of mounts that have gone are used again by the kernel, so they must go, too. */
static int forget_the_gone(struct container *container, struct error *err)
{
	struct uint32_list *list = &container->state->live_mounts;
	owned_string text = live_mounts_read(container, err);
	size_t kept = 0;

	if (!text)
		return -1;
	for (size_t i = 0; i < list->n; i++) {
		owned_string copy = strdup(text);
		if (!copy)
			return error_errno(err, ENOMEM, "mountinfo");
		if (is_mounted(copy, list->v[i]))
			list->v[kept++] = list->v[i];
	}
	list->n = kept;
	return 0;
}

static int remember(struct container *container, const uint32_t *ids, size_t n, struct error *err)
{
	struct uint32_list *list = &container->state->live_mounts;
	uint32_t *more = reallocarray(list->v, list->n + n, sizeof *more);

	if (!more)
		return error_errno(err, ENOMEM, "state");
	list->v = more;
	for (size_t i = 0; i < n; i++)
		if (ids[i])
			list->v[list->n++] = ids[i];
	return container_save(container, err);
}

/* ---- the plan ---- */

static int check_running(const struct container *container, struct error *err)
{
	enum container_status status = container_status(container);

	if (status == STATUS_CREATED || status == STATUS_RUNNING || status == STATUS_PAUSED)
		return 0;
	return error_set(err, ESRCH, NOT_RUNNING);
}

/* The rules that config.json's own mounts follow. */
static int validate(const struct config *config, struct error *err)
{
	struct problems problems = { 0 };
	int failed = 0;

	for (const struct config_check *check = config_checks; check->name; check++)
		if (strcmp(check->name, "mounts") == 0)
			check->run(config, &problems);
	if (problems_count(&problems))
		failed = problems_to_error(&problems, "mounts", err);
	problems_finish(&problems);
	return failed;
}

static int check_entry(const struct mount_plan *entry, struct error *err)
{
	if (entry->options.remount)
		return error_set(err, EINVAL, "options: what is mounted cannot be changed");
	if (entry->cgroup) {
		error_set(err, EINVAL, "type: the view of control groups is made at the start");
		return error_hint(err, "bind the directory that is needed");
	}
	if (!entry->options.bind && !entry->mount->type)
		return error_set(err, EINVAL, "type: required, unless options have bind or rbind");
	if (path_equal(entry->mount->destination, "/"))
		return error_set(err, EINVAL, "destination: the root itself is taken");
	return 0;
}

/* A plan with nothing but mounts, as if the configuration had had no others. */
static int plan_live(const struct config *config, const struct state *state, struct plan *plan,
		     struct error *err)
{
	*plan = (struct plan){ .config = config, .id = state->id };
	plan->bundle = strdup(state->bundle);
	plan->unprivileged = !(caps_grantable() & (1ull << CAP_SYS_ADMIN));
	/* Not the child but we open what is bound, while the host's files can be reached. */
	plan->in_user_namespace = true;
	if (!plan->bundle)
		return error_errno(err, ENOMEM, "mounts");
	if (!config_namespace(config, NAMESPACE_MOUNT))
		return error_set(err, ENOTSUP, "the container has no mount namespace of its own");
	if (validate(config, err) || plan_mounts(plan, err))
		return -1;
	for (size_t i = 0; i < plan->n_mounts; i++)
		if (check_entry(&plan->mounts[i], err))
			return error_prefix(err, "mounts[%zu]", i);
	return 0;
}

static int add_planned(struct container *container, const struct plan *plan, struct error *err)
{
	owned_fd pidfd = container_pidfd(container);
	owned_memory uint32_t *ids = calloc(plan->n_mounts + 1, sizeof *ids);
	int *sources = NULL;

	if (!ids)
		return error_errno(err, ENOMEM, "mounts");
	if (pidfd < 0)
		return error_set(err, ESRCH, NOT_RUNNING);
	if (!plan->unprivileged && mount_sources_open(plan, &sources, err))
		return -1;
	int failed = live_mounts_attach(pidfd, container->state, plan, sources, ids, err);
	mount_sources_close(sources, plan->n_mounts);
	if (failed)
		return -1;
	return forget_the_gone(container, err) || remember(container, ids, plan->n_mounts, err) ? -1
												: 0;
}

int live_mounts_add(struct container *container, const struct mount_list *mounts, struct error *err)
{
	struct plan plan;

	if (check_running(container, err))
		return -1;
	struct config *created_from = container_config(container, err);
	if (!created_from)
		return -1;
	struct config config = *created_from;
	config.mounts = *mounts;
	int failed = plan_live(&config, container->state, &plan, err) ||
		     add_planned(container, &plan, err);
	plan_finish(&plan);
	config_free(created_from);
	return failed ? -1 : 0;
}

int live_mounts_remove(struct container *container, const struct string_list *destinations,
		       bool force, struct error *err)
{
	owned_fd pidfd = container_pidfd(container);

	if (check_running(container, err))
		return -1;
	if (pidfd < 0)
		return error_set(err, ESRCH, NOT_RUNNING);
	if (forget_the_gone(container, err) ||
	    live_mounts_detach(pidfd, container->state, destinations, force, err) ||
	    forget_the_gone(container, err))
		return -1;
	return container_save(container, err);
}
