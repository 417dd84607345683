/* Which processes are in the groups of a container.
 * Must not know why someone asks, nor change anything. */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>

#include "runtime/cgroup/cgroup.h"
#include "runtime/cgroup/tree.h"
#include "spec/base/io.h"
#include "spec/base/owned.h"

#define PROCESSES_MAX (64u << 20) /* bytes of one cgroup.procs; PID_MAX_LIMIT is 2^22 */

struct found {
	pid_t *v;
	size_t n, capacity;
};

static int add_process(struct found *found, int64_t pid, struct error *err)
{
	if (found->n == found->capacity) {
		size_t more = found->capacity ? found->capacity * 2 : 64;
		pid_t *v = reallocarray(found->v, more, sizeof *v);
		if (!v)
			return error_errno(err, ENOMEM, "list the processes of a cgroup");
		found->v = v;
		found->capacity = more;
	}
	found->v[found->n++] = (pid_t)pid;
	return 0;
}

/* A threaded v2 group refuses to list processes (EOPNOTSUPP), but lists threads. */
static int read_members(int directory_fd, char **text, struct error *err)
{
	static const char *const files[] = { "cgroup.procs", "cgroup.threads" };

	for (size_t i = 0; i < 2; i++) {
		struct error failure = { 0 };
		owned_fd fd = openat(directory_fd, files[i], O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
		/* A group that goes away while we look has no process. */
		if (fd < 0)
			return errno == ENOENT || errno == ENODEV
				       ? 0
				       : error_errno(err, errno, "open %s", files[i]);
		if (!read_all(fd, PROCESSES_MAX, text, NULL, &failure) || failure.code == ENODEV)
			return 0;
		if (failure.code != EOPNOTSUPP)
			return error_set(err, failure.code, "%s: %s", files[i], failure.msg);
	}
	return 0;
}

static int collect(int directory_fd, void *context, struct error *err)
{
	owned_string text = NULL;
	int64_t pid;

	if (read_members(directory_fd, &text, err))
		return -1;
	char *rest = text, *line;
	while ((line = strsep(&rest, "\n"))) {
		/* 0 is a process that our pid namespace does not show. */
		if (text_to_int64(line, &pid) || pid <= 0)
			continue;
		if (add_process(context, pid, err))
			return -1;
	}
	return 0;
}

static int ascending(const void *a, const void *b)
{
	pid_t left = *(const pid_t *)a, right = *(const pid_t *)b;

	return (left > right) - (left < right);
}

/* A process of several threads may be listed once for each. */
static void sort_and_unite(struct found *found)
{
	size_t kept = 0;

	if (found->n)
		qsort(found->v, found->n, sizeof *found->v, ascending);
	for (size_t i = 0; i < found->n; i++)
		if (!kept || found->v[kept - 1] != found->v[i])
			found->v[kept++] = found->v[i];
	found->n = kept;
}

int cgroup_processes(const struct string_list *directories, pid_t **pids, size_t *n,
		     struct error *err)
{
	struct found found = { 0 };
	const struct cgroup_visitor visitor = { .enter = collect, .context = &found };

	/* Every hierarchy lists the same processes, unless its group is half made or half gone. */
	for (size_t i = 0; i < directories->n && !found.n; i++) {
		if (cgroup_walk(directories->v[i], &visitor, err)) {
			free(found.v);
			return error_prefix(err, "%s", directories->v[i]);
		}
	}
	sort_and_unite(&found);
	*pids = found.v;
	*n = found.n;
	return 0;
}

int cgroup_count(const struct string_list *directories, struct error *err)
{
	owned_memory pid_t *pids = NULL;
	size_t n;

	if (cgroup_processes(directories, &pids, &n, err))
		return -1;
	return (int)n;
}
