/* AppArmor profile and SELinux label of the process to be executed: plain writes to attributes of
 * the calling thread. Needs neither library; knows nothing of mounts beyond one option's text. */
#include "runtime/lsm.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/statfs.h>

#include "spec/base/io.h"
#include "spec/base/owned.h"
#include "spec/base/sys.h"

#define SELINUX_FILESYSTEM_MAGIC 0xf97cff8cU

#ifdef ORUN_WITHOUT_APPARMOR
#define APPARMOR_ABSENT "this build of orun is without AppArmor"
bool lsm_apparmor_enabled(void)
{
	return false;
}
#else
#define APPARMOR_ABSENT "AppArmor is not enabled in this kernel"

/* The parameter stays Y when the module is built in but not in the list of active ones. */
static bool module_is_active(const char *name)
{
	char line[1024];
	char *rest = NULL;

	if (read_line_at(AT_FDCWD, "/sys/kernel/security/lsm", line, sizeof line, NULL))
		return true; /* securityfs is not mounted, or the kernel is from before 5.1 */
	for (char *word = strtok_r(line, ",", &rest); word; word = strtok_r(NULL, ",", &rest))
		if (strcmp(word, name) == 0)
			return true;
	return false;
}

bool lsm_apparmor_enabled(void)
{
	char line[16];

	return read_line_at(AT_FDCWD, "/sys/module/apparmor/parameters/enabled", line, sizeof line,
			    NULL) == 0 &&
	       line[0] == 'Y' && module_is_active("apparmor");
}
#endif

#ifdef ORUN_WITHOUT_SELINUX
#define SELINUX_ABSENT "this build of orun is without SELinux"
bool lsm_selinux_enabled(void)
{
	return false;
}
#else
#define SELINUX_ABSENT "SELinux is not enabled in this kernel"
bool lsm_selinux_enabled(void)
{
	struct statfs fs;

	return statfs("/sys/fs/selinux", &fs) == 0 &&
	       (uint32_t)fs.f_type == SELINUX_FILESYSTEM_MAGIC;
}
#endif

static int warn(struct string_list *warnings, const char *field, const char *value,
		const char *reason, struct error *err)
{
	owned_string text = text_format("%s \"%s\" is not applied: %s", field, value, reason);

	if (!text || string_list_add(warnings, text))
		return error_errno(err, ENOMEM, "%s", field);
	return 0;
}

int lsm_plan(const struct process *process, const char **apparmor, const char **selinux,
	     struct string_list *warnings, struct error *err)
{
	const char *profile = process->apparmor_profile, *label = process->selinux_label;

	*apparmor = NULL;
	*selinux = NULL;
	if (profile && *profile) {
		if (lsm_apparmor_enabled())
			*apparmor = profile;
		else if (strcmp(profile, "unconfined") != 0 && /* that is what it will be */
			 warn(warnings, "process.apparmorProfile", profile, APPARMOR_ABSENT, err))
			return -1;
	}
	if (label && *label) {
		if (lsm_selinux_enabled())
			*selinux = label;
		else if (warn(warnings, "process.selinuxLabel", label, SELINUX_ABSENT, err))
			return -1;
	}
	return 0;
}

/* thread-self is a symlink of procfs itself, relative and without magic, so that resolving beneath
 * the descriptor may follow it. A file system mounted over a part of procfs is not entered. */
static int open_attribute(int procfs, const char *name)
{
	char path[64] = "thread-self/attr/";

	strncat(path, name, sizeof path - strlen(path) - 1);
	return sys_openat2(procfs, path, O_WRONLY | O_CLOEXEC, 0,
			   RESOLVE_BENEATH | RESOLVE_NO_MAGICLINKS | RESOLVE_NO_XDEV);
}

static int write_attribute(int fd, const char *text)
{
	size_t length = strlen(text);
	ssize_t written = fd < 0 ? -1 : write(fd, text, length);

	if (written >= 0 && (size_t)written != length) {
		errno = EIO;
		return -1;
	}
	return written < 0 ? -1 : 0;
}

static int apply_apparmor(int procfs, const char *profile, struct error *err)
{
	owned_string text = text_format("exec %s", profile);
	owned_fd fd = open_attribute(procfs, "apparmor/exec");

	if (!text)
		return error_errno(err, ENOMEM, "AppArmor profile \"%s\"", profile);
	/* Before 5.8 AppArmor had only the file that all modules share. */
	if (fd < 0 && errno == ENOENT)
		fd = open_attribute(procfs, "exec");
	bool opened = fd >= 0;
	if (write_attribute(fd, text) == 0)
		return 0;
	int code = errno;
	error_errno(err, code, "AppArmor profile \"%s\": write `/proc/thread-self/attr/exec`",
		    profile);
	if (opened && code == ENOENT)
		error_hint(err, "the profile is not loaded, apparmor_parser(8) loads it");
	return -1;
}

static int apply_selinux(int procfs, const char *label, struct error *err)
{
	owned_fd fd = open_attribute(procfs, "exec");

	if (write_attribute(fd, label) == 0)
		return 0;
	int code = errno;
	error_errno(err, code, "SELinux label \"%s\": write `/proc/thread-self/attr/exec`", label);
	if (code == EINVAL)
		error_hint(err, "the loaded policy does not know this label");
	return -1;
}

int lsm_apply(int procfs, const char *apparmor, const char *selinux, struct error *err)
{
	if (apparmor && apply_apparmor(procfs, apparmor, err))
		return -1;
	if (selinux && apply_selinux(procfs, selinux, err))
		return -1;
	return 0;
}
