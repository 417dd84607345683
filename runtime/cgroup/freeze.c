/* Stops and continues all processes of a container at once: v2's cgroup.freeze, v1's freezer.
 * Must not know why. */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "runtime/cgroup/cgroup.h"
#include "spec/base/io.h"
#include "spec/base/owned.h"

#define WAIT_MS 2000

struct freezer {
	int directory;
	int version; /* 0: none of the directories can freeze */
};

static void freezer_close(struct freezer *freezer)
{
	close_fd(freezer->directory);
}

/* v1's freezer is taken first where both are there: it is the one that v1 users look at. */
static struct freezer find_freezer(const struct string_list *directories)
{
	static const char *const files[] = { "freezer.state", "cgroup.freeze" };

	for (int version = 1; version <= 2; version++) {
		for (size_t i = 0; i < directories->n; i++) {
			const char *directory = directories->v[i];
			owned_string path = text_format("%s/%s", directory, files[version - 1]);
			if (!path || access(path, F_OK))
				continue;
			int fd = open(directory, O_PATH | O_DIRECTORY | O_CLOEXEC);
			if (fd >= 0)
				return (struct freezer){ fd, version };
		}
	}
	return (struct freezer){ -1, 0 };
}

static long long now_ms(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return now.tv_sec * 1000LL + now.tv_nsec / 1000000;
}

/* freezer.state goes from FREEZING to FROZEN only when it is read, and a fork at the wrong moment leaves it
 * FREEZING until FROZEN is written again. */
static int v1_set(int directory, bool frozen, struct error *err)
{
	const char *wanted = frozen ? "FROZEN" : "THAWED";
	long long end = now_ms() + WAIT_MS;
	char state[32] = "";

	for (long pause_ns = 20000;; pause_ns = pause_ns < 5000000 ? pause_ns * 2 : pause_ns) {
		if (write_kernel_file_at(directory, "freezer.state", wanted, err) ||
		    read_line_at(directory, "freezer.state", state, sizeof state, err))
			return -1;
		/* A group below a frozen one stays frozen; what we were asked for is done. */
		if (!frozen || strcmp(state, wanted) == 0)
			return 0;
		if (now_ms() > end)
			break;
		nanosleep(&(struct timespec){ .tv_nsec = pause_ns }, NULL);
	}
	write_kernel_file_at(directory, "freezer.state", "THAWED", NULL);
	return error_set(err, EBUSY, "unable to freeze: freezer.state is still %s", state);
}

static bool v2_reports_frozen(int events)
{
	char text[256];
	ssize_t length = pread(events, text, sizeof text - 1, 0);

	if (length < 0)
		return false;
	text[length] = '\0';
	return strstr(text, "frozen 1");
}

static int v2_set(int directory, bool frozen, struct error *err)
{
	long long end = now_ms() + WAIT_MS, left;
	owned_fd events = openat(directory, "cgroup.events", O_RDONLY | O_CLOEXEC);

	if (write_kernel_file_at(directory, "cgroup.freeze", frozen ? "1" : "0", err))
		return -1;
	if (events < 0)
		return error_errno(err, errno, "open cgroup.events");
	while (frozen && !v2_reports_frozen(events)) {
		struct pollfd changed = { .fd = events, .events = POLLPRI };
		left = end - now_ms();
		if (left <= 0) {
			write_kernel_file_at(directory, "cgroup.freeze", "0", NULL);
			return error_set(err, EBUSY,
					 "unable to freeze: cgroup.events says frozen 0");
		}
		poll(&changed, 1, (int)left);
	}
	return 0;
}

int cgroup_freeze(const struct string_list *directories, bool frozen, struct error *err)
{
	OWNED(freezer_close) struct freezer freezer = find_freezer(directories);

	switch (freezer.version) {
	case 1:
		return v1_set(freezer.directory, frozen, err);
	case 2:
		return v2_set(freezer.directory, frozen, err);
	default:
		return error_set(err, ENOENT, "the container's cgroups have no freezer");
	}
}

/* Frozen by itself, not through a group above: that is what resume can undo. */
static bool v1_is_frozen(int directory)
{
	char own[8] = "";

	return !read_line_at(directory, "freezer.self_freezing", own, sizeof own, NULL) &&
	       strcmp(own, "1") == 0;
}

static bool v2_is_frozen(int directory)
{
	char own[8] = "";

	return !read_line_at(directory, "cgroup.freeze", own, sizeof own, NULL) &&
	       strcmp(own, "1") == 0;
}

bool cgroup_is_frozen(const struct string_list *directories)
{
	OWNED(freezer_close) struct freezer freezer = find_freezer(directories);

	return freezer.version == 1   ? v1_is_frozen(freezer.directory)
	       : freezer.version == 2 ? v2_is_frozen(freezer.directory)
				      : false;
}
