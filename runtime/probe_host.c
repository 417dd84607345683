/* What stands beside the kernel: security modules, file systems, and programs that orun asks for help. */
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "runtime/criu.h"
#include "runtime/lsm.h"
#include "runtime/passwd.h"
#include "runtime/probe.h"
#include "runtime/resctrl.h"
#include "runtime/systemd.h"
#include "spec/base/io.h"
#include "spec/base/owned.h"

static bool security_module(bool built, bool enabled, const char *name, struct buffer *detail)
{
	if (!built)
		buffer_print(detail, "this orun is built without %s", name);
	else if (!enabled)
		buffer_print(detail, "not enabled in this kernel");
	return built && enabled;
}

static bool apparmor(struct buffer *detail)
{
	return security_module(LSM_APPARMOR_BUILT, lsm_apparmor_enabled(), "AppArmor", detail);
}

static bool selinux(struct buffer *detail)
{
	return security_module(LSM_SELINUX_BUILT, lsm_selinux_enabled(), "SELinux", detail);
}

static bool intel_rdt(struct buffer *detail)
{
	struct error error = { 0 };
	owned_string directory = resctrl_find(&error);

	buffer_print(detail, "%s", directory ? directory : error.msg);
	return directory;
}

/* sd_booted(3) */
static bool systemd(struct buffer *detail)
{
	struct stat status;

	if (lstat("/run/systemd/system", &status) == 0 && S_ISDIR(status.st_mode))
		return true;
	buffer_print(detail, "the host was not started by it: there is no /run/systemd/system");
	return false;
}

static bool systemd_cgroups(struct buffer *detail)
{
	if (!systemd_is_installed()) {
		buffer_print(detail, "the program orun-systemd is not installed");
		return false;
	}
	return systemd(detail);
}

static bool criu(struct buffer *detail)
{
	struct error error = { 0 };
	int version;
	owned_string path = criu_find(&version, &error);

	if (path)
		buffer_print(detail, "%s, version %d.%d.%d", path, version / 10000,
			     version / 100 % 100, version % 100);
	else
		buffer_print(detail, "%s", error.msg);
	return path;
}

/* Whether criu gets along with this kernel: it looks at all that it needs before it answers. */
static bool checkpoint(struct buffer *detail)
{
	const struct criu_features nothing_more = { .mem_track = { true, false } };
	struct error error = { 0 };
	int version;
	owned_string path = criu_find(&version, &error);

	if (path && criu_check_features(path, &nothing_more, &error) == 0)
		return true;
	buffer_print(detail, "%s", error.msg);
	return false;
}

static bool find_program(const char *name, struct buffer *detail)
{
	const char *path = getenv("PATH");
	owned_string copy = strdup(path ? path : "/usr/sbin:/usr/bin:/sbin:/bin");
	char *rest = copy, *directory;

	while ((directory = strsep(&rest, ":"))) {
		owned_string file = text_format("%s/%s", directory, name);
		if (*directory == '/' && file && access(file, X_OK) == 0) {
			buffer_print(detail, "%s", file);
			return true;
		}
	}
	buffer_print(detail, "no program of that name in PATH");
	return false;
}

static bool newuidmap(struct buffer *detail)
{
	return find_program("newuidmap", detail);
}

static bool newgidmap(struct buffer *detail)
{
	return find_program("newgidmap", detail);
}

enum { SUBORDINATE_IDS_MAX = 1 << 20 /* bytes of the file */ };

/* subuid(5): lines of NAME-OR-NUMBER:FIRST:COUNT. */
static bool subordinate_ids(const char *file, struct buffer *detail)
{
	owned_fd passwd = open("/etc/passwd", O_RDONLY | O_CLOEXEC);
	owned_string name = passwd_name(passwd, getuid());
	owned_string number = text_format("%u", getuid());
	struct error error = { 0 };
	owned_string text = NULL;
	char *line;

	if (read_file_at(AT_FDCWD, file, SUBORDINATE_IDS_MAX, &text, NULL, &error)) {
		buffer_print(detail, "%s", error.msg);
		return false;
	}
	for (char *rest = text; (line = strsep(&rest, "\n"));) {
		const char *who = strsep(&line, ":");
		if (!line || (!text_equal(who, name) && !text_equal(who, number)))
			continue;
		const char *first = strsep(&line, ":");
		buffer_print(detail, "%s from %s on", line ? line : "?", first);
		return true;
	}
	buffer_print(detail, "%s has no line for the caller", file);
	return false;
}

static bool subuid(struct buffer *detail)
{
	return subordinate_ids("/etc/subuid", detail);
}

static bool subgid(struct buffer *detail)
{
	return subordinate_ids("/etc/subgid", detail);
}

const struct probe probes_of_host[] = {
	{ "AppArmor", apparmor },
	{ "SELinux", selinux },
	{ "Intel RDT", intel_rdt },
	{ "systemd", systemd },
	{ "systemd cgroups", systemd_cgroups },
	{ "criu", criu },
	{ "checkpoint", checkpoint },
	{ "newuidmap", newuidmap },
	{ "newgidmap", newgidmap },
	{ "subuid", subuid },
	{ "subgid", subgid },
	{ NULL, NULL },
};
