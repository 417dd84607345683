#include "runtime/mount_new.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/statvfs.h>

#include "spec/base/owned.h"
#include "spec/base/sys.h"

int mount_attach(int mount, int target, struct error *err)
{
	if (sys_move_mount(mount, "", target, "",
			   MOVE_MOUNT_F_EMPTY_PATH | MOVE_MOUNT_T_EMPTY_PATH))
		return error_errno(err, errno, "move_mount");
	return 0;
}

static const struct {
	uint64_t attribute;
	unsigned long flag;
} attribute_flags[] = {
	{ MOUNT_ATTR_RDONLY, MS_RDONLY },	  { MOUNT_ATTR_NOSUID, MS_NOSUID },
	{ MOUNT_ATTR_NODEV, MS_NODEV },		  { MOUNT_ATTR_NOEXEC, MS_NOEXEC },
	{ MOUNT_ATTR_NODIRATIME, MS_NODIRATIME }, { MOUNT_ATTR_NOSYMFOLLOW, MS_NOSYMFOLLOW },
};

/* The flags that a mount has now, as statvfs(3) tells them: a remount must repeat those it keeps. */
static unsigned long remount_flags(int fd, uint64_t set, uint64_t clear, struct error *err)
{
	static const struct {
		unsigned long told, flag;
	} told[] = { { ST_RDONLY, MS_RDONLY },	  { ST_NOSUID, MS_NOSUID },
		     { ST_NODEV, MS_NODEV },	  { ST_NOEXEC, MS_NOEXEC },
		     { ST_NOATIME, MS_NOATIME },  { ST_NODIRATIME, MS_NODIRATIME },
		     { ST_RELATIME, MS_RELATIME } };
	unsigned long flags = 0;
	struct statvfs now;

	if (fstatvfs(fd, &now)) {
		error_errno(err, errno, "statvfs");
		return (unsigned long)-1;
	}
	for (size_t i = 0; i < sizeof told / sizeof *told; i++)
		if (now.f_flag & told[i].told)
			flags |= told[i].flag;
	if (clear & MOUNT_ATTR__ATIME)
		flags &= ~(unsigned long)(MS_NOATIME | MS_RELATIME | MS_STRICTATIME);
	for (size_t i = 0; i < sizeof attribute_flags / sizeof *attribute_flags; i++) {
		if (clear & attribute_flags[i].attribute)
			flags &= ~attribute_flags[i].flag;
		if (set & attribute_flags[i].attribute)
			flags |= attribute_flags[i].flag;
	}
	if ((set & MOUNT_ATTR__ATIME) == MOUNT_ATTR_NOATIME)
		flags |= MS_NOATIME;
	if ((set & MOUNT_ATTR__ATIME) == MOUNT_ATTR_STRICTATIME)
		flags |= MS_STRICTATIME;
	return flags;
}

int mount_set_attributes(int fd, uint64_t set, uint64_t clear, bool recursive, struct error *err)
{
	struct mount_attr attr = { .attr_set = set, .attr_clr = clear };
	char path[32];

	if (!set && !clear)
		return 0;
	if (sys_mount_setattr(fd, "", AT_EMPTY_PATH | (recursive ? AT_RECURSIVE : 0), &attr) == 0)
		return 0;
	if (errno != ENOSYS)
		return error_errno(err, errno, "mount_setattr");
	if (recursive) {
		error_errno(err, ENOSYS, "mount_setattr");
		return error_hint(err, "recursive mount options need Linux 5.12");
	}
	unsigned long flags = remount_flags(fd, set, clear, err);
	if (flags == (unsigned long)-1)
		return -1;
	snprintf(path, sizeof path, "/proc/self/fd/%d", fd);
	if (mount(NULL, path, NULL, MS_REMOUNT | MS_BIND | flags, NULL))
		return error_errno(err, errno, "remount");
	return 0;
}

int mount_set_propagation(int fd, unsigned long propagation, struct error *err)
{
	struct mount_attr attr = { .propagation = propagation & ~(unsigned long)MS_REC };
	unsigned flags = AT_EMPTY_PATH | (propagation & MS_REC ? AT_RECURSIVE : 0);
	char path[32];

	if (sys_mount_setattr(fd, "", flags, &attr) == 0)
		return 0;
	if (errno != ENOSYS)
		return error_errno(err, errno, "mount_setattr of the propagation");
	snprintf(path, sizeof path, "/proc/self/fd/%d", fd);
	if (mount(NULL, path, NULL, propagation, NULL))
		return error_errno(err, errno, "mount propagation");
	return 0;
}

/* fsconfig(2) says why in lines of its own, "e overlay: …", read from the context. */
static int explain(int context, const char *type, const char *what, struct error *err)
{
	char line[256];
	int code = errno;
	ssize_t got = read(context, line, sizeof line - 1);

	error_errno(err, code, "mount %s%s%s", type, *what ? ": " : "", what);
	while (got > 0) {
		line[got] = '\0';
		line[strcspn(line, "\n")] = '\0';
		error_hint(err, "%s", got > 2 ? line + 2 : line);
		got = read(context, line, sizeof line - 1);
	}
	return -1;
}

static int configure(int context, const char *type, const char *word, struct error *err)
{
	size_t length = strcspn(word, "=");
	owned_string key = strndup(word, length);

	if (!key)
		return error_errno(err, ENOMEM, "mount %s", type);
	int failed = word[length]
			     ? sys_fsconfig(context, FSCONFIG_SET_STRING, key, word + length + 1, 0)
			     : sys_fsconfig(context, FSCONFIG_SET_FLAG, key, NULL, 0);
	return failed ? explain(context, type, word, err) : 0;
}

static const struct {
	unsigned long flag;
	const char *word;
} superblock_words[] = {
	{ MS_RDONLY, "ro" },	     { MS_SYNCHRONOUS, "sync" }, { MS_DIRSYNC, "dirsync" },
	{ MS_LAZYTIME, "lazytime" }, { MS_MANDLOCK, "mand" },
};

int mount_label_data(const char *label, struct string_list *data, struct error *err)
{
	owned_string word = text_format("context=%s", label);

	if (!word || string_list_add(data, word))
		return error_errno(err, ENOMEM, "mount label");
	return 0;
}

int mount_new(const char *type, const char *source, const struct string_list *data,
	      unsigned long flags, uint64_t attributes, struct error *err)
{
	owned_fd context = sys_fsopen(type, FSOPEN_CLOEXEC);

	if (context < 0) {
		error_errno(err, errno, "mount %s", type);
		return errno == ENODEV ? error_hint(err, "this kernel has no such file system")
				       : -1;
	}
	if (source && sys_fsconfig(context, FSCONFIG_SET_STRING, "source", source, 0))
		return explain(context, type, "source", err);
	for (size_t i = 0; i < sizeof superblock_words / sizeof *superblock_words; i++)
		if (flags & superblock_words[i].flag &&
		    sys_fsconfig(context, FSCONFIG_SET_FLAG, superblock_words[i].word, NULL, 0))
			return explain(context, type, superblock_words[i].word, err);
	for (size_t i = 0; data && i < data->n; i++)
		if (configure(context, type, data->v[i], err))
			return -1;
	if (sys_fsconfig(context, FSCONFIG_CMD_CREATE, NULL, NULL, 0))
		return explain(context, type, "", err);
	int fd = sys_fsmount(context, FSMOUNT_CLOEXEC, (unsigned)attributes);
	return fd < 0 ? explain(context, type, "", err) : fd;
}
