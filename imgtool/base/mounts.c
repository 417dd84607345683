#include "imgtool/base/mounts.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include "spec/base/mountinfo.h"
#include "spec/base/owned.h"
#include "spec/base/text.h"

#define NAMESPACE_MAX 64 /* bytes of "mnt:[4026531841]" */

/* The mount namespace of a process, as the kernel words it. */
static bool read_namespace(int procfs, const char *process, char ret[NAMESPACE_MAX])
{
	char path[64];

	snprintf(path, sizeof path, "%.32s/ns/mnt", process);
	ssize_t length = readlinkat(procfs, path, ret, NAMESPACE_MAX - 1);
	ret[length < 0 ? 0 : length] = '\0';
	return length > 0;
}

static bool has_root(int procfs, const char *process, const char *label)
{
	char path[64];
	struct mountinfo mount;

	snprintf(path, sizeof path, "%.32s/mountinfo", process);
	owned_string text = mountinfo_read(procfs, path, NULL);
	for (char *rest = text; rest && mountinfo_next(&rest, &mount);)
		if (strcmp(mount.mountpoint, "/") == 0 && strcmp(mount.source, label) == 0)
			return true;
	return false;
}

pid_t mounts_find_container(const char *label)
{
	OWNED(string_list_finish) struct string_list seen = { 0 };
	owned_dir proc = opendir("/proc");
	char namespace[NAMESPACE_MAX];
	uint64_t pid;

	if (!proc || !read_namespace(dirfd(proc), "self", namespace))
		return 0;
	string_list_add(&seen, namespace);
	for (const struct dirent *entry; (entry = readdir(proc));) {
		if (text_to_uint64(entry->d_name, &pid) ||
		    !read_namespace(dirfd(proc), entry->d_name, namespace) ||
		    string_list_has(&seen, namespace))
			continue;
		string_list_add(&seen, namespace);
		if (has_root(dirfd(proc), entry->d_name, label))
			return (pid_t)pid;
	}
	return 0;
}

static char *read_own(struct error *err)
{
	owned_fd procfs = open("/proc", O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	if (procfs >= 0)
		return mountinfo_read(procfs, "self/mountinfo", err);
	error_errno(err, errno, "open /proc");
	return NULL;
}

int mounts_have(const char *label, struct error *err)
{
	owned_string text = read_own(err);
	struct mountinfo mount;

	if (!text)
		return -1;
	for (char *rest = text; mountinfo_next(&rest, &mount);)
		if (strcmp(mount.source, label) == 0)
			return 1;
	return 0;
}

int mounts_check_none(const char *directory, struct error *err)
{
	owned_string text = read_own(err);
	size_t length = strlen(directory);
	struct mountinfo mount;

	if (!text)
		return -1;
	for (char *rest = text; mountinfo_next(&rest, &mount);) {
		mountinfo_unescape(mount.mountpoint);
		if (strncmp(mount.mountpoint, directory, length) == 0 &&
		    (!mount.mountpoint[length] || mount.mountpoint[length] == '/'))
			return error_set(err, EBUSY, "%s is mounted", mount.mountpoint);
	}
	return 0;
}
