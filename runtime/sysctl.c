/* linux.sysctl: which parameters a container may set, and setting them through a trusted procfs.
 * Knows the namespaces of the configuration, not how they are made. */
#include "runtime/sysctl.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <string.h>
#include <sys/stat.h>

#include "spec/base/owned.h"
#include "spec/base/sys.h"

/* What each namespace isolates; names in the form of paths below /proc/sys. */
static const struct {
	const char *name; /* with a slash at its end: everything below */
	enum namespace_type type;
} isolated[] = {
	{ "kernel/msgmax", NAMESPACE_IPC },
	{ "kernel/msgmnb", NAMESPACE_IPC },
	{ "kernel/msgmni", NAMESPACE_IPC },
	{ "kernel/sem", NAMESPACE_IPC },
	{ "kernel/shmall", NAMESPACE_IPC },
	{ "kernel/shmmax", NAMESPACE_IPC },
	{ "kernel/shmmni", NAMESPACE_IPC },
	{ "kernel/shm_rmid_forced", NAMESPACE_IPC },
	{ "fs/mqueue/", NAMESPACE_IPC },
	{ "net/", NAMESPACE_NETWORK },
	{ "kernel/domainname", NAMESPACE_UTS },
	/* Limits such as user.max_user_namespaces are counted per user namespace; in the host's they
	 * would change what every other process may do. */
	{ "user/", NAMESPACE_USER },
};

static const struct {
	const char *name, *own_path;
} own_namespaces[NAMESPACE_TYPES] = {
	[NAMESPACE_IPC] = { "ipc", "/proc/self/ns/ipc" },
	[NAMESPACE_NETWORK] = { "network", "/proc/self/ns/net" },
	[NAMESPACE_UTS] = { "uts", "/proc/self/ns/uts" },
	[NAMESPACE_USER] = { "user", "/proc/self/ns/user" },
};

/* sysctl(8): the first separator of the key is its separator, the other of '.' and '/' an ordinary
 * character, which a path below /proc/sys spells '.' ("net.ipv4.conf.eth0/100.forwarding"). */
static int key_to_path(const char *key, char *path, size_t size, struct error *err)
{
	const char *first = strpbrk(key, "./");
	size_t length = strlen(key);

	if (length >= size)
		return error_set(err, ENAMETOOLONG, "linux.sysctl[\"%s\"]: too long", key);
	memcpy(path, key, length + 1);
	if (first && *first == '.')
		for (char *at = path; *at; at++)
			*at = *at == '.' ? '/' : (*at == '/' ? '.' : *at);

	const char *part = path;
	for (;;) {
		size_t part_length = strcspn(part, "/");

		if (part_length == 0 || (part_length == 1 && part[0] == '.') ||
		    (part_length == 2 && part[0] == '.' && part[1] == '.'))
			return error_set(err, EINVAL,
					 "linux.sysctl[\"%s\"]: not the name of a parameter", key);
		if (!part[part_length])
			return 0;
		part += part_length + 1;
	}
}

static bool same_file(const struct stat *a, const struct stat *b)
{
	return a->st_dev == b->st_dev && a->st_ino == b->st_ino;
}

/* A namespace joined by path may still be the one that the runtime itself is in. */
static int require_own_namespace(const struct config *config, const char *key,
				 enum namespace_type type, struct error *err)
{
	const struct namespace *entry = config_namespace(config, type);
	struct stat ours, theirs;

	if (entry && !entry->path)
		return 0;
	if (entry) {
		if (stat(own_namespaces[type].own_path, &ours))
			return error_errno(err, errno, "linux.sysctl[\"%s\"]: stat %s", key,
					   own_namespaces[type].own_path);
		if (stat(entry->path, &theirs))
			return error_errno(err, errno, "linux.sysctl[\"%s\"]: %s namespace %s", key,
					   own_namespaces[type].name, entry->path);
		if (!same_file(&ours, &theirs))
			return 0;
	}
	return error_set(err, EPERM, "linux.sysctl[\"%s\"]: not allowed in the host's %s namespace",
			 key, own_namespaces[type].name);
}

static bool names_parameter(const char *name, const char *path)
{
	if (name[strlen(name) - 1] == '/')
		return text_starts_with(path, name);
	return strcmp(path, name) == 0;
}

static int validate_key(const struct config *config, const char *key, struct error *err)
{
	char path[PATH_MAX];

	if (key_to_path(key, path, sizeof path, err))
		return -1;
	if (strcmp(path, "kernel/hostname") == 0)
		return error_set(err, EINVAL,
				 "linux.sysctl[\"%s\"]: the field hostname is the way to set it",
				 key);
	for (size_t i = 0; i < sizeof isolated / sizeof isolated[0]; i++)
		if (names_parameter(isolated[i].name, path))
			return require_own_namespace(config, key, isolated[i].type, err);
	return error_set(err, EPERM, "linux.sysctl[\"%s\"]: no namespace isolates this parameter",
			 key);
}

int sysctl_validate(const struct config *config, struct error *err)
{
	if (!config->linux_)
		return 0;
	for (size_t i = 0; i < config->linux_->sysctl.n; i++)
		if (validate_key(config, config->linux_->sysctl.v[i].key, err))
			return -1;
	return 0;
}

static int apply_one(int procfs, const char *key, const char *value, struct error *err)
{
	static const char below[] = "sys/";
	char path[PATH_MAX] = "sys/";
	size_t length = strlen(value);

	if (key_to_path(key, path + sizeof below - 1, sizeof path - sizeof below + 1, err))
		return -1;
	owned_fd fd = sys_openat2(procfs, path, O_WRONLY | O_CLOEXEC, 0,
				  RESOLVE_BENEATH | RESOLVE_NO_SYMLINKS | RESOLVE_NO_XDEV);
	if (fd < 0)
		return error_errno(err, errno, "linux.sysctl[\"%s\"]: open /proc/%s", key, path);
	ssize_t written = write(fd, value, length);
	if (written < 0)
		return error_errno(err, errno, "linux.sysctl[\"%s\"]: write '%.200s'", key, value);
	if ((size_t)written != length)
		return error_set(
			err, EIO,
			"linux.sysctl[\"%s\"]: only %zd of %zu bytes of '%.200s' were taken", key,
			written, length, value);
	return 0;
}

int sysctl_apply(int procfs, const struct string_map *sysctl, struct error *err)
{
	for (size_t i = 0; i < sysctl->n; i++)
		if (apply_one(procfs, sysctl->v[i].key, sysctl->v[i].value, err))
			return -1;
	return 0;
}
