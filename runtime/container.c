#include "runtime/container.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>

#include "runtime/cgroup/cgroup.h"
#include "spec/base/io.h"
#include "spec/base/owned.h"
#include "spec/base/sys.h"
#include "spec/config.h"

/* It repeats the annotations and hooks of a config.json: what can be created can be deleted. */
#define STATE_MAX ((size_t)2 * CONFIG_MAX)

int container_check_id(const char *id, struct error *err)
{
	static const char allowed[] =
		"abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"
		"_+-.";

	if (!*id)
		return error_set(err, EINVAL, "container id cannot be empty");
	if (strlen(id) > NAME_MAX - 16)
		return error_set(err, EINVAL, "invalid container ID: longer than %d bytes",
				 NAME_MAX - 16);
	if (id[strspn(id, allowed)] || strcmp(id, ".") == 0 || strcmp(id, "..") == 0) {
		error_set(err, EINVAL, "invalid container ID format: %.100s", id);
		return error_hint(err, "letters, digits and _ + - . are allowed");
	}
	return 0;
}

/* /run is root's. Root of a user namespace, as rootless engines make it, is a user like others; but where such
 * a namespace has a system of its own, whose root has logged in, /run is that system's. */
static bool has_own_runtime_directory(void)
{
	return geteuid() != 0 ||
	       (cgroup_caller_is_unprivileged() && !text_equal(getenv("USER"), "root"));
}

int container_open_root(const char *root, struct error *err)
{
	const char *user = getenv("XDG_RUNTIME_DIR");
	owned_string path = root				  ? strdup(root)
			    : user && has_own_runtime_directory() ? text_format("%s/orun", user)
								  : strdup("/run/orun");

	if (!path)
		return error_errno(err, ENOMEM, "state root");
	int fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (fd < 0 && errno == ENOENT) {
		if (make_directories(path, 0711, err))
			return error_prefix(err, "state root");
		fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	}
	return fd < 0 ? error_errno(err, errno, "state root '%s'", path) : fd;
}

static int open_directory(int root, const char *id)
{
	return openat(root, id, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
}

int container_claim(int root, const char *id, struct container *ret, struct error *err)
{
	*ret = (struct container){ .id = id, .root = root, .directory = -1 };
	if (mkdirat(root, id, 0700)) {
		if (errno != EEXIST)
			return error_errno(err, errno, "make the state directory of '%s'", id);
		error_set(err, EEXIST, "container with given ID already exists: %s", id);
		return error_hint(err, "delete it, or choose another id");
	}
	ret->directory = open_directory(root, id);
	if (ret->directory < 0 || flock(ret->directory, LOCK_EX))
		return error_errno(err, errno, "lock the state directory of '%s'", id);
	ret->locked = true;
	return 0;
}

static int does_not_exist(const char *id, struct error *err)
{
	return error_set(err, ENOENT, "container %s does not exist", id);
}

static int load(struct container *container, struct error *err)
{
	struct problems problems = { 0 };
	owned_string text = NULL;
	size_t length;

	if (read_file_at(container->directory, "state.json", STATE_MAX, &text, &length, err))
		return -1;
	container->state = table_parse(&state_type, text, length, &problems);
	if (!container->state)
		error_set(err, EINVAL, "state.json of container %s: %s", container->id,
			  problems.list.n ? problems.list.v[0] : "out of memory");
	problems_finish(&problems);
	return container->state ? 0 : -1;
}

static int unfinished(const struct container *container, bool allowed, struct error *err)
{
	if (allowed)
		return 0;
	error_set(err, ENOENT, "container %s was never finished by its create", container->id);
	return error_hint(err, "delete --force removes what is left of it");
}

/* Removed and made anew while we waited for the lock: then our directory is no longer the one that the
 * name stands for. */
static bool still_there(const struct container *container)
{
	struct stat ours, named;

	return fstat(container->directory, &ours) == 0 &&
	       fstatat(container->root, container->id, &named, AT_SYMLINK_NOFOLLOW) == 0 &&
	       ours.st_ino == named.st_ino && ours.st_dev == named.st_dev;
}

static int open_container(int root, const char *id, bool lock, bool allow_unfinished,
			  struct container *ret, struct error *err)
{
	*ret = (struct container){ .id = id, .root = root, .directory = -1 };
	if (container_check_id(id, err))
		return -1;
	for (;;) {
		ret->directory = open_directory(root, id);
		if (ret->directory < 0)
			return errno == ENOENT ? does_not_exist(id, err)
					       : error_errno(err, errno, "container %s", id);
		if (!lock)
			break;
		if (flock(ret->directory, LOCK_EX))
			return error_errno(err, errno, "lock container %s", id);
		ret->locked = still_there(ret);
		if (ret->locked)
			break;
		close_fd(take_fd(&ret->directory));
	}
	if (load(ret, err) == 0)
		return 0;
	if (err->code == ENOENT && unfinished(ret, allow_unfinished, err) == 0)
		return 0;
	container_close(ret);
	return -1;
}

int container_open(int root, const char *id, bool allow_unfinished, struct container *ret,
		   struct error *err)
{
	return open_container(root, id, true, allow_unfinished, ret, err);
}

int container_peek(int root, const char *id, struct container *ret, struct error *err)
{
	return open_container(root, id, false, false, ret, err);
}

int container_save(const struct container *container, struct error *err)
{
	struct buffer text = { 0 };

	table_print(&state_type, container->state, 0, &text);
	int failed = text.failed ? error_errno(err, ENOMEM, "state.json")
				 : write_file_atomic_at(container->directory, "state.json",
							text.text, text.length, 0600, err);
	buffer_finish(&text);
	return failed;
}

int container_keep_config(const struct container *container, const char *text, size_t length,
			  struct error *err)
{
	owned_fd fd = openat(container->directory, "config.json",
			     O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);

	if (fd < 0 || write_all(fd, text, length))
		return error_errno(err, errno, "keep config.json of container %s", container->id);
	return 0;
}

struct config *container_config(const struct container *container, struct error *err)
{
	struct problems problems = { 0 };
	struct config *config = config_load(container->directory, "config.json", &problems, err);

	problems_finish(&problems);
	if (!config)
		error_prefix(err, "container %s", container->id);
	return config;
}

int container_remove(struct container *container, struct error *err)
{
	const struct dirent *entry;
	owned_fd list = openat(container->directory, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	owned_dir dir = list < 0 ? NULL : fdopendir(list);

	if (!dir)
		return error_errno(err, errno, "state directory of '%s'", container->id);
	take_fd(&list);
	while ((entry = readdir(dir)))
		if (strcmp(entry->d_name, ".") != 0 && strcmp(entry->d_name, "..") != 0 &&
		    unlinkat(container->directory, entry->d_name, 0) && errno != ENOENT)
			return error_errno(err, errno, "remove %s of '%s'", entry->d_name,
					   container->id);
	if (unlinkat(container->root, container->id, AT_REMOVEDIR) && errno != ENOENT)
		return error_errno(err, errno, "remove the state directory of '%s'", container->id);
	return 0;
}

void container_close(struct container *container)
{
	close_fd(container->directory);
	container->directory = -1;
	table_free(&state_type, container->state);
	container->state = NULL;
}

/* Fields of /proc/PID/stat behind the name, proc(5): the third is the first of them. */
enum { STAT_STATUS = 3, STAT_START_TIME = 22 };

uint64_t process_start_time(pid_t pid)
{
	char path[32];
	owned_string text = NULL;
	uint64_t start;

	snprintf(path, sizeof path, "/proc/%d/stat", (int)pid);
	if (read_file_at(AT_FDCWD, path, 4096, &text, NULL, NULL))
		return 0;
	/* The name, in brackets, may hold anything, newlines too: the fields count from the last bracket
	 * on. */
	char *rest = strrchr(text, ')');
	char *field = rest ? strsep(&rest, " ") : NULL;
	for (int n = STAT_STATUS; n <= STAT_START_TIME; n++) {
		field = strsep(&rest, " ");
		if (!field || (n == STAT_STATUS && (*field == 'Z' || *field == 'X')))
			return 0;
	}
	return text_to_uint64(field, &start) ? 0 : start;
}

int container_pidfd(const struct container *container)
{
	const struct state *state = container->state;

	errno = ESRCH;
	if (!state || state->pid <= 0)
		return -1;
	owned_fd fd = sys_pidfd_open((pid_t)state->pid, 0);
	/* The descriptor first, the comparison after it: the process it stands for cannot change. */
	if (fd < 0 || process_start_time((pid_t)state->pid) != state->start_time) {
		errno = ESRCH;
		return -1;
	}
	return take_fd(&fd);
}

static bool waits_for_start(const struct container *container)
{
	owned_fd fd = openat(container->directory, "created", O_RDONLY | O_CLOEXEC);

	return fd >= 0 && flock(fd, LOCK_SH | LOCK_NB) && errno == EWOULDBLOCK;
}

/* Whether another orun holds the container's lock. */
static bool being_worked_on(const struct container *container)
{
	owned_fd fd = openat(container->directory, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	return !container->locked && fd >= 0 && flock(fd, LOCK_SH | LOCK_NB) &&
	       errno == EWOULDBLOCK;
}

enum container_status container_status(const struct container *container)
{
	owned_fd pidfd = container_pidfd(container);

	/* Without a pid and without anybody at work, its create was killed. */
	if (!container->state || !container->state->pid)
		return being_worked_on(container) ? STATUS_CREATING : STATUS_STOPPED;
	if (pidfd < 0)
		return STATUS_STOPPED;
	/* Before "created": a frozen init answers nobody, and what is paused can be resumed only. */
	if (cgroup_is_frozen(&container->state->cgroup_dirs))
		return STATUS_PAUSED;
	return waits_for_start(container) ? STATUS_CREATED : STATUS_RUNNING;
}

char *container_view(const struct state *state, enum container_status status, int64_t pid,
		     const char *owner, int indent)
{
	struct state_view view = {
		.oci_version = state->oci_version,
		.id = state->id,
		.pid = pid,
		.status = (int)status,
		.bundle = state->bundle,
		.rootfs = state->rootfs,
		.created = state->created,
		.annotations = state->annotations,
		.systemd_scope = state->systemd_scope,
		.owner = (char *)(uintptr_t)owner,
	};
	struct buffer text = { 0 };

	table_print(&state_view_type, &view, indent, &text);
	if (text.failed) {
		buffer_finish(&text);
		return NULL;
	}
	return text.text;
}
