/* What the container's process may not do: capabilities, system calls, labels of the security modules, paths that it does
 * not see. Knows no user but whether it is root. */
#include <errno.h>
#include <glob.h>
#include <linux/capability.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>

#include "imgtool/convert/parts.h"
#include "imgtool/convert/seccomp_profile.h"
#include "imgtool/image/platform.h"
#include "spec/base/owned.h"

/* By their numbers, linux/capability.h. */
static const char *const names[] = {
	"CHOWN",
	"DAC_OVERRIDE",
	"DAC_READ_SEARCH",
	"FOWNER",
	"FSETID",
	"KILL",
	"SETGID",
	"SETUID",
	"SETPCAP",
	"LINUX_IMMUTABLE",
	"NET_BIND_SERVICE",
	"NET_BROADCAST",
	"NET_ADMIN",
	"NET_RAW",
	"IPC_LOCK",
	"IPC_OWNER",
	"SYS_MODULE",
	"SYS_RAWIO",
	"SYS_CHROOT",
	"SYS_PTRACE",
	"SYS_PACCT",
	"SYS_ADMIN",
	"SYS_BOOT",
	"SYS_NICE",
	"SYS_RESOURCE",
	"SYS_TIME",
	"SYS_TTY_CONFIG",
	"MKNOD",
	"LEASE",
	"AUDIT_WRITE",
	"AUDIT_CONTROL",
	"SETFCAP",
	"MAC_OVERRIDE",
	"MAC_ADMIN",
	"SYSLOG",
	"WAKE_ALARM",
	"BLOCK_SUSPEND",
	"AUDIT_READ",
	"PERFMON",
	"BPF",
	"CHECKPOINT_RESTORE",
};
enum { CAPABILITIES = sizeof names / sizeof *names };
_Static_assert(CAPABILITIES <= 64, "a set has 64 bits");

#define BIT(name) (UINT64_C(1) << CAP_##name)

/* Docker's. */
static const uint64_t default_capabilities = BIT(CHOWN) | BIT(DAC_OVERRIDE) | BIT(FSETID) |
					     BIT(FOWNER) | BIT(MKNOD) | BIT(NET_RAW) | BIT(SETGID) |
					     BIT(SETUID) | BIT(SETFCAP) | BIT(SETPCAP) |
					     BIT(NET_BIND_SERVICE) | BIT(SYS_CHROOT) | BIT(KILL) |
					     BIT(AUDIT_WRITE);

/* Those that the running kernel knows. */
static uint64_t all_capabilities(void)
{
	uint64_t set = 0;

	for (unsigned long i = 0; i < CAPABILITIES; i++)
		if (prctl(PR_CAPBSET_READ, i, 0, 0, 0) >= 0)
			set |= UINT64_C(1) << i;
	return set;
}

/* A name with or without "CAP_", in any case, or "ALL", which is *all and no bit. */
static int parse_capabilities(const char *option, const struct string_list *words, uint64_t *set,
			      bool *all, struct error *err)
{
	*set = 0;
	*all = false;
	for (size_t i = 0; i < words->n; i++) {
		const char *word = words->v[i];
		size_t found = 0;

		if (strcasecmp(word, "ALL") == 0) {
			*all = true;
			continue;
		}
		if (strncasecmp(word, "CAP_", 4) == 0)
			word += 4;
		while (found < CAPABILITIES && strcasecmp(names[found], word) != 0)
			found++;
		if (found == CAPABILITIES)
			return error_set(err, EINVAL, "%s '%s' is not a capability", option,
					 words->v[i]);
		*set |= UINT64_C(1) << found;
	}
	return 0;
}

/* What is asked for, as Docker reads it: with ALL on one side the other side names the exceptions. */
static int choose_capabilities(const struct run_options *options, uint64_t *ret, struct error *err)
{
	uint64_t add, drop;
	bool add_all, drop_all;

	if (parse_capabilities("--cap-add", &options->cap_add, &add, &add_all, err) ||
	    parse_capabilities("--cap-drop", &options->cap_drop, &drop, &drop_all, err))
		return -1;
	*ret = add_all	  ? all_capabilities() & ~drop
	       : drop_all ? add
			  : (default_capabilities & ~drop) | add;
	return 0;
}

static int list_capabilities(uint64_t set, struct string_list *to, struct error *err)
{
	for (size_t i = 0; i < CAPABILITIES; i++) {
		owned_string name = text_format("CAP_%s", names[i]);

		if ((set >> i & 1) && (!name || string_list_add(to, name)))
			return error_errno(err, ENOMEM, "capabilities");
	}
	return 0;
}

/* Another user than root has none to begin with, as after execve(2), but may have them by set-user-id programs. */
static int set_capabilities(const struct conversion *conversion, struct error *err)
{
	struct capabilities *capabilities = calloc(1, sizeof *capabilities);
	uint64_t set;

	conversion->config->process->capabilities = capabilities;
	if (!capabilities)
		return error_errno(err, ENOMEM, "capabilities");
	if (choose_capabilities(conversion->options, &set, err) ||
	    list_capabilities(set, &capabilities->bounding, err))
		return -1;
	if (conversion->config->process->user->uid)
		return 0;
	return list_capabilities(set, &capabilities->effective, err) ||
			       list_capabilities(set, &capabilities->permitted, err)
		       ? -1
		       : 0;
}

/* --security-opt -------------------------------------------------------------------------------- */

/* What the options come to. Texts are borrowed from them. */
struct security {
	bool no_new_privileges, label_disabled, all_paths;
	const char *seccomp, *apparmor; /* NULL: the default */
	const char *user, *role, *type, *level, *file_type;
};

static int take_label(struct security *security, const char *label)
{
	const struct {
		const char *key;
		const char **target;
	} parts[] = {
		{ "user:", &security->user },	       { "role:", &security->role },
		{ "type:", &security->type },	       { "level:", &security->level },
		{ "filetype:", &security->file_type },
	};

	if (strcmp(label, "disable") == 0) {
		security->label_disabled = true;
		return 0;
	}
	for (size_t i = 0; i < sizeof parts / sizeof *parts; i++) {
		size_t length = strlen(parts[i].key);

		if (strncmp(label, parts[i].key, length) == 0 && label[length]) {
			*parts[i].target = label + length;
			return 0;
		}
	}
	return -1;
}

/* @value: behind the '=' or, as Docker once had it, the ':'; "" when there is none. */
static int take_security(struct security *security, const char *key, size_t length,
			 const char *value)
{
	const char *const words[] = { "no-new-privileges", "seccomp", "apparmor", "label",
				      "systempaths" };
	size_t word = 0;

	while (word < sizeof words / sizeof *words &&
	       (strlen(words[word]) != length || strncmp(words[word], key, length) != 0))
		word++;
	switch (word) {
	case 0:
		security->no_new_privileges = strcmp(value, "false") != 0;
		return !*value || !strcmp(value, "true") || !strcmp(value, "false") ? 0 : -1;
	case 1:
		security->seccomp = value;
		return *value ? 0 : -1;
	case 2:
		security->apparmor = value;
		return *value ? 0 : -1;
	case 3:
		return take_label(security, value);
	case 4:
		security->all_paths = true;
		return strcmp(value, "unconfined") == 0 ? 0 : -1;
	default:
		return -1;
	}
}

static int parse_security(const struct string_list *options, struct security *ret,
			  struct error *err)
{
	for (size_t i = 0; i < options->n; i++) {
		const char *option = options->v[i];
		size_t length = strcspn(option, "=:");

		if (!take_security(ret, option, length, option[length] ? option + length + 1 : ""))
			continue;
		error_set(err, EINVAL, "--security-opt '%s' is unknown", option);
		return error_hint(err,
				  "there are no-new-privileges, seccomp=FILE, seccomp=unconfined, "
				  "apparmor=PROFILE, label=disable, label=type:TYPE and its like, "
				  "systempaths=unconfined");
	}
	return 0;
}

static int set_text(char **target, char *text, struct error *err)
{
	*target = text;
	return text ? 0 : error_errno(err, ENOMEM, "--security-opt");
}

/* SELinux: what is not said is as for any container. Without a label the runtime's caller's remains. */
static int set_label(const struct conversion *conversion, const struct security *security,
		     struct error *err)
{
	struct config *config = conversion->config;
	const char *level = security->level ? security->level : "s0";
	bool given = security->user || security->role || security->type || security->level ||
		     security->file_type;

	if (security->label_disabled || !given)
		return 0;
	if (set_text(&config->process->selinux_label,
		     text_format("%s:%s:%s:%s", security->user ? security->user : "system_u",
				 security->role ? security->role : "system_r",
				 security->type ? security->type : "container_t", level),
		     err))
		return -1;
	return set_text(&config->linux_->mount_label,
			text_format("system_u:object_r:%s:%s",
				    security->file_type ? security->file_type : "container_file_t",
				    level),
			err);
}

static int set_seccomp(const struct conversion *conversion, const char *wanted, struct error *err)
{
	const struct seccomp_for container = {
		.architecture = platform_of_host().architecture,
		.capabilities = &conversion->config->process->capabilities->bounding,
	};
	struct seccomp **target = &conversion->config->linux_->seccomp;

	if (wanted && strcmp(wanted, "unconfined") == 0)
		return 0;
	*target = wanted && strcmp(wanted, "builtin") != 0 ? seccomp_load(wanted, &container, err)
							   : seccomp_default(&container, err);
	return *target ? 0 : -1;
}

/* Hidden paths ---------------------------------------------------------------------------------- */

/* They tell of the host and of other containers (CVE-2020-8694 is powercap's), or act on it. As Docker's. */
static const char *const masked[] = {
	"/proc/acpi",
	"/proc/asound",
	"/proc/interrupts",
	"/proc/kcore",
	"/proc/keys",
	"/proc/latency_stats",
	"/proc/sched_debug",
	"/proc/scsi",
	"/proc/timer_list",
	"/proc/timer_stats",
	"/sys/devices/virtual/powercap",
	"/sys/firmware",
};
static const char *const readonly[] = { "/proc/bus", "/proc/fs", "/proc/irq", "/proc/sys",
					"/proc/sysrq-trigger" };

/* One for each processor, so the host is asked. */
#define THERMAL_PATHS "/sys/devices/system/cpu/cpu[0-9]*/thermal_throttle"

static int add_paths(struct string_list *to, const char *const *paths, size_t n, struct error *err)
{
	for (size_t i = 0; i < n; i++)
		if (string_list_add(to, paths[i]))
			return error_errno(err, ENOMEM, "hidden paths");
	return 0;
}

static int hide_paths(const struct conversion *conversion, struct error *err)
{
	struct linux_config *linux_ = conversion->config->linux_;
	glob_t thermal = { 0 };

	if (add_paths(&linux_->masked_paths, masked, sizeof masked / sizeof *masked, err) ||
	    add_paths(&linux_->readonly_paths, readonly, sizeof readonly / sizeof *readonly, err))
		return -1;
	int found = glob(THERMAL_PATHS, 0, NULL, &thermal) == 0;
	int failed = found &&
		     add_paths(&linux_->masked_paths, (const char *const *)thermal.gl_pathv,
			       thermal.gl_pathc, err);
	globfree(&thermal);
	return failed ? -1 : 0;
}

int convert_security(struct conversion *conversion, struct error *err)
{
	struct process *process = conversion->config->process;
	struct security security = { 0 };

	if (parse_security(&conversion->options->security, &security, err) ||
	    set_capabilities(conversion, err) || set_label(conversion, &security, err) ||
	    set_seccomp(conversion, security.seccomp, err))
		return -1;
	process->no_new_privileges = security.no_new_privileges;
	/* A runtime that is told "unconfined" wants AppArmor to be there. */
	if (security.apparmor && strcmp(security.apparmor, "unconfined") != 0 &&
	    set_text(&process->apparmor_profile, strdup(security.apparmor), err))
		return -1;
	return security.all_paths ? 0 : hide_paths(conversion, err);
}
