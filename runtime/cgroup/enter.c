/* Ways into the groups of a container. Why there are several: see cgroup.h.
 * Must not know how the process was made that enters. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "runtime/cgroup/cgroup.h"
#include "spec/base/owned.h"

/* A task that is just being made is refused with EINVAL for a moment. */
#define TRIES 5
#define PAUSE_NS 1000000L

static int open_in(const char *directory, const char *file)
{
	owned_string path = text_format("%s/%s", directory, file);

	return path ? open(path, O_WRONLY | O_CLOEXEC | O_NOFOLLOW) : -1;
}

static int open_v2_entry(const char *directory, struct cgroup_entries *entries, struct error *err)
{
	entries->v2_processes = open_in(directory, "cgroup.procs");
	if (entries->v2_processes < 0)
		return error_errno(err, errno, "open %s/cgroup.procs", directory);
	entries->v2 = open(directory, O_PATH | O_DIRECTORY | O_CLOEXEC);
	return entries->v2 < 0 ? error_errno(err, errno, "open %s", directory) : 0;
}

static bool is_memory_group(const char *directory)
{
	owned_string path = text_format("%s/memory.limit_in_bytes", directory);

	return path && access(path, F_OK) == 0;
}

/* Only v1 has a file `tasks`: no need to ask which version a directory is. */
static int open_entry(const char *directory, struct cgroup_entries *entries, struct error *err)
{
	int fd = open_in(directory, "tasks");

	if (fd >= 0 && entries->memory < 0 && is_memory_group(directory)) {
		entries->memory = fd;
		return 0;
	}
	if (fd >= 0) {
		entries->v1[entries->n_v1++] = fd;
		return 0;
	}
	if (errno == ENOENT)
		return open_v2_entry(directory, entries, err);
	return error_errno(err, errno, "open %s/tasks", directory);
}

int cgroup_entries_open(const struct string_list *directories, struct cgroup_entries *entries,
			struct error *err)
{
	*entries = (struct cgroup_entries){
		.v1 = calloc(directories->n + 1, sizeof *entries->v1),
		.memory = -1,
		.v2 = -1,
		.v2_processes = -1,
	};
	int ret = entries->v1 ? 0 : error_errno(err, ENOMEM, "cgroup entries");
	for (size_t i = 0; i < directories->n && !ret; i++)
		ret = open_entry(directories->v[i], entries, err);
	if (ret)
		cgroup_entries_close(entries);
	return ret;
}

void cgroup_entries_close(struct cgroup_entries *entries)
{
	for (size_t i = 0; i < entries->n_v1; i++)
		close_fd(entries->v1[i]);
	free(entries->v1);
	if (entries->v1) {
		close_fd(entries->memory);
		close_fd(entries->v2);
		close_fd(entries->v2_processes);
	}
	*entries = (struct cgroup_entries){ .memory = -1, .v2 = -1, .v2_processes = -1 };
}

static int write_process(int fd, const char *process)
{
	size_t length = strlen(process);

	for (int left = TRIES;; left--) {
		if (write(fd, process, length) == (ssize_t)length)
			return 0;
		if (errno != EINVAL || left == 0)
			return -1;
		nanosleep(&(struct timespec){ .tv_nsec = PAUSE_NS }, NULL);
	}
}

static int entry_failed(struct error *err, int version, int code)
{
	error_errno(err, code, "enter the container's cgroup (v%d)", version);
	if (version == 2 && code == EBUSY)
		error_hint(err,
			   "cgroup v2 allows no process in a group that passes controllers on");
	if (version == 2 && code == EOPNOTSUPP)
		error_hint(err, "the group is threaded or its parent has processes");
	return -1;
}

int cgroup_enter_self(const struct cgroup_entries *entries, bool already_in_v2, struct error *err)
{
	for (size_t i = 0; i < entries->n_v1; i++)
		if (write_process(entries->v1[i], "0"))
			return entry_failed(err, 1, errno);
	if (!already_in_v2 && entries->v2_processes >= 0 &&
	    write_process(entries->v2_processes, "0"))
		return entry_failed(err, 2, errno);
	return 0;
}

int cgroup_enter_memory(const struct cgroup_entries *entries, struct error *err)
{
	if (entries->memory >= 0 && write_process(entries->memory, "0"))
		return entry_failed(err, 1, errno);
	return 0;
}

int cgroup_enter(const struct cgroup_plan *plan, pid_t pid, bool already_in_v2, struct error *err)
{
	char process[16];

	snprintf(process, sizeof process, "%d", (int)pid);
	for (size_t i = 0; i < plan->n_hierarchies; i++) {
		const struct cgroup_hierarchy *hierarchy = &plan->hierarchies[i];
		if (hierarchy->version == 2 && already_in_v2)
			continue;
		owned_fd fd = open_in(hierarchy->directory, "cgroup.procs");
		if (fd < 0)
			return error_errno(err, errno, "open %s/cgroup.procs",
					   hierarchy->directory);
		if (write_process(fd, process)) {
			entry_failed(err, hierarchy->version, errno);
			return error_prefix(err, "%s", hierarchy->directory);
		}
	}
	return 0;
}
