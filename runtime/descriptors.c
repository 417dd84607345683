#include "runtime/descriptors.h"

#include <errno.h>
#include <stdbool.h>

#include "spec/base/sys.h"

/* Where the kernel knows no CLOSE_RANGE_CLOEXEC (before 5.11): as many as RLIMIT_NOFILE usually is. */
#define DESCRIPTORS_MAX 65536

int descriptors_shield(unsigned first, struct error *err)
{
	if (sys_close_range(first, ~0u, CLOSE_RANGE_CLOEXEC) == 0)
		return 0;
	if (errno != EINVAL && errno != ENOSYS)
		return error_errno(err, errno, "close_range");
	for (int fd = (int)first; fd < DESCRIPTORS_MAX; fd++)
		fcntl(fd, F_SETFD, FD_CLOEXEC);
	return 0;
}

static bool is_kept(int fd, const int *keep, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (keep[i] == fd)
			return true;
	return false;
}

/* The smallest of @keep that is at least @from, or -1. */
static int next_kept(unsigned from, const int *keep, size_t n)
{
	int next = -1;

	for (size_t i = 0; i < n; i++)
		if (keep[i] >= 0 && (unsigned)keep[i] >= from && (next < 0 || keep[i] < next))
			next = keep[i];
	return next;
}

int descriptors_keep(unsigned first, const int *keep, size_t n, struct error *err)
{
	/* Numbers that the caller meant to pass on but had not opened may have become ours. */
	for (int fd = 3; fd < (int)first; fd++) {
		int flags = is_kept(fd, keep, n) ? -1 : fcntl(fd, F_GETFD);
		if (flags >= 0 && flags & FD_CLOEXEC)
			close(fd);
	}
	for (unsigned from = first;;) {
		int kept = next_kept(from, keep, n);
		unsigned end = kept < 0 ? ~0u : (unsigned)kept - 1;
		if ((kept < 0 || (unsigned)kept > from) && sys_close_range(from, end, 0))
			return error_errno(err, errno, "close_range");
		if (kept < 0)
			return 0;
		from = (unsigned)kept + 1;
	}
}
