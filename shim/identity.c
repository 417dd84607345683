#include "shim/identity.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "spec/base/duration.h"
#include "spec/base/io.h"
#include "spec/base/owned.h"
#include "spec/base/sys.h"

#define BOOT_ID_FILE "/proc/sys/kernel/random/boot_id"
#define BOOT_ID_SIZE 64

static int read_boot_id(char id[static BOOT_ID_SIZE], struct error *err)
{
	return read_line_at(AT_FDCWD, BOOT_ID_FILE, id, BOOT_ID_SIZE, err);
}

/* Field 22 of /proc/PID/stat, proc(5). The name, in brackets, may hold anything: the fields behind it count from
 * the last bracket on, and the first of them is the third. */
static int read_start_time(pid_t pid, uint64_t *ret)
{
	enum { FIRST_FIELD = 3, START_TIME = 22 };
	char path[32];
	owned_string text = NULL;
	struct error err = { 0 };

	snprintf(path, sizeof path, "/proc/%d/stat", (int)pid);
	if (read_file_at(AT_FDCWD, path, 4096, &text, NULL, &err))
		return err.code == ENOENT ? ESRCH : err.code;
	char *rest = strrchr(text, ')');
	const char *field = rest ? strsep(&rest, " ") : NULL;
	for (int n = FIRST_FIELD; field && n <= START_TIME; n++)
		field = strsep(&rest, " ");
	return !field || text_to_uint64(field, ret) ? EINVAL : 0;
}

int identity_read(pid_t pid, struct process_identity *ret, struct error *err)
{
	char boot_id[BOOT_ID_SIZE];
	uint64_t start_time;

	if (read_boot_id(boot_id, err))
		return -1;
	int code = read_start_time(pid, &start_time);
	if (code)
		return error_errno(err, code, "process %d", (int)pid);
	char *copy = strdup(boot_id);
	if (!copy)
		return error_errno(err, ENOMEM, "process %d", (int)pid);
	*ret = (struct process_identity){ pid, start_time, copy };
	return 0;
}

static bool is_of_this_boot(const struct process_identity *identity)
{
	char boot_id[BOOT_ID_SIZE];

	return identity && identity->pid > 0 && identity->pid <= INT_MAX &&
	       read_boot_id(boot_id, NULL) == 0 && text_equal(boot_id, identity->boot_id);
}

int identity_open(const struct process_identity *identity)
{
	uint64_t start_time = 0;

	if (!is_of_this_boot(identity)) {
		errno = ESRCH;
		return -1;
	}
	owned_fd fd = sys_pidfd_open((pid_t)identity->pid, 0);
	if (fd < 0) {
		/* EINVAL: the number is a thread's now. */
		errno = errno == EINVAL ? ESRCH : errno;
		return -1;
	}
	/* The descriptor first, the comparison after it: the process it stands for cannot change. */
	int code = read_start_time((pid_t)identity->pid, &start_time);
	if (code || start_time != identity->start_time) {
		errno = code && code != EINVAL ? code : ESRCH;
		return -1;
	}
	return take_fd(&fd);
}

int64_t identity_age(const struct process_identity *identity)
{
	long ticks = sysconf(_SC_CLK_TCK);
	struct timespec now;
	int64_t started;

	if (!is_of_this_boot(identity) || ticks <= 0 || clock_gettime(CLOCK_BOOTTIME, &now))
		return 0;
	uint64_t whole = identity->start_time / (uint64_t)ticks;
	uint64_t part = identity->start_time % (uint64_t)ticks;
	if (whole > INT32_MAX)
		return 0;
	started = (int64_t)whole * NANOSECONDS_PER_SECOND +
		  (int64_t)part * (NANOSECONDS_PER_SECOND / ticks);
	int64_t age = (int64_t)now.tv_sec * NANOSECONDS_PER_SECOND + now.tv_nsec - started;
	return age > 0 ? age : 0;
}
