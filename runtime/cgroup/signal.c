/* One signal to every process of a container, so that none escapes by forking.
 * Must not know which process is the container's first. */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>

#include "runtime/cgroup/cgroup.h"
#include "spec/base/io.h"
#include "spec/base/owned.h"
#include "spec/base/sys.h"

/* Where nothing can be frozen: passes until no new process turns up. */
#define PASSES_MAX 100

/* Descriptors that are open at the same time. */
#define BATCH 128

struct processes {
	pid_t *v;
	size_t n;
};

static void processes_finish(struct processes *processes)
{
	free(processes->v);
}

static int list(const struct string_list *directories, struct processes *processes,
		struct error *err)
{
	return cgroup_processes(directories, &processes->v, &processes->n, err);
}

static int compare(const void *a, const void *b)
{
	pid_t left = *(const pid_t *)a, right = *(const pid_t *)b;

	return (left > right) - (left < right);
}

static bool has(const struct processes *processes, pid_t pid)
{
	return processes->n && bsearch(&pid, processes->v, processes->n, sizeof pid, compare);
}

/* A pid may go to a stranger between the listing and the signal. So: take pidfds first, list again, and
 * signal only those that are still listed. Such a pid was the container's after its pidfd was
 * made, and the pidfd reaches that process or, once it has ended, nobody. */
static int signal_batch(const struct string_list *directories, const pid_t *pids, size_t n,
			int signal, struct error *err)
{
	OWNED(processes_finish) struct processes still = { 0 };
	int pidfds[BATCH], ret = 0;

	for (size_t i = 0; i < n; i++)
		pidfds[i] = sys_pidfd_open(pids[i], 0);
	ret = list(directories, &still, err);
	for (size_t i = 0; i < n; i++) {
		owned_fd pidfd = pidfds[i];
		if (ret || pidfd < 0 || !has(&still, pids[i]))
			continue;
		if (sys_pidfd_send_signal(pidfd, signal) && errno != ESRCH)
			ret = error_errno(err, errno, "signal process %d", (int)pids[i]);
	}
	return ret;
}

/* Signals those of @now that are not in @before. Returns how many, or -1. */
static int signal_new(const struct string_list *directories, const struct processes *before,
		      const struct processes *now, int signal, struct error *err)
{
	pid_t batch[BATCH];
	size_t n = 0;
	int total = 0;

	for (size_t i = 0; i <= now->n; i++) {
		bool end = i == now->n;
		if ((end && n) || n == BATCH) {
			if (signal_batch(directories, batch, n, signal, err))
				return -1;
			total += (int)n;
			n = 0;
		}
		if (!end && !has(before, now->v[i]))
			batch[n++] = now->v[i];
	}
	return total;
}

static int signal_until_no_new(const struct string_list *directories, int signal, struct error *err)
{
	OWNED(processes_finish) struct processes before = { 0 };

	for (int pass = 0; pass < PASSES_MAX; pass++) {
		struct processes now = { 0 };
		if (list(directories, &now, err))
			return -1;
		int sent = signal_new(directories, &before, &now, signal, err);
		processes_finish(&before);
		before = now;
		if (sent <= 0)
			return sent;
	}
	return error_set(err, EBUSY,
			 "the container makes processes faster than they are signalled");
}

/* cgroup.kill (kernel 5.14) kills a whole tree in one step. The directories it did not reach are added to
 * @rest. Returns whether there was one it reached, or -1. */
static int kill_v2(const struct string_list *directories, struct string_list *rest,
		   struct error *err)
{
	int killed = 0;

	for (size_t i = 0; i < directories->n; i++) {
		owned_fd fd = open(directories->v[i], O_PATH | O_DIRECTORY | O_CLOEXEC);
		if (fd < 0)
			continue;
		if (!write_kernel_file_at(fd, "cgroup.kill", "1", NULL))
			killed = 1;
		else if (string_list_add(rest, directories->v[i]))
			return error_errno(err, ENOMEM, "kill a cgroup");
	}
	return killed;
}

int cgroup_signal_all(const struct string_list *directories, int signal, struct error *err)
{
	OWNED(string_list_finish) struct string_list rest = { 0 };
	int killed = 0;

	if (signal == SIGKILL) {
		killed = kill_v2(directories, &rest, err);
		if (killed < 0)
			return -1;
		directories = &rest;
	}
	if (!directories->n)
		return 0;
	bool was_frozen = cgroup_is_frozen(directories);
	/* After cgroup.kill nothing of the container can fork any more. */
	bool froze = !killed && !was_frozen && !cgroup_freeze(directories, true, NULL);
	int ret = signal_until_no_new(directories, signal, err);
	/* A process that v1 froze does not even die. */
	if (froze || (was_frozen && signal == SIGKILL))
		cgroup_freeze(directories, false, NULL);
	return ret;
}
