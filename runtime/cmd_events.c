/* orun events */
#include <errno.h>
#include <inttypes.h>
#include <poll.h>
#include <time.h>

#include "runtime/cgroup/oom.h"
#include "runtime/cgroup/statistics.h"
#include "runtime/commands.h"
#include "runtime/container_cgroup.h"
#include "runtime/resctrl.h"
#include "spec/base/duration.h"
#include "spec/base/io.h"
#include "spec/base/log.h"
#include "spec/base/owned.h"

#define SECOND INT64_C(1000000000) /* in nanoseconds, as all times here */

static const char *interval_text = "5s";
static bool statistics_only;

static const struct option options[] = {
	{ .name = "interval",
	  .kind = OPTION_TEXT,
	  .target = &interval_text,
	  .argument = "TIME",
	  .help = "time between two statistics (default: 5s)" },
	{ .name = "stats",
	  .kind = OPTION_FLAG,
	  .target = &statistics_only,
	  .help = "print the statistics once and exit" },
	{ 0 },
};

/* One line, at once: whoever reads waits for it. */
static int print_event(const struct event *event, struct error *err)
{
	struct buffer text = { 0 };

	table_print(&event_type, event, 0, &text);
	buffer_print(&text, "\n");
	int failed = text.failed ? error_errno(err, ENOMEM, "event") : 0;
	if (!failed && write_all(STDOUT_FILENO, text.text, text.length))
		failed = error_errno(err, errno, "print the event");
	buffer_finish(&text);
	return failed;
}

static int fill(const struct container *container, struct statistics *statistics, struct error *err)
{
	struct buffer intel_rdt = { 0 };
	int failed = container_need_cgroup(container->state, err) ||
		     cgroup_statistics(&container->state->cgroup_dirs, statistics, err);

	if (failed)
		return error_prefix(err, "unable to get container cgroup stats");
	failed = resctrl_print_statistics(container->state, &intel_rdt, err);
	if (!failed && intel_rdt.failed)
		failed = error_errno(err, ENOMEM, "statistics");
	statistics->intel_rdt = intel_rdt.text;
	return failed ? error_prefix(err, "unable to get container Intel RDT stats") : 0;
}

/* *unprinted tells a failure to read from one to print, after which there is no use in going on. */
static int print_statistics(const struct container *container, bool *unprinted, struct error *err)
{
	struct event event = { .type = (char[]){ "stats" },
			       .id = container->state->id,
			       .data = statistics_new() };

	*unprinted = false;
	int failed = event.data ? fill(container, event.data, err)
				: error_errno(err, ENOMEM, "statistics");
	if (!failed) {
		failed = print_event(&event, err);
		*unprinted = failed;
	}
	statistics_free(event.data);
	return failed;
}

static int print_oom(const struct container *container, struct cgroup_oom *oom, struct error *err)
{
	const struct event event = { .type = (char[]){ "oom" }, .id = container->state->id };

	return cgroup_oom_happened(oom) ? print_event(&event, err) : 0;
}

static int64_t now(void)
{
	struct timespec time;

	clock_gettime(CLOCK_MONOTONIC, &time);
	return time.tv_sec * SECOND + time.tv_nsec;
}

/* Returns 1 at the container's end, 0 when there is something to print or time is up, -1 with err. */
static int wait_until(int64_t end, int pidfd, int oom, struct error *err)
{
	struct pollfd fds[] = { { .fd = pidfd, .events = POLLIN },
				{ .fd = oom, .events = POLLIN } };
	int64_t left = end - now();
	const struct timespec timeout = { left > 0 ? left / SECOND : 0,
					  left > 0 ? left % SECOND : 0 };

	if (ppoll(fds, 2, &timeout, NULL) < 0)
		return errno == EINTR ? 0 : error_errno(err, errno, "wait for events");
	return fds[0].revents != 0;
}

static int64_t later(int64_t time, int64_t interval)
{
	int64_t end;

	return __builtin_add_overflow(time, interval, &end) ? INT64_MAX : end;
}

static int watch(const struct container *container, int pidfd, struct cgroup_oom *oom,
		 int64_t interval, struct error *err)
{
	int64_t next = later(now(), interval);
	bool unprinted;
	int ended;

	do {
		ended = wait_until(next, pidfd, oom->fd, err);
		/* Also at the end: it may be the reason for it. */
		if (ended < 0 || print_oom(container, oom, err))
			return -1;
		if (ended || now() < next)
			continue;
		if (print_statistics(container, &unprinted, err)) {
			if (unprinted)
				return -1;
			log_warning("%s", err->msg);
			*err = (struct error){ 0 };
		}
		next = later(now(), interval);
	} while (!ended);
	return 0;
}

static int report(const struct container *container, int64_t interval, struct error *err)
{
	OWNED(cgroup_oom_close) struct cgroup_oom oom = { .fd = -1, .group = -1 };
	struct error no_oom = { 0 };
	bool unprinted;
	owned_fd pidfd = container_pidfd(container);

	if (pidfd < 0 || container_status(container) == STATUS_STOPPED)
		return error_set(err, ESRCH, "container with id %s is not running", container->id);
	if (statistics_only)
		return print_statistics(container, &unprinted, err);
	/* A container without that controller has its statistics nevertheless. */
	if (cgroup_oom_watch(&container->state->cgroup_dirs, &oom, &no_oom))
		log_warning("%s", no_oom.msg);
	return watch(container, pidfd, &oom, interval, err);
}

static int run(const struct globals *globals, int argc, char **argv, struct error *err)
{
	struct container container;
	int64_t interval;

	(void)argc;
	if (duration_parse(interval_text, &interval, err)) {
		error_prefix(err, "--interval");
		return 1;
	}
	if (interval <= 0) {
		error_set(err, EINVAL, "--interval: duration interval must be greater than 0");
		return 1;
	}
	owned_fd root = container_open_root(globals->root, err);
	if (root < 0 || container_peek(root, argv[0], &container, err))
		return 1;
	int failed = report(&container, interval, err);
	container_close(&container);
	return failed ? 1 : 0;
}

const struct verb events_verb = {
	.name = "events",
	.arguments = "ID",
	.summary = "print statistics of a container, and when it runs out of memory",
	.options = options,
	.min_arguments = 1,
	.max_arguments = 1,
	.run = run,
};
