#include "runtime/process.h"

#include <errno.h>
#include <grp.h>
#include <limits.h>
#include <linux/keyctl.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/personality.h>
#include <sys/resource.h>
#include <sys/sysmacros.h>

#include "runtime/exec_failure.h"
#include "spec/base/io.h"
#include "spec/base/owned.h"
#include "spec/base/sys.h"

#define KEY_POSSESSOR_ALL 0x3f000000u
#define KEY_USER_SEARCH_VIEW 0x00090000u

int process_set_rlimits(pid_t pid, const struct resource_limit_list *limits, struct error *err)
{
	for (size_t i = 0; i < limits->n; i++) {
		const struct resource_limit *limit = limits->v[i];
		struct rlimit value = { .rlim_cur = limit->soft, .rlim_max = limit->hard };
		if (prlimit(pid, (enum __rlimit_resource)limit->type, &value, NULL) == 0)
			continue;
		error_errno(err, errno, "process.rlimits[%zu]: set soft %llu, hard %llu", i,
			    (unsigned long long)limit->soft, (unsigned long long)limit->hard);
		if (errno == EPERM)
			error_hint(err, "raising a hard limit needs CAP_SYS_RESOURCE");
		return -1;
	}
	return 0;
}

int process_set_oom_score(pid_t pid, const struct opt_int64 *adjustment, struct error *err)
{
	char path[48], text[24];

	if (!adjustment->set)
		return 0;
	snprintf(path, sizeof path, "/proc/%d/oom_score_adj", (int)pid);
	snprintf(text, sizeof text, "%lld", (long long)adjustment->value);
	if (write_kernel_file_at(AT_FDCWD, path, text, err) == 0)
		return 0;
	error_prefix(err, "process.oomScoreAdj");
	return err->code == EACCES
		       ? error_hint(err,
				    "lowering it below the runtime's own needs CAP_SYS_RESOURCE")
		       : -1;
}

int process_join_keyring(const char *id, struct error *err)
{
	owned_string name = text_format("_ses.%s", id);

	if (!name)
		return error_errno(err, ENOMEM, "session keyring");
	long ring = sys_keyctl(KEYCTL_JOIN_SESSION_KEYRING, (unsigned long)name, 0, 0);
	if (ring < 0) {
		/* ENOSYS: no keyrings in this kernel; EPERM: a seccomp filter around us forbids them. */
		if (errno == ENOSYS || errno == EPERM)
			return 0;
		error_errno(err, errno, "session keyring");
		return errno == EDQUOT ? error_hint(err, "raise kernel.keys.maxkeys, or use "
							 "--no-new-keyring")
				       : -1;
	}
	/* The user of the container may look its own keyring up. */
	if (sys_keyctl(KEYCTL_SETPERM, (unsigned long)ring,
		       KEY_POSSESSOR_ALL | KEY_USER_SEARCH_VIEW, 0) < 0 &&
	    errno != EACCES)
		return error_errno(err, errno, "permissions of the session keyring");
	return 0;
}

void process_reset_signals(void)
{
	/* Those that cannot be set are not ignored either. */
	for (int number = 1; number < _NSIG; number++)
		signal(number, SIG_DFL);
}

int process_enter_cwd(const char *cwd, bool *entered, struct error *err)
{
	char inside[4096];

	*entered = chdir(cwd) == 0;
	if (!*entered)
		return error_errno(err, errno, "process.cwd: chdir to '%s'", cwd);
	/* getcwd(2) of a directory outside the root gives no absolute path. */
	if (!getcwd(inside, sizeof inside) || inside[0] != '/')
		return error_set(err, EACCES,
				 "process.cwd: '%s' leads outside the container's root: refused",
				 cwd);
	return 0;
}

int process_own_stdio(uid_t uid, struct error *err)
{
	for (int fd = 0; fd <= 2; fd++) {
		struct stat st;
		if (fstat(fd, &st))
			continue; /* closed by the caller: nothing to own */
		if (st.st_uid == uid || (S_ISCHR(st.st_mode) && st.st_rdev == makedev(1, 3)))
			continue;
		/* Pipes of another user namespace, read-only file systems and files that root itself may
		 * not own: the program then sees them as they are. */
		if (fchown(fd, uid, (gid_t)-1) && errno != EINVAL && errno != EPERM &&
		    errno != EROFS && errno != EBADF)
			return error_errno(err, errno, "chown of standard stream %d", fd);
	}
	return 0;
}

/* A user namespace whose maker may map only itself denies setgroups(2), user_namespaces(7): no groups is then
 * what there is. Also where the namespace is not the container's own but its runtime's. */
static bool groups_are_denied(void)
{
	char word[8] = "";

	return read_line_at(AT_FDCWD, "/proc/self/setgroups", word, sizeof word, NULL) == 0 &&
	       strcmp(word, "deny") == 0;
}

int process_become_user(const struct user *user, bool in_user_namespace, struct error *err)
{
	static const struct user root = { 0 };

	if (!user)
		user = &root;
	if (setgroups(user->additional_gids.n, user->additional_gids.v) &&
	    !(errno == EPERM && !user->additional_gids.n &&
	      (in_user_namespace || groups_are_denied())))
		return error_errno(err, errno, "process.user.additionalGids: setgroups");
	if (setresgid(user->gid, user->gid, user->gid)) {
		error_errno(err, errno, "process.user.gid: setresgid %u", user->gid);
		return errno == EINVAL ? error_hint(err, "linux.gidMappings has no such id") : -1;
	}
	if (setresuid(user->uid, user->uid, user->uid)) {
		error_errno(err, errno, "process.user.uid: setresuid %u", user->uid);
		return errno == EINVAL ? error_hint(err, "linux.uidMappings has no such id") : -1;
	}
	return 0;
}

static const char *path_of(const struct string_list *environment)
{
	for (size_t i = 0; i < environment->n; i++)
		if (text_starts_with(environment->v[i], "PATH="))
			return environment->v[i] + strlen("PATH=");
	return "/bin:/usr/bin"; /* execvp(3) without PATH */
}

/* 0 when @path is a file that may be executed; else -1 with errno. */
static int check_executable(const char *path)
{
	struct stat st;

	if (stat(path, &st))
		return -1;
	if (S_ISDIR(st.st_mode)) {
		errno = EISDIR;
		return -1;
	}
	return faccessat(AT_FDCWD, path, X_OK, AT_EACCESS);
}

/* @denied: the first that was found and may not be executed. */
static char *search_path(const char *name, const char *path, char denied[PATH_MAX])
{
	for (const char *at = path;; at++) {
		size_t length = strcspn(at, ":");
		/* An empty entry means the working directory. */
		char *full = length ? text_format("%.*s/%s", (int)length, at, name)
				    : text_format("./%s", name);
		if (!full || check_executable(full) == 0)
			return full;
		if (errno == EACCES && !denied[0])
			snprintf(denied, PATH_MAX, "%s", full);
		free(full);
		at += length;
		if (!*at)
			return NULL;
	}
}

char *process_find_program(const char *name, const struct string_list *environment,
			   struct error *err)
{
	char denied[PATH_MAX] = "";

	if (!strchr(name, '/')) {
		char *found = search_path(name, path_of(environment), denied);
		if (!found && denied[0]) {
			error_errno(err, EACCES, "exec: \"%s\"", name);
			exec_failure_hint(denied, EACCES, err);
		}
		if (!found && !denied[0])
			error_set(err, ENOENT, "exec: \"%s\": executable file not found in $PATH",
				  name);
		return found;
	}
	if (check_executable(name)) {
		int code = errno;
		error_errno(err, code, "exec: \"%s\": stat %s", name, name);
		exec_failure_hint(name, code, err);
		return NULL;
	}
	char *copy = strdup(name);
	if (!copy)
		error_errno(err, ENOMEM, "exec");
	return copy;
}
