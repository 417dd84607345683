#include "runtime/restore_options.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>

#include "runtime/checkpoint.h"
#include "runtime/external_mounts.h"
#include "spec/base/io.h"
#include "spec/base/owned.h"

#define PROC_CGROUP_MAX (1u << 20)

/* criu finds it open under the next number. */
static int inherit_namespace(struct criu_options *options, enum namespace_type type,
			     const char *path, struct given_namespaces *namespaces,
			     struct error *err)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);

	if (fd < 0)
		return error_errno(err, errno, "linux.namespaces: the %s namespace '%s'",
				   namespace_file(type), path);
	int number = CRIU_INHERITED + (int)namespaces->n;
	namespaces->v[namespaces->n++] = fd;
	return criu_add_inherited(options, external_namespace_key(type), number, err);
}

static int add_namespaces(struct criu_options *options, const struct plan *plan,
			  struct given_namespaces *namespaces, struct error *err)
{
	for (enum namespace_type type = 0; type < NAMESPACE_TYPES; type++) {
		const char *path = plan->join_namespace[type];
		int failed = 0;
		if (!path)
			continue;
		if (external_namespace_key(type))
			failed = inherit_namespace(options, type, path, namespaces, err);
		else if (type == NAMESPACE_CGROUP)
			failed = error_set(err, ENOTSUP,
					   "linux.namespaces: CRIU cannot restore into a given "
					   "cgroup namespace");
		else
			failed = criu_add_joined(options, namespace_file(type), path, err);
		if (failed)
			return -1;
	}
	return 0;
}

/* The streams of the checkpointed init, by number, become ours. */
static int add_streams(struct criu_options *options, const struct string_list *streams,
		       struct error *err)
{
	for (size_t i = 0; i < streams->n; i++)
		if (*streams->v[i] && criu_add_inherited(options, streams->v[i], (int)i, err))
			return -1;
	return 0;
}

struct criu_options *restore_options_build(const struct checkpoint_options *from,
					   const struct checkpoint_directories *directories,
					   const struct plan *plan, const char *root,
					   const struct string_list *streams,
					   const struct string_list *groups,
					   struct given_namespaces *namespaces, struct error *err)
{
	struct criu_options *ret =
		criu_options_build(from, directories, RESTORE_LOG, &plan->config->annotations, err);

	if (!ret)
		return NULL;
	ret->evasive_devices = criu_flag(true);
	ret->rst_sibling = criu_flag(true);
	ret->tcp_close = criu_flag(from->tcp_close);
	if (criu_set_text(&ret->root, root, err) == 0 &&
	    add_namespaces(ret, plan, namespaces, err) == 0 &&
	    add_streams(ret, streams, err) == 0 &&
	    external_mounts_restore(plan->config, plan->bundle, plan->rootfs, groups, ret, err) ==
		    0)
		return ret;
	protobuf_free(&criu_options_type, ret);
	return NULL;
}

/* One line of /proc/PID/cgroup, "NUMBER:CONTROLLERS:PATH"; CRIU wants each controller by itself. */
static int add_group(struct criu_options *options, char *line, struct error *err)
{
	strsep(&line, ":");
	char *controllers = strsep(&line, ":");

	if (!line)
		return 0;
	do {
		const char *controller = strsep(&controllers, ",");
		if (criu_add_cgroup_root(options, controller, line, err))
			return -1;
	} while (controllers);
	return 0;
}

int restore_options_add_groups(struct criu_options *options, pid_t pid, struct error *err)
{
	owned_string text = NULL;
	char path[40];

	snprintf(path, sizeof path, "/proc/%d/cgroup", (int)pid);
	if (read_file_at(AT_FDCWD, path, PROC_CGROUP_MAX, &text, NULL, err))
		return -1;
	for (char *rest = text, *line; (line = strsep(&rest, "\n"));)
		if (add_group(options, line, err))
			return -1;
	return 0;
}
