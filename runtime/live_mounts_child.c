#include "runtime/live_mounts_child.h"

#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/wait.h>

#include "runtime/beneath.h"
#include "runtime/copy_tree.h"
#include "runtime/mount.h"
#include "runtime/mount_new.h"
#include "runtime/rootfs.h"
#include "spec/base/mountinfo.h"
#include "spec/base/owned.h"
#include "spec/base/sys.h"

/* fsconfig(2) takes values up to this many bytes, with their NUL. */
#define FSCONFIG_VALUE_MAX 256

/* What the process is to do, as it begins. */
struct task {
	int pidfd;
	const struct state *state;
	uint64_t namespaces; /* CLONE_NEW… to enter besides the mount and the user namespace */
	const struct plan *plan; /* NULL: something is removed */
	int *sources;		 /* NULL: to be opened */
	const struct string_list *destinations;
	bool force;
	int (*run)(struct task *task, struct error *err);
	struct outcome *outcome; /* in memory that the parent sees, too */

	/* What it has then. */
	int host, root; /* the two root directories */
	int workshop;	/* see make_workshop */
};

struct outcome {
	bool done;
	struct error error;
	uint32_t ids[]; /* of plan->mounts */
};

/* ---- entering the container ---- */

static bool in_same_user_namespace(const struct task *task)
{
	struct stat ours, theirs;
	char path[48];

	snprintf(path, sizeof path, "/proc/%d/ns/user", (int)task->state->pid);
	return stat("/proc/self/ns/user", &ours) == 0 && stat(path, &theirs) == 0 &&
	       ours.st_ino == theirs.st_ino && ours.st_dev == theirs.st_dev;
}

static int join(const struct task *task, uint64_t namespaces, struct error *err)
{
	if (setns(task->pidfd, (int)namespaces) == 0)
		return 0;
	error_errno(err, errno, "enter the container's namespaces");
	/* An init that waits for start lets nobody look into it but the host's root. */
	return errno == EPERM ? error_hint(err, "before `start` only root may do this") : -1;
}

static int become_root(struct error *err)
{
	if (setgroups(0, NULL) && errno != EPERM)
		return error_errno(err, errno, "setgroups");
	/* Ids that are not mapped leave us the overflow ids, with every capability all the same. */
	if ((setresgid(0, 0, 0) || setresuid(0, 0, 0)) && errno != EINVAL)
		return error_errno(err, errno, "become root of the user namespace");
	return 0;
}

/* Our own root stays the host's, so that no path of ours, such as that of a descriptor below /proc,
 * leads through files of the container. */
static int enter_mounts(struct task *task, struct error *err)
{
	if (join(task, CLONE_NEWNS, err))
		return -1;
	close_fd(task->root);
	task->root = open("/", O_PATH | O_DIRECTORY | O_CLOEXEC);
	if (task->root < 0)
		return error_errno(err, errno, "open the container's root");
	if (fchdir(task->host) || chroot("."))
		return error_errno(err, errno, "return to the host's root");
	return 0;
}

/* A copy of the host's mount namespace, for us alone: it has the host's files, we have every privilege in
 * it, and what is made in it may be attached in the container. */
static int make_workshop(struct task *task, struct error *err)
{
	struct plan plan = *task->plan;

	if (unshare(CLONE_NEWNS))
		return error_errno(err, errno, "unshare");
	task->workshop = open("/proc/self/ns/mnt", O_RDONLY | O_CLOEXEC);
	if (task->workshop < 0)
		return error_errno(err, errno, "open /proc/self/ns/mnt");
	if (task->sources)
		return 0;
	plan.unprivileged = false;
	return mount_sources_open(&plan, &task->sources, err);
}

static int enter(struct task *task, struct error *err)
{
	bool user = !in_same_user_namespace(task);
	uint64_t namespaces = task->namespaces | (user ? CLONE_NEWUSER : 0);

	/* From here on processes of the container's user namespace may have power over us. */
	if (prctl(PR_SET_DUMPABLE, 0))
		return error_errno(err, errno, "prctl PR_SET_DUMPABLE");
	umask(0);
	task->host = open("/", O_PATH | O_DIRECTORY | O_CLOEXEC);
	if (task->host < 0)
		return error_errno(err, errno, "open /");
	if (namespaces && join(task, namespaces, err))
		return -1;
	if (user && become_root(err))
		return -1;
	if (task->plan && make_workshop(task, err))
		return -1;
	return enter_mounts(task, err);
}

/* ---- adding ---- */

/* Words for the file system as at create: its own, the mount label, and for a tmpfs the mode of the
 * directory that it is going to cover. */
static int collect_data(const struct plan *plan, const struct mount_plan *entry, int target,
			struct string_list *data, struct error *err)
{
	bool tmpfs = text_equal(entry->mount->type, "tmpfs"), has_mode = !tmpfs;
	struct stat st;

	for (size_t i = 0; i < entry->options.data.n; i++) {
		const char *word = entry->options.data.v[i];
		has_mode = has_mode || text_starts_with(word, "mode=");
		if (strlen(word) >= FSCONFIG_VALUE_MAX)
			return error_set(
				err, E2BIG,
				"options: longer than %d bytes, which only `create` can do",
				FSCONFIG_VALUE_MAX - 1);
		if (string_list_add(data, word))
			return error_errno(err, ENOMEM, "options");
	}
	owned_string mode = !has_mode && target >= 0 && fstat(target, &st) == 0
				    ? text_format("mode=%o", st.st_mode & 07777)
				    : NULL;
	if (mode && string_list_add(data, mode))
		return error_errno(err, ENOMEM, "options");
	return plan->mount_label && tmpfs ? mount_label_data(plan->mount_label, data, err) : 0;
}

static int make_filesystem(const struct plan *plan, const struct mount_plan *entry, int root,
			   struct error *err)
{
	OWNED(string_list_finish) struct string_list data = { 0 };
	unsigned long superblock = entry->options.superblock_set;
	owned_fd target = beneath_open(root, entry->mount->destination, O_PATH | O_DIRECTORY, 0);

	/* A tmpfs is filled first; the mount's own read-only flag follows. */
	if (text_equal(entry->mount->type, "tmpfs"))
		superblock &= ~(unsigned long)MS_RDONLY;
	if (collect_data(plan, entry, target, &data, err))
		return -1;
	owned_fd fd =
		mount_new(entry->mount->type, entry->mount->source, &data, superblock, 0, err);
	if (fd < 0)
		return -1;
	if (entry->options.copy_up && target >= 0 && copy_tree(target, fd, err))
		return error_prefix(err, "tmpcopyup");
	return take_fd(&fd);
}

/* Before it is attached: there must be no moment in which the container has more than it is to have. */
static int set_options(const struct plan *plan, const struct mount_options *options, int fd,
		       struct error *err)
{
	if (mount_set_attributes(fd, options->set, options->clear, false, err) ||
	    mount_set_attributes(fd, options->recursive_set, options->recursive_clear, true, err))
		return -1;
	if (!(plan->rootfs_propagation & MS_SHARED) &&
	    mount_set_propagation(fd, MS_SLAVE | MS_REC, err))
		return -1;
	return options->propagation ? mount_set_propagation(fd, options->propagation, err) : 0;
}

/* Everything is a detached mount that is then bound, whatever it was made from. */
static int prepare(struct task *task, size_t i, int *copy, struct error *err)
{
	const struct plan *plan = task->plan;
	struct mount_plan *entry = &plan->mounts[i];
	int *source = &task->sources[i];

	if (!entry->options.bind)
		*source = make_filesystem(plan, entry, task->root, err);
	entry->options.bind = true;
	if (*source < 0 || set_options(plan, &entry->options, *source, err))
		return error_prefix(err, "mounts[%zu]: %s", i, entry->mount->destination);
	*copy = fcntl(*source, F_DUPFD_CLOEXEC, 0);
	if (*copy < 0)
		return error_errno(err, errno, "dup");
	task->outcome->ids[i] = (uint32_t)rootfs_mount_id(*source);
	return 0;
}

static int detach(int fd)
{
	char path[32];

	snprintf(path, sizeof path, "/proc/self/fd/%d", fd);
	return umount2(path, MNT_DETACH);
}

static int attach(struct task *task, struct error *err)
{
	size_t n = task->plan->n_mounts;
	owned_memory int *copies = calloc(n + 1, sizeof *copies);

	if (!copies)
		return error_errno(err, ENOMEM, "mounts");
	if (setns(task->workshop, CLONE_NEWNS))
		return error_errno(err, errno, "return to the copy of the host's mounts");
	for (size_t i = 0; i < n; i++)
		if (prepare(task, i, &copies[i], err))
			return -1;
	if (enter_mounts(task, err))
		return -1;
	if (mount_all(task->plan, task->sources, task->root, err) == 0)
		return 0;
	/* Those that were not attached yet are no mount points, which the kernel says, too. */
	while (n)
		detach(copies[--n]);
	return -1;
}

/* ---- removing ---- */

bool live_mounts_has(const struct state *state, int64_t id)
{
	for (size_t i = 0; i < state->live_mounts.n; i++)
		if (state->live_mounts.v[i] == id)
			return true;
	return false;
}

/* Finds the mount that @fd is in by its number, and compares its place with what was asked for. */
static int check_place(const struct task *task, int fd, const char *destination, struct error *err)
{
	char path[48];
	struct mountinfo mount;
	uint64_t id = rootfs_mount_id(fd);

	snprintf(path, sizeof path, "/proc/%d/mountinfo", (int)task->state->pid);
	owned_string text = mountinfo_read(AT_FDCWD, path, err);
	if (!text)
		return -1;
	char *rest = text;
	while (mountinfo_next(&rest, &mount)) {
		if (mount.id < 0 || (uint64_t)mount.id != id)
			continue;
		mountinfo_unescape(mount.mountpoint);
		if (!path_equal(mount.mountpoint, destination))
			break;
		if (task->force || live_mounts_has(task->state, mount.id))
			return 0;
		error_set(err, EPERM, "was not mounted by `mounts add`");
		return error_hint(err, "--force removes it all the same");
	}
	return error_set(err, EINVAL, "is not a mount point");
}

static int open_mounted(const struct task *task, const char *destination, struct error *err)
{
	owned_fd fd = beneath_open(task->root, destination, O_PATH, 0);
	if (fd < 0)
		return error_errno(err, errno, "in the container");
	if (path_equal(destination, "/") || rootfs_mount_id(fd) == rootfs_mount_id(task->root))
		return error_set(err, EINVAL, "is not a mount point, or the container's root");
	return check_place(task, fd, destination, err) ? -1 : take_fd(&fd);
}

static int detach_all(struct task *task, struct error *err)
{
	const struct string_list *list = task->destinations;
	owned_memory int *fds = calloc(list->n + 1, sizeof *fds);

	if (!fds)
		return error_errno(err, ENOMEM, "mounts");
	for (size_t i = 0; i < list->n; i++) {
		fds[i] = open_mounted(task, list->v[i], err);
		if (fds[i] < 0)
			return error_prefix(err, "%s", list->v[i]);
	}
	/* The last first: it may lie on one before it. */
	for (size_t i = list->n; i--;)
		if (detach(fds[i]))
			return error_errno(err, errno, "%s: unmount", list->v[i]);
	return 0;
}

/* ---- the process ---- */

static _Noreturn void work(struct task *task)
{
	struct error *err = &task->outcome->error;
	int status;

	if (enter(task, err))
		_exit(1);
	/* The pid namespace takes in children only. */
	pid_t pid = task->namespaces & CLONE_NEWPID ? fork() : 0;
	if (pid > 0) {
		while (waitpid(pid, &status, 0) < 0 && errno == EINTR)
			;
		_exit(0);
	}
	if (pid < 0)
		error_errno(err, errno, "fork");
	else
		task->outcome->done = task->run(task, err) == 0;
	_exit(0);
}

/* In a process of its own: there is no way back from a container's mount namespace. @n: room for ids. */
static int run_task(struct task *task, size_t n, uint32_t *ids, struct error *err)
{
	size_t size = sizeof *task->outcome + n * sizeof task->outcome->ids[0];
	struct clone_args args = { .exit_signal = SIGCHLD };
	int status;

	task->outcome = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (task->outcome == MAP_FAILED)
		return error_errno(err, errno, "mmap");
	pid_t pid = sys_clone3(&args);
	if (pid == 0)
		work(task);
	if (pid < 0)
		error_errno(&task->outcome->error, errno, "clone3");
	while (pid > 0 && waitpid(pid, &status, 0) < 0 && errno == EINTR)
		;
	int failed = !task->outcome->done;
	if (!failed && n)
		memcpy(ids, task->outcome->ids, n * sizeof *ids);
	else if (failed && task->outcome->error.code)
		*err = task->outcome->error;
	else if (failed)
		error_set(err, ECHILD, "the process in the container died");
	munmap(task->outcome, size);
	return failed ? -1 : 0;
}

/* File systems that show a namespace of whoever makes them. */
static uint64_t namespaces_of(const struct plan *plan)
{
	static const struct {
		const char *type;
		uint64_t namespace;
	} types[] = { { "proc", CLONE_NEWPID },
		      { "sysfs", CLONE_NEWNET },
		      { "mqueue", CLONE_NEWIPC },
		      { "cgroup2", CLONE_NEWCGROUP } };
	uint64_t namespaces = 0;

	for (size_t i = 0; i < plan->n_mounts; i++)
		for (size_t k = 0; k < sizeof types / sizeof *types; k++)
			if (!plan->mounts[i].options.bind &&
			    text_equal(plan->mounts[i].mount->type, types[k].type))
				namespaces |= types[k].namespace;
	return namespaces;
}

int live_mounts_attach(int pidfd, const struct state *state, const struct plan *plan, int *sources,
		       uint32_t *ids, struct error *err)
{
	struct task task = { .pidfd = pidfd,
			     .state = state,
			     .plan = plan,
			     .sources = sources,
			     .namespaces = namespaces_of(plan),
			     .run = attach,
			     .host = -1,
			     .root = -1,
			     .workshop = -1 };

	return run_task(&task, plan->n_mounts, ids, err);
}

int live_mounts_detach(int pidfd, const struct state *state, const struct string_list *destinations,
		       bool force, struct error *err)
{
	struct task task = { .pidfd = pidfd,
			     .state = state,
			     .destinations = destinations,
			     .force = force,
			     .run = detach_all,
			     .host = -1,
			     .root = -1,
			     .workshop = -1 };

	return run_task(&task, 0, NULL, err);
}
