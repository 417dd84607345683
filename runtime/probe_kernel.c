/* The kernel's part: each system call is made in a way that does nothing, each namespace by a child. */
#include <errno.h>
#include <limits.h>
#include <linux/seccomp.h>
#include <sched.h>
#include <string.h>
#include <sys/utsname.h>
#include <sys/wait.h>

#include "runtime/mount_new.h"
#include "runtime/plan.h"
#include "runtime/probe.h"
#include "runtime/seccomp_support.h"
#include "spec/base/io.h"
#include "spec/base/owned.h"
#include "spec/base/sys.h"
#include "spec/idmap.h"

static bool kernel(struct buffer *detail)
{
	struct utsname name;

	if (uname(&name)) {
		buffer_print(detail, "uname: %s", errno_text(errno));
		return false;
	}
	buffer_print(detail, "%s %s %s", name.sysname, name.release, name.machine);
	return true;
}

/* The outcome of a call that does nothing: most errors are due to its empty arguments. ENOSYS is the
 * kernel's answer, and that of a filter of seccomp, which may also say EPERM. */
static bool call_is_there(long result, struct buffer *detail)
{
	if (result >= 0 || (errno != ENOSYS && errno != EPERM))
		return true;
	buffer_print(detail, "%s", errno_text(errno));
	return false;
}

static bool clone3_call(struct buffer *detail)
{
	return call_is_there(syscall(SYS_clone3, NULL, (size_t)0), detail);
}

static bool openat2_call(struct buffer *detail)
{
	owned_fd fd = sys_openat2(AT_FDCWD, "/", O_PATH | O_CLOEXEC, 0, RESOLVE_IN_ROOT);

	return call_is_there(fd, detail);
}

static bool pidfd_call(struct buffer *detail)
{
	owned_fd fd = sys_pidfd_open(getpid(), 0);

	return call_is_there(fd, detail);
}

static bool close_range_call(struct buffer *detail)
{
	return call_is_there(sys_close_range(UINT_MAX, UINT_MAX, CLOSE_RANGE_CLOEXEC), detail);
}

static bool open_tree_call(struct buffer *detail)
{
	owned_fd fd = sys_open_tree(AT_FDCWD, "/", O_CLOEXEC);

	return call_is_there(fd, detail);
}

static bool mount_setattr_call(struct buffer *detail)
{
	struct mount_attr nothing = { 0 };

	return call_is_there(sys_mount_setattr(-1, "", AT_EMPTY_PATH, &nothing), detail);
}

static bool new_mounts(struct buffer *detail)
{
	struct error error = { 0 };
	owned_fd fd = mount_new("tmpfs", NULL, NULL, 0, 0, &error);

	if (fd < 0)
		buffer_print(detail, "%s", error.msg);
	return fd >= 0;
}

static bool idmapped_mounts(struct buffer *detail)
{
	struct id_mapping one = { .container_id = 0, .host_id = 1, .size = 1 };
	struct id_mapping *v = &one;
	struct id_mapping_list list = { &v, 1 };
	struct error error = { 0 };
	owned_fd mount = mount_new("tmpfs", NULL, NULL, 0, 0, &error);
	owned_fd namespace = mount < 0 ? -1 : idmap_open_namespace(&list, &list, &error);

	if (namespace < 0) {
		buffer_print(detail, "%s", error.msg);
		return false;
	}
	struct mount_attr attr = { .attr_set = MOUNT_ATTR_IDMAP, .userns_fd = (unsigned)namespace };
	if (sys_mount_setattr(mount, "", AT_EMPTY_PATH, &attr) == 0)
		return true;
	buffer_print(detail, "mount_setattr: %s", errno_text(errno));
	return false;
}

/* By a child, which ends at once and its namespace with it. */
static bool namespace_of_type(enum namespace_type type, struct buffer *detail)
{
	int status = 0;
	pid_t pid = fork();

	if (pid == 0)
		_exit(unshare((int)namespace_clone_flag(type)) ? errno : 0);
	while (pid > 0 && waitpid(pid, &status, 0) < 0 && errno == EINTR)
		;
	int code = pid < 0 ? errno : WIFEXITED(status) ? WEXITSTATUS(status) : ECHILD;
	if (code)
		buffer_print(detail, "%s", errno_text(code));
	return code == 0;
}

static bool pid_namespace(struct buffer *detail)
{
	return namespace_of_type(NAMESPACE_PID, detail);
}

static bool network_namespace(struct buffer *detail)
{
	return namespace_of_type(NAMESPACE_NETWORK, detail);
}

static bool mount_namespace(struct buffer *detail)
{
	return namespace_of_type(NAMESPACE_MOUNT, detail);
}

static bool ipc_namespace(struct buffer *detail)
{
	return namespace_of_type(NAMESPACE_IPC, detail);
}

static bool uts_namespace(struct buffer *detail)
{
	return namespace_of_type(NAMESPACE_UTS, detail);
}

static bool user_namespace(struct buffer *detail)
{
	return namespace_of_type(NAMESPACE_USER, detail);
}

static bool cgroup_namespace(struct buffer *detail)
{
	return namespace_of_type(NAMESPACE_CGROUP, detail);
}

static bool time_namespace(struct buffer *detail)
{
	return namespace_of_type(NAMESPACE_TIME, detail);
}

/* What distributions forbid to others than root. */
static bool user_namespaces_for_all(struct buffer *detail)
{
	static const struct {
		const char *path, *forbids;
	} knobs[] = {
		{ "/proc/sys/user/max_user_namespaces", "0" },
		{ "/proc/sys/kernel/unprivileged_userns_clone", "0" },
		{ "/proc/sys/kernel/apparmor_restrict_unprivileged_userns", "1" },
	};
	char line[32], limit[32] = "";

	for (size_t i = 0; i < sizeof knobs / sizeof *knobs; i++) {
		if (read_line_at(AT_FDCWD, knobs[i].path, line, sizeof line, NULL))
			continue;
		if (text_equal(line, knobs[i].forbids)) {
			buffer_print(detail, "%s is %s", knobs[i].path, line);
			return false;
		}
		if (i == 0)
			memcpy(limit, line, sizeof limit);
	}
	buffer_print(detail, *limit ? "at most %s" : "no limit is known%s", limit);
	return true;
}

static bool seccomp_actions(struct buffer *detail)
{
	static const struct {
		const char *name;
		uint32_t action;
	} actions[] = {
		{ "KILL_PROCESS", SECCOMP_RET_KILL_PROCESS },
		{ "KILL_THREAD", SECCOMP_RET_KILL_THREAD },
		{ "TRAP", SECCOMP_RET_TRAP },
		{ "ERRNO", SECCOMP_RET_ERRNO },
		{ "NOTIFY", SECCOMP_RET_USER_NOTIF },
		{ "TRACE", SECCOMP_RET_TRACE },
		{ "LOG", SECCOMP_RET_LOG },
		{ "ALLOW", SECCOMP_RET_ALLOW },
	};
	size_t before = detail->length;

	for (size_t i = 0; i < sizeof actions / sizeof *actions; i++)
		if (seccomp_action_is_available(actions[i].action))
			buffer_print(detail, "%s%s", detail->length > before ? " " : "",
				     actions[i].name);
	if (detail->length == before)
		buffer_print(detail, "%s", errno_text(errno));
	return seccomp_action_is_available(SECCOMP_RET_ALLOW);
}

static bool seccomp_flags(struct buffer *detail)
{
	const struct word *word = table_words(&config_type, "linux.seccomp.flags");
	size_t before = detail->length;

	for (; word->name; word++)
		if (seccomp_flag_is_supported((uint64_t)word->number))
			buffer_print(detail, "%s%s", detail->length > before ? " " : "",
				     word->name + strlen("SECCOMP_FILTER_FLAG_"));
	if (detail->length == before)
		buffer_print(detail, "seccomp(2) takes none");
	return detail->length > before && seccomp_action_is_available(SECCOMP_RET_ALLOW);
}

static bool memory_policy(struct buffer *detail)
{
	char nodes[256] = "";

	if (syscall(SYS_get_mempolicy, NULL, NULL, 0ul, NULL, 0ul)) {
		buffer_print(detail, "get_mempolicy: %s", errno_text(errno));
		return false;
	}
	if (read_line_at(AT_FDCWD, "/sys/devices/system/node/online", nodes, sizeof nodes, NULL) ==
	    0)
		buffer_print(detail, "nodes %s", nodes);
	return true;
}

const struct probe probes_of_kernel[] = {
	{ "kernel", kernel },
	{ "clone3", clone3_call },
	{ "openat2", openat2_call },
	{ "pidfd_open", pidfd_call },
	{ "close_range", close_range_call },
	{ "open_tree", open_tree_call },
	{ "mount_setattr", mount_setattr_call },
	{ "new mounts", new_mounts },
	{ "idmapped mounts", idmapped_mounts },
	{ "pid namespace", pid_namespace },
	{ "network namespace", network_namespace },
	{ "mount namespace", mount_namespace },
	{ "ipc namespace", ipc_namespace },
	{ "uts namespace", uts_namespace },
	{ "user namespace", user_namespace },
	{ "cgroup namespace", cgroup_namespace },
	{ "time namespace", time_namespace },
	{ "user namespaces without root", user_namespaces_for_all },
	{ "seccomp actions", seccomp_actions },
	{ "seccomp flags", seccomp_flags },
	{ "memory policy", memory_policy },
	{ NULL, NULL },
};
