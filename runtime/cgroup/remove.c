/* Takes away the groups that a container made, and nothing else.
 * Must not know of containers or of what the groups limited. */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "runtime/cgroup/cgroup.h"
#include "runtime/cgroup/tree.h"
#include "spec/base/owned.h"

#define PATIENCE_NS 2000000000LL
#define FIRST_PAUSE_NS 100000L
#define LONGEST_PAUSE_NS 10000000L

struct removal {
	long long end; /* CLOCK_MONOTONIC; 0: not needed yet */
	long pause;
};

static long long now_ns(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return now.tv_sec * 1000000000LL + now.tv_nsec;
}

/* false when the time for the whole removal is over. */
static bool wait_a_little(struct removal *removal)
{
	if (!removal->end) {
		removal->end = now_ns() + PATIENCE_NS;
		removal->pause = FIRST_PAUSE_NS;
	}
	if (now_ns() > removal->end)
		return false;
	nanosleep(&(struct timespec){ .tv_nsec = removal->pause }, NULL);
	if (removal->pause < LONGEST_PAUSE_NS)
		removal->pause *= 2;
	return true;
}

/* A task leaves its groups some time after its parent could reap it, so EBUSY may pass. */
static int remove_below(int parent_fd, const char *name, void *context, struct error *err)
{
	while (unlinkat(parent_fd, name, AT_REMOVEDIR)) {
		if (errno == ENOENT)
			return 0;
		if (errno != EBUSY || !wait_a_little(context))
			return error_errno(err, errno, "rmdir %s", name);
	}
	return 0;
}

static int remove_group(const char *directory, struct removal *removal, struct error *err)
{
	const struct cgroup_visitor visitor = { .leave = remove_below, .context = removal };

	/* The kernel says EBUSY both for processes and for groups below: look for those once. */
	for (bool walked = false; rmdir(directory); walked = true) {
		int code = errno;
		if (code == ENOENT)
			return 0;
		/* A read-only mount says so before it looks whether there is anything. */
		if (code == EROFS && access(directory, F_OK) && errno == ENOENT)
			return 0;
		if (code != EBUSY && code != ENOTEMPTY)
			return error_errno(err, code, "rmdir %s", directory);
		if (cgroup_walk(directory, &visitor, err))
			return error_prefix(err, "%s", directory);
		if (walked && !wait_a_little(removal)) {
			error_errno(err, code, "rmdir %s", directory);
			return error_hint(err, "it has processes that do not end");
		}
	}
	return 0;
}

static bool is_at_or_below(const char *directory, const char *top)
{
	size_t length = strlen(top);

	return strncmp(directory, top, length) == 0 &&
	       (!directory[length] || directory[length] == '/');
}

static const char *made_above(const struct string_list *made, const char *directory)
{
	for (size_t i = 0; i < made->n; i++)
		if (is_at_or_below(directory, made->v[i]))
			return made->v[i];
	return NULL;
}

/* Other containers may live in the groups above, or have filled them in the meantime: any refusal means
 * that they are needed. */
static void remove_empty_parents(const char *directory, const char *top)
{
	owned_string path = strdup(directory);
	char *slash;

	while (path && (slash = strrchr(path, '/'))) {
		*slash = '\0';
		if (!is_at_or_below(path, top) || (rmdir(path) && errno != ENOENT))
			return;
	}
}

int cgroup_remove(const struct string_list *directories, const struct string_list *made,
		  struct error *err)
{
	struct removal removal = { 0 };
	struct error first = { 0 };

	for (size_t i = 0; i < directories->n; i++) {
		struct error failure = { 0 };
		const char *top = made_above(made, directories->v[i]);
		if (!top)
			continue;
		if (!remove_group(directories->v[i], &removal, &failure))
			remove_empty_parents(directories->v[i], top);
		else if (!first.code)
			first = failure;
	}
	return first.code ? error_set(err, first.code, "%s", first.msg) : 0;
}
