#include "shim/log/watch.h"

#include <errno.h>
#include <limits.h>
#include <poll.h>
#include <stdio.h>
#include <sys/inotify.h>
#include <time.h>
#include <unistd.h>

#include "spec/base/duration.h"
#include "spec/base/owned.h"

enum { LOOK_AGAIN = 250 /* milliseconds */ };

/* The folder and not the file: the name may soon be another file's. */
void log_watch_open(struct log_watch *watch, int directory, int ended)
{
	char path[64];

	*watch = (struct log_watch){ inotify_init1(IN_CLOEXEC | IN_NONBLOCK), ended };
	snprintf(path, sizeof path, "/proc/self/fd/%d", directory);
	if (watch->fd >= 0 &&
	    inotify_add_watch(watch->fd, path, IN_MODIFY | IN_CREATE | IN_MOVED_TO) < 0)
		log_watch_close(watch);
}

void log_watch_close(struct log_watch *watch)
{
	close_fd(take_fd(&watch->fd));
}

/* Milliseconds until @until, rounded up; 0 when it is over, -1 for no limit. */
static int time_left(int64_t until)
{
	struct timespec now;

	if (until == INT64_MAX)
		return -1;
	clock_gettime(CLOCK_REALTIME, &now);
	int64_t left = until - (now.tv_sec * NANOSECONDS_PER_SECOND + now.tv_nsec);
	if (left < 0)
		return 0;
	left = left / 1000000 + 1;
	return left > INT_MAX ? INT_MAX : (int)left;
}

static void drain(int fd)
{
	char events[4096];

	while (read(fd, events, sizeof events) == sizeof events)
		;
}

int log_watch_wait(struct log_watch *watch, int64_t until, struct error *err)
{
	struct pollfd fds[] = { { .fd = watch->fd, .events = POLLIN },
				{ .fd = watch->ended, .events = POLLIN } };
	int timeout = time_left(until);

	if (timeout == 0)
		return 1;
	if (watch->fd < 0 && (timeout < 0 || timeout > LOOK_AGAIN))
		timeout = LOOK_AGAIN;
	if (poll(fds, 2, timeout) < 0 && errno != EINTR)
		return error_errno(err, errno, "wait for the log");
	if (fds[0].revents)
		drain(watch->fd);
	return fds[1].revents != 0;
}
