#include "runtime/cgroup/oom.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/inotify.h>

#include "runtime/cgroup/statistics_files.h"
#include "spec/base/io.h"
#include "spec/base/owned.h"

static int find_group(const struct string_list *directories, struct cgroup_oom *watch,
		      struct error *err)
{
	static const char *const files[] = { "memory.oom_control", "memory.events" };

	for (size_t i = 0; i < directories->n; i++) {
		owned_fd group = open(directories->v[i], O_RDONLY | O_DIRECTORY | O_CLOEXEC);
		for (int version = 1; version <= 2 && group >= 0; version++)
			if (faccessat(group, files[version - 1], F_OK, 0) == 0) {
				watch->group = take_fd(&group);
				watch->version = version;
				return 0;
			}
	}
	return error_set(err, ENOENT, "memory controller missing: no notice of lack of memory");
}

/* Documentation/admin-guide/cgroup-v1/memory.rst, 10. OOM Control. */
static int watch_v1(struct cgroup_oom *watch, struct error *err)
{
	char words[32];
	owned_fd control = openat(watch->group, "memory.oom_control", O_RDONLY | O_CLOEXEC);

	if (control < 0)
		return error_errno(err, errno, "open memory.oom_control");
	watch->fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	if (watch->fd < 0)
		return error_errno(err, errno, "eventfd");
	snprintf(words, sizeof words, "%d %d", watch->fd, control);
	return write_kernel_file_at(watch->group, "cgroup.event_control", words, err);
}

static uint64_t count_kills(const struct cgroup_oom *watch)
{
	static const struct statistics_key keys[] = { { "oom_kill", 0, 1 } };
	uint64_t kills = watch->kills;

	statistics_keys(watch->group, "memory.events", keys, 1, &kills, NULL);
	return kills;
}

static int watch_v2(struct cgroup_oom *watch, struct error *err)
{
	char path[64];

	watch->fd = inotify_init1(IN_CLOEXEC | IN_NONBLOCK);
	if (watch->fd < 0)
		return error_errno(err, errno, "inotify");
	snprintf(path, sizeof path, "/proc/self/fd/%d/memory.events", watch->group);
	if (inotify_add_watch(watch->fd, path, IN_MODIFY) < 0)
		return error_errno(err, errno, "watch memory.events");
	watch->kills = count_kills(watch);
	return 0;
}

int cgroup_oom_watch(const struct string_list *directories, struct cgroup_oom *watch,
		     struct error *err)
{
	*watch = (struct cgroup_oom){ .fd = -1, .group = -1 };
	if (find_group(directories, watch, err))
		return -1;
	if (watch->version == 1 ? watch_v1(watch, err) : watch_v2(watch, err)) {
		cgroup_oom_close(watch);
		return -1;
	}
	return 0;
}

/* The end of a group of v1 is told as if memory had run out. */
static bool happened_v1(const struct cgroup_oom *watch)
{
	uint64_t events;

	return read(watch->fd, &events, sizeof events) == (ssize_t)sizeof events &&
	       faccessat(watch->group, "cgroup.event_control", F_OK, 0) == 0;
}

/* The file tells of reached limits too; only kills count. */
static bool happened_v2(struct cgroup_oom *watch)
{
	char events[4096];
	uint64_t before = watch->kills;

	while (read(watch->fd, events, sizeof events) > 0)
		;
	watch->kills = count_kills(watch);
	return watch->kills > before;
}

bool cgroup_oom_happened(struct cgroup_oom *watch)
{
	return watch->version == 1   ? happened_v1(watch)
	       : watch->version == 2 ? happened_v2(watch)
				     : false;
}

void cgroup_oom_close(struct cgroup_oom *watch)
{
	close_fd(watch->fd);
	close_fd(watch->group);
	*watch = (struct cgroup_oom){ .fd = -1, .group = -1 };
}
