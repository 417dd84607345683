/* Single values of groups, and the writes of a plan. Must not know what the values mean. */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "runtime/cgroup/create.h"
#include "spec/base/io.h"
#include "spec/base/owned.h"

#define DEVICES_FIELD "linux.resources.devices"

int cgroup_read(const char *directory, const char *file, char *text, size_t size, struct error *err)
{
	owned_string path = text_format("%s/%s", directory, file);

	if (!path)
		return error_errno(err, ENOMEM, "read %s", file);
	return read_line_at(AT_FDCWD, path, text, size, err);
}

int cgroup_write_file(const char *directory, const char *file, const char *text, struct error *err)
{
	owned_string path = text_format("%s/%s", directory, file);

	if (!path)
		return error_errno(err, ENOMEM, "write %s", file);
	return write_kernel_file_at(AT_FDCWD, path, text, err);
}

/* The file that is open for writing: device rules are many lines for one file. */
struct open_file {
	int fd;
	size_t hierarchy;
	const char *name;
};

static void open_file_close(struct open_file *file)
{
	close_fd(file->fd);
	file->fd = -1;
}

static int open_for(struct open_file *file, const struct cgroup_plan *plan,
		    const struct cgroup_write *write, const char *name)
{
	if (file->fd >= 0 && file->hierarchy == write->hierarchy && strcmp(file->name, name) == 0)
		return 0;
	open_file_close(file);
	owned_string path =
		text_format("%s/%s", plan->hierarchies[write->hierarchy].directory, name);
	if (!path) {
		errno = ENOMEM;
		return -1;
	}
	*file = (struct open_file){ open(path, O_WRONLY | O_CLOEXEC | O_NOFOLLOW), write->hierarchy,
				    name };
	return file->fd < 0 ? -1 : 0;
}

/* Returns 0 or an errno value. *name is the file that was tried last. */
static int try_write(struct open_file *file, const struct cgroup_plan *plan,
		     const struct cgroup_write *wanted, const char **name, const char **value)
{
	*name = wanted->file;
	*value = wanted->value;
	if (open_for(file, plan, wanted, *name)) {
		if (errno != ENOENT || !wanted->alternative_file)
			return errno;
		*name = wanted->alternative_file;
		if (wanted->alternative_value)
			*value = wanted->alternative_value;
		if (open_for(file, plan, wanted, *name))
			return errno;
	}
	size_t length = strlen(*value);
	ssize_t written = write(file->fd, *value, length);
	if (written < 0)
		return errno;
	return (size_t)written == length ? 0 : EIO;
}

static bool is_tolerated(const struct cgroup_write *write, enum cgroup_rootless rootless, int code)
{
	if (write->tolerance & CGROUP_MAY_FAIL)
		return true;
	if (code == ENOENT)
		return write->tolerance & CGROUP_MAY_LACK;
	/* In a user namespace the rules of the namespace's owner go on to hold, and its root can make no
	 * device that would matter. */
	return (code == EPERM || code == EACCES) && strcmp(write->field, DEVICES_FIELD) == 0 &&
	       cgroup_is_rootless(rootless);
}

static int write_failed(const struct cgroup_plan *plan, const struct cgroup_write *write,
			const char *name, const char *value, int code, struct error *err)
{
	const char *directory = plan->hierarchies[write->hierarchy].directory;
	char usage[32] = "", peak[32] = "";

	error_errno(err, code, "%s: write '%.200s' to %s/%s", write->field, value, directory, name);
	if (code == ENOENT)
		return error_hint(err, "this kernel, or the group, lacks the file");
	if (code == EBUSY && strcmp(name, "memory.limit_in_bytes") == 0) {
		cgroup_read(directory, "memory.usage_in_bytes", usage, sizeof usage, NULL);
		cgroup_read(directory, "memory.max_usage_in_bytes", peak, sizeof peak, NULL);
		return error_hint(err, "current usage: %s, peak usage: %s", usage, peak);
	}
	return -1;
}

/* One pass over the writes: all of them, or those that are marked in @again. With @defer, the ones
 * that may be retried are marked instead of failing. */
static int write_pass(const struct cgroup_plan *plan, bool *again, bool defer, struct error *err)
{
	OWNED(open_file_close) struct open_file file = { .fd = -1 };
	const char *name, *value;

	for (size_t i = 0; i < plan->n_writes; i++) {
		const struct cgroup_write *write = &plan->writes[i];
		if (!defer && !again[i])
			continue;
		int code = try_write(&file, plan, write, &name, &value);
		if (code == EINVAL && defer && (write->tolerance & CGROUP_RETRY))
			again[i] = true;
		else if (code && !is_tolerated(write, plan->rootless, code))
			return write_failed(plan, write, name, value, code, err);
	}
	return 0;
}

int cgroup_write_all(const struct cgroup_plan *plan, struct error *err)
{
	owned_memory bool *again = calloc(plan->n_writes + 1, sizeof *again);

	if (!again)
		return error_errno(err, ENOMEM, "linux.resources");
	if (write_pass(plan, again, true, err))
		return -1;
	return write_pass(plan, again, false, err);
}
