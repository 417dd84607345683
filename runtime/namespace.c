#include "runtime/namespace.h"

#include <errno.h>
#include <sched.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/wait.h>

#include "spec/base/io.h"
#include "spec/base/owned.h"
#include "spec/base/sys.h"

/* Joined by the parent for the time of the clone. The mount namespace is joined by the child: the
 * parent would lose its root and working directory. The user namespace takes a process of its own. */
static const enum namespace_type joined_by_parent[] = { NAMESPACE_NETWORK, NAMESPACE_IPC,
							NAMESPACE_UTS,	   NAMESPACE_PID,
							NAMESPACE_CGROUP,  NAMESPACE_TIME };
#define N_JOINED (sizeof joined_by_parent / sizeof *joined_by_parent)

static int open_namespace(const char *path, enum namespace_type type, struct error *err)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);

	if (fd < 0)
		return error_errno(err, errno, "linux.namespaces: open %s namespace '%s'",
				   namespace_file(type), path);
	return fd;
}

/* setns(2) with the type given: a path that is no namespace of that type is refused by the kernel. */
static int join_opened(int fd, const char *path, enum namespace_type type, struct error *err)
{
	if (setns(fd, (int)namespace_clone_flag(type)) == 0)
		return 0;
	error_errno(err, errno, "linux.namespaces: join '%s'", path);
	return errno == EINVAL ? error_hint(err, "it is not a %s namespace", namespace_file(type))
			       : -1;
}

static int join(const char *path, enum namespace_type type, struct error *err)
{
	owned_fd fd = open_namespace(path, type, err);

	return fd < 0 ? -1 : join_opened(fd, path, type, err);
}

static int write_time_offsets(const struct plan *plan, struct error *err)
{
	const struct time_offset_list *offsets = &plan->config->linux_->time_offsets;
	char text[256];
	size_t used = 0;

	for (size_t i = 0; i < offsets->n && used < sizeof text; i++)
		used += (size_t)snprintf(text + used, sizeof text - used, "%s %lld %u\n",
					 offsets->v[i]->key, (long long)offsets->v[i]->secs,
					 offsets->v[i]->nanosecs);
	if (!used)
		return 0;
	if (write_kernel_file_at(AT_FDCWD, "/proc/self/timens_offsets", text, err))
		return error_prefix(err, "linux.timeOffsets");
	return 0;
}

/* A new time namespace takes in the children of the caller only, so that its offsets can be set. */
static int prepare_time_namespace(const struct plan *plan, struct error *err)
{
	if (!plan->new_namespace[NAMESPACE_TIME])
		return 0;
	if (unshare(CLONE_NEWTIME))
		return error_errno(err, errno, "linux.namespaces: new time namespace");
	return write_time_offsets(plan, err);
}

static pid_t clone_process(uint64_t flags, int cgroup_fd, bool *into_cgroup, int *pidfd)
{
	struct clone_args args = { .flags = flags };

	if (!(flags & CLONE_PARENT)) {
		args.exit_signal = SIGCHLD;
		args.flags |= CLONE_PIDFD;
		args.pidfd = (uintptr_t)pidfd;
	}
	*into_cgroup = cgroup_fd >= 0;
	if (cgroup_fd >= 0) {
		args.flags |= CLONE_INTO_CGROUP;
		args.cgroup = (uint32_t)cgroup_fd;
		pid_t pid = sys_clone3(&args);
		/* Before 5.7 the flag is unknown; a group that takes no process yet says EBUSY or
		 * EOPNOTSUPP, and the write to cgroup.procs then tells why. */
		if (pid >= 0)
			return pid;
		args.flags &= ~(uint64_t)CLONE_INTO_CGROUP;
		args.cgroup = 0;
		*into_cgroup = false;
	}
	return sys_clone3(&args);
}

/* The namespaces that the parent leaves for the time of a clone. */
struct way_back {
	int fd[N_JOINED];
};

static int leave_for(const struct plan *plan, struct way_back *back, struct error *err)
{
	char path[64];

	for (size_t i = 0; i < N_JOINED; i++) {
		enum namespace_type type = joined_by_parent[i];
		bool time_offsets = type == NAMESPACE_TIME && plan->new_namespace[type];
		if (!plan->join_namespace[type] && !time_offsets)
			continue;
		snprintf(path, sizeof path, "/proc/self/ns/%s", namespace_file(type));
		back->fd[i] = open_namespace(path, type, err);
		if (back->fd[i] < 0)
			return -1;
		if (plan->join_namespace[type] && join(plan->join_namespace[type], type, err))
			return -1;
	}
	return prepare_time_namespace(plan, err);
}

static int come_back(struct way_back *back, struct error *err)
{
	int failed = 0;

	for (size_t i = 0; i < N_JOINED; i++) {
		owned_fd fd = back->fd[i];
		int flag = (int)namespace_clone_flag(joined_by_parent[i]);
		if (fd >= 0 && setns(fd, flag))
			failed = error_errno(err, errno, "return to the runtime's %s namespace",
					     namespace_file(joined_by_parent[i]));
	}
	return failed;
}

static int spawn_directly(const struct plan *plan, int cgroup_fd, bool *into_cgroup,
			  struct init_process *ret, struct error *err)
{
	struct way_back back;

	for (size_t i = 0; i < N_JOINED; i++)
		back.fd[i] = -1;
	if (leave_for(plan, &back, err)) {
		come_back(&back, NULL);
		return -1;
	}
	ret->pid = clone_process(plan->clone_flags, cgroup_fd, into_cgroup, &ret->pidfd);
	if (ret->pid == 0) {
		for (size_t i = 0; i < N_JOINED; i++)
			close_fd(back.fd[i]);
		return 0;
	}
	if (ret->pid < 0) {
		error_errno(err, errno, "clone3");
		come_back(&back, NULL);
		return -1;
	}
	return come_back(&back, err) ? -1 : 1;
}

/* What the process in between leaves for the parent, in memory that both see. */
struct between {
	pid_t pid;
	bool into_cgroup;
	struct error error;
};

/* Host-owned namespaces are joined while the host's privileges last, the user namespace after them. All
 * are opened first: the mount namespace's files are the container's own. */
static int join_all(const struct plan *plan, struct error *err)
{
	enum namespace_type order[N_JOINED + 2];
	int fd[N_JOINED + 2];
	size_t n = N_JOINED;

	memcpy(order, joined_by_parent, sizeof joined_by_parent);
	order[n++] = NAMESPACE_MOUNT;
	order[n++] = NAMESPACE_USER;
	for (size_t i = 0; i < n; i++) {
		const char *path = plan->join_namespace[order[i]];
		fd[i] = path ? open_namespace(path, order[i], err) : -1;
		if (path && fd[i] < 0)
			return -1;
	}
	for (size_t i = 0; i < n; i++) {
		if (fd[i] >= 0 && join_opened(fd[i], plan->join_namespace[order[i]], order[i], err))
			return -1;
		close_fd(fd[i]);
	}
	return 0;
}

/* What the process in between joins before it makes the one that is wanted. */
struct joining {
	int (*join)(const struct joining *joining, struct error *err);
	const struct plan *plan;
	int container; /* pidfd, for join_running */
	uint64_t clone_flags;
};

static int join_planned(const struct joining *joining, struct error *err)
{
	return join_all(joining->plan, err) ? -1 : prepare_time_namespace(joining->plan, err);
}

/* Runs in the process in between. Returns 0 in the process that is wanted, else never. */
static int spawn_between(const struct joining *joining, int cgroup_fd, struct between *between)
{
	struct error *err = &between->error;
	int failed = 0;

	/* From the join on, processes of that user namespace may have power over us. */
	if (prctl(PR_SET_DUMPABLE, 0))
		failed = error_errno(err, errno, "prctl PR_SET_DUMPABLE");
	if (failed || joining->join(joining, err))
		_exit(1);
	pid_t pid = clone_process(joining->clone_flags | CLONE_PARENT, cgroup_fd,
				  &between->into_cgroup, NULL);
	if (pid == 0)
		return 0;
	if (pid < 0)
		error_errno(err, errno, "clone3");
	else
		between->pid = pid;
	_exit(pid < 0);
}

static int spawn_through_between(const struct joining *joining, int cgroup_fd, bool *into_cgroup,
				 struct init_process *ret, struct error *err)
{
	struct between *between = mmap(NULL, sizeof *between, PROT_READ | PROT_WRITE,
				       MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	int status;

	if (between == MAP_FAILED)
		return error_errno(err, errno, "mmap");
	struct clone_args args = { .exit_signal = SIGCHLD };
	pid_t pid = sys_clone3(&args);
	if (pid == 0)
		return spawn_between(joining, cgroup_fd, between);
	if (pid < 0) {
		error_errno(err, errno, "clone3");
	} else {
		while (waitpid(pid, &status, 0) < 0 && errno == EINTR)
			;
		ret->pid = between->pid;
		*into_cgroup = between->into_cgroup;
		if (!ret->pid && between->error.code)
			*err = between->error;
		else if (!ret->pid)
			error_set(err, ECHILD,
				  "join the user namespace: the process in between died");
	}
	munmap(between, sizeof *between);
	if (ret->pid <= 0)
		return -1;
	/* The pid cannot be reused: the process is our child and nobody has waited for it. */
	ret->pidfd = sys_pidfd_open(ret->pid, 0);
	return ret->pidfd < 0 ? error_errno(err, errno, "pidfd_open") : 1;
}

int namespace_spawn(const struct plan *plan, int cgroup_fd, bool *into_cgroup,
		    struct init_process *ret, struct error *err)
{
	*ret = (struct init_process){ .pidfd = -1 };
	const struct joining joining = { join_planned, plan, -1, plan->clone_flags };
	if (plan->join_namespace[NAMESPACE_USER])
		return spawn_through_between(&joining, cgroup_fd, into_cgroup, ret, err);
	return spawn_directly(plan, cgroup_fd, into_cgroup, ret, err);
}

/* CLONE_NEW… of the namespaces in which the container is not the runtime's neighbour. */
static uint64_t container_namespaces(const struct plan *plan)
{
	uint64_t flags = 0;

	for (int type = 0; type < NAMESPACE_TYPES; type++)
		if (plan->new_namespace[type] || plan->join_namespace[type])
			flags |= namespace_clone_flag((enum namespace_type)type);
	return flags;
}

static int join_failed(struct error *err)
{
	error_errno(err, errno, "join the container's namespaces");
	if (errno == EPERM)
		error_hint(err,
			   "its program must be readable and the container must be the caller's");
	return -1;
}

/* setns(2) of several namespaces by a pidfd: kernel 5.8. */
static int join_running(int container, uint64_t flags, struct error *err)
{
	return flags && setns(container, (int)flags) ? join_failed(err) : 0;
}

/* A container may have been given the runtime's own user namespace, which cannot be joined again: the kernel says
 * EINVAL, and by setns(2) a process of one thread gets that for nothing else. Nobody but the kernel may be
 * asked: the path that was given may name another namespace by now, and where we are it is the container's. */
static int join_running_user_namespace(int container, uint64_t flag, struct error *err)
{
	if (flag && setns(container, (int)flag) && errno != EINVAL)
		return join_failed(err);
	return 0;
}

static int join_running_from_outside(const struct joining *joining, struct error *err)
{
	return join_running(joining->container, container_namespaces(joining->plan), err);
}

int namespace_spawn_into(const struct plan *plan, int container, int cgroup_fd, bool *into_cgroup,
			 struct init_process *ret, struct error *err)
{
	const struct joining joining = { join_running_from_outside, plan, container, 0 };

	*ret = (struct init_process){ .pidfd = -1 };
	if (plan->unprivileged)
		return spawn_through_between(&joining, cgroup_fd, into_cgroup, ret, err);
	owned_fd own = open_namespace("/proc/self/ns/pid", NAMESPACE_PID, err);
	if (own < 0 || join_running(container, container_namespaces(plan) & CLONE_NEWPID, err))
		return -1;
	ret->pid = clone_process(0, cgroup_fd, into_cgroup, &ret->pidfd);
	if (ret->pid == 0)
		return 0;
	int code = errno;
	/* Later children of ours are no business of the container's. */
	if (setns(own, CLONE_NEWPID))
		return error_errno(err, errno, "return to the runtime's pid namespace");
	return ret->pid > 0 ? 1 : error_errno(err, code, "clone3");
}

/* Host-owned namespaces are joined while the host's privileges last, the user namespace after them. */
int namespace_join_running(const struct plan *plan, int container, struct error *err)
{
	uint64_t flags = container_namespaces(plan) & ~(uint64_t)CLONE_NEWPID;

	if (plan->unprivileged)
		return 0;
	if (join_running(container, flags & ~(uint64_t)CLONE_NEWUSER, err))
		return -1;
	return join_running_user_namespace(container, flags & CLONE_NEWUSER, err);
}

int namespace_join_mount(const struct plan *plan, struct error *err)
{
	const char *mount = plan->join_namespace[NAMESPACE_MOUNT];

	if (mount && !plan->join_namespace[NAMESPACE_USER] && join(mount, NAMESPACE_MOUNT, err))
		return -1;
	return 0;
}

int namespace_new_cgroup(const struct plan *plan, struct error *err)
{
	if (plan->new_namespace[NAMESPACE_CGROUP] && unshare(CLONE_NEWCGROUP))
		return error_errno(err, errno, "linux.namespaces: new cgroup namespace");
	return 0;
}
