/* Mount options from words to flags: one table, one line per word of config.md and mount(8).
 * Makes no system call and does not know what the options are for. */
#include "runtime/mount_options.h"

#include <errno.h>
#include <string.h>
#include <sys/mount.h>

#include "spec/base/sys.h"

/* What one word does. Later words win, so every set also takes the bits out of clear, and the other
 * way round. */
struct option_word {
	const char *name;
	uint64_t set, clear; /* MOUNT_ATTR_… without the access time modes */
	unsigned long superblock_set, superblock_clear;
	unsigned long propagation;
	enum { ATIME_UNTOUCHED, ATIME_MODE, ATIME_NOT_MODE } atime;
	uint64_t atime_mode; /* one value of the field MOUNT_ATTR__ATIME */
	bool recursive;	     /* set, clear and the access time concern the whole tree */
	enum {
		NO_SWITCH,
		SWITCH_BIND,
		SWITCH_RECURSIVE_BIND,
		SWITCH_REMOUNT,
		SWITCH_COPY_UP,
		SWITCH_IDMAP,
		SWITCH_RECURSIVE_IDMAP,
		SWITCH_COPY_SYMLINK,
		SWITCH_SOURCE_NOFOLLOW,
		SWITCH_TARGET_NOFOLLOW
	} toggle;
};

/* mount(8): "user" means that anyone may mount this, so nothing on it may raise anyone's rights;
 * "owner" and "group" likewise, but programs may run. */
#define ANYONE_MOUNTS (MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV | MOUNT_ATTR_NOEXEC)
#define OWNER_MOUNTS (MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV)

static const struct option_word words[] = {
	/* For this mount. */
	{ "ro", .set = MOUNT_ATTR_RDONLY, .superblock_set = MS_RDONLY },
	{ "rw", .clear = MOUNT_ATTR_RDONLY, .superblock_clear = MS_RDONLY },
	{ "suid", .clear = MOUNT_ATTR_NOSUID },
	{ "nosuid", .set = MOUNT_ATTR_NOSUID },
	{ "dev", .clear = MOUNT_ATTR_NODEV },
	{ "nodev", .set = MOUNT_ATTR_NODEV },
	{ "exec", .clear = MOUNT_ATTR_NOEXEC },
	{ "noexec", .set = MOUNT_ATTR_NOEXEC },
	{ "symfollow", .clear = MOUNT_ATTR_NOSYMFOLLOW },
	{ "nosymfollow", .set = MOUNT_ATTR_NOSYMFOLLOW },
	{ "diratime", .clear = MOUNT_ATTR_NODIRATIME },
	{ "nodiratime", .set = MOUNT_ATTR_NODIRATIME },
	{ "relatime", .atime = ATIME_MODE, .atime_mode = MOUNT_ATTR_RELATIME },
	{ "norelatime", .atime = ATIME_NOT_MODE, .atime_mode = MOUNT_ATTR_RELATIME },
	{ "noatime", .atime = ATIME_MODE, .atime_mode = MOUNT_ATTR_NOATIME },
	{ "atime", .atime = ATIME_NOT_MODE, .atime_mode = MOUNT_ATTR_NOATIME },
	{ "strictatime", .atime = ATIME_MODE, .atime_mode = MOUNT_ATTR_STRICTATIME },
	{ "nostrictatime", .atime = ATIME_NOT_MODE, .atime_mode = MOUNT_ATTR_STRICTATIME },

	/* For the mount and everything mounted beneath it. */
	{ "rro", .set = MOUNT_ATTR_RDONLY, .recursive = true },
	{ "rrw", .clear = MOUNT_ATTR_RDONLY, .recursive = true },
	{ "rsuid", .clear = MOUNT_ATTR_NOSUID, .recursive = true },
	{ "rnosuid", .set = MOUNT_ATTR_NOSUID, .recursive = true },
	{ "rdev", .clear = MOUNT_ATTR_NODEV, .recursive = true },
	{ "rnodev", .set = MOUNT_ATTR_NODEV, .recursive = true },
	{ "rexec", .clear = MOUNT_ATTR_NOEXEC, .recursive = true },
	{ "rnoexec", .set = MOUNT_ATTR_NOEXEC, .recursive = true },
	{ "rsymfollow", .clear = MOUNT_ATTR_NOSYMFOLLOW, .recursive = true },
	{ "rnosymfollow", .set = MOUNT_ATTR_NOSYMFOLLOW, .recursive = true },
	{ "rdiratime", .clear = MOUNT_ATTR_NODIRATIME, .recursive = true },
	{ "rnodiratime", .set = MOUNT_ATTR_NODIRATIME, .recursive = true },
	{ "rrelatime", .atime = ATIME_MODE, .atime_mode = MOUNT_ATTR_RELATIME, .recursive = true },
	{ "rnorelatime", .atime = ATIME_NOT_MODE, .atime_mode = MOUNT_ATTR_RELATIME,
	  .recursive = true },
	{ "rnoatime", .atime = ATIME_MODE, .atime_mode = MOUNT_ATTR_NOATIME, .recursive = true },
	{ "ratime", .atime = ATIME_NOT_MODE, .atime_mode = MOUNT_ATTR_NOATIME, .recursive = true },
	{ "rstrictatime", .atime = ATIME_MODE, .atime_mode = MOUNT_ATTR_STRICTATIME,
	  .recursive = true },
	{ "rnostrictatime", .atime = ATIME_NOT_MODE, .atime_mode = MOUNT_ATTR_STRICTATIME,
	  .recursive = true },

	/* For the file system. */
	{ "sync", .superblock_set = MS_SYNCHRONOUS },
	{ "async", .superblock_clear = MS_SYNCHRONOUS },
	{ "dirsync", .superblock_set = MS_DIRSYNC },
	{ "lazytime", .superblock_set = MS_LAZYTIME },
	{ "nolazytime", .superblock_clear = MS_LAZYTIME },
	{ "mand", .superblock_set = MS_MANDLOCK },
	{ "nomand", .superblock_clear = MS_MANDLOCK },
	{ "iversion", .superblock_set = MS_I_VERSION },
	{ "noiversion", .superblock_clear = MS_I_VERSION },
	{ "silent", .superblock_set = MS_SILENT },
	{ "loud", .superblock_clear = MS_SILENT },

	{ "shared", .propagation = MS_SHARED },
	{ "rshared", .propagation = MS_SHARED | MS_REC },
	{ "slave", .propagation = MS_SLAVE },
	{ "rslave", .propagation = MS_SLAVE | MS_REC },
	{ "private", .propagation = MS_PRIVATE },
	{ "rprivate", .propagation = MS_PRIVATE | MS_REC },
	{ "unbindable", .propagation = MS_UNBINDABLE },
	{ "runbindable", .propagation = MS_UNBINDABLE | MS_REC },

	{ "bind", .toggle = SWITCH_BIND },
	{ "rbind", .toggle = SWITCH_RECURSIVE_BIND },
	{ "remount", .toggle = SWITCH_REMOUNT },
	{ "tmpcopyup", .toggle = SWITCH_COPY_UP },
	{ "idmap", .toggle = SWITCH_IDMAP },
	{ "ridmap", .toggle = SWITCH_RECURSIVE_IDMAP },
	{ "copy-symlink", .toggle = SWITCH_COPY_SYMLINK },
	{ "src-nofollow", .toggle = SWITCH_SOURCE_NOFOLLOW },
	{ "dest-nofollow", .toggle = SWITCH_TARGET_NOFOLLOW },

	/* What mount(8) keeps to itself: the kernel never sees these words. */
	{ .name = "defaults" },
	{ .name = "auto" },
	{ .name = "noauto" },
	{ "user", .set = ANYONE_MOUNTS },
	{ .name = "nouser" },
	{ "users", .set = ANYONE_MOUNTS },
	{ .name = "nousers" },
	{ "owner", .set = OWNER_MOUNTS },
	{ .name = "noowner" },
	{ "group", .set = OWNER_MOUNTS },
	{ .name = "nogroup" },
	{ .name = "nofail" },
	{ .name = "_netdev" },
};

/* Prefixes of words that mount(8) keeps to itself whatever follows. */
static const char *const comment_prefixes[] = { "x-", "X-", "comment=", "uhelper=", "helper=" };

const char *mount_option_name(size_t index)
{
	return index < sizeof words / sizeof words[0] ? words[index].name : NULL;
}

static const struct option_word *find_word(const char *name)
{
	for (size_t i = 0; i < sizeof words / sizeof words[0]; i++)
		if (strcmp(words[i].name, name) == 0)
			return &words[i];
	return NULL;
}

static bool is_comment(const char *option)
{
	for (size_t i = 0; i < sizeof comment_prefixes / sizeof comment_prefixes[0]; i++)
		if (text_starts_with(option, comment_prefixes[i]))
			return true;
	return false;
}

/* The access time mode is a field of three values, not flags: mount_setattr(2) takes a new one only
 * together with the whole field in attr_clr. "atime", "norelatime" and "nostrictatime" only say what
 * the mode is not, so they leave another mode alone; otherwise the kernel's default is left, which
 * is relatime. */
static void apply_atime(const struct option_word *word, uint64_t *set, uint64_t *clear)
{
	bool given = *clear & MOUNT_ATTR__ATIME;
	uint64_t mode = *set & MOUNT_ATTR__ATIME;

	if (word->atime == ATIME_NOT_MODE && given && mode != word->atime_mode)
		return;
	*set &= ~(uint64_t)MOUNT_ATTR__ATIME;
	*clear |= MOUNT_ATTR__ATIME;
	*set |= word->atime == ATIME_MODE ? word->atime_mode : MOUNT_ATTR_RELATIME;
}

static void apply_attributes(const struct option_word *word, uint64_t *set, uint64_t *clear)
{
	*set = (*set | word->set) & ~word->clear;
	*clear = (*clear | word->clear) & ~word->set;
	if (word->atime != ATIME_UNTOUCHED)
		apply_atime(word, set, clear);
}

static void apply_switch(const struct option_word *word, struct mount_options *to)
{
	switch (word->toggle) {
	case NO_SWITCH:
		break;
	case SWITCH_RECURSIVE_BIND:
		to->recursive_bind = true;
		to->bind = true;
		break;
	case SWITCH_BIND:
		to->bind = true;
		break;
	case SWITCH_REMOUNT:
		to->remount = true;
		break;
	case SWITCH_COPY_UP:
		to->copy_up = true;
		break;
	case SWITCH_IDMAP:
	case SWITCH_RECURSIVE_IDMAP:
		to->idmap = true;
		to->idmap_recursive = word->toggle == SWITCH_RECURSIVE_IDMAP;
		break;
	case SWITCH_COPY_SYMLINK:
		to->copy_symlink = true;
		break;
	case SWITCH_SOURCE_NOFOLLOW:
		to->source_nofollow = true;
		break;
	case SWITCH_TARGET_NOFOLLOW:
		to->target_nofollow = true;
		break;
	}
}

static void apply_word(const struct option_word *word, struct mount_options *to)
{
	if (word->recursive)
		apply_attributes(word, &to->recursive_set, &to->recursive_clear);
	else
		apply_attributes(word, &to->set, &to->clear);
	to->superblock_set = (to->superblock_set | word->superblock_set) & ~word->superblock_clear;
	to->superblock_clear = (to->superblock_clear | word->superblock_clear) &
			       ~word->superblock_set;
	if (word->propagation)
		to->propagation = word->propagation;
	apply_switch(word, to);
}

int mount_options_parse(const struct string_list *options, struct mount_options *ret,
			struct error *err)
{
	struct mount_options parsed = { 0 };

	for (size_t i = 0; i < options->n; i++) {
		const char *option = options->v[i];
		const struct option_word *word = find_word(option);

		if (word)
			apply_word(word, &parsed);
		else if (*option && !is_comment(option) && string_list_add(&parsed.data, option)) {
			mount_options_finish(&parsed);
			return error_errno(err, ENOMEM, "mount options");
		}
	}
	*ret = parsed;
	return 0;
}

void mount_options_finish(struct mount_options *options)
{
	string_list_finish(&options->data);
}

int mount_propagation_parse(const char *word, unsigned long *ret, struct error *err)
{
	if (!word || !*word) {
		*ret = MS_SLAVE | MS_REC;
		return 0;
	}
	const struct option_word *known = find_word(word);
	if (!known || !known->propagation)
		return error_set(err, EINVAL, "unknown mount propagation \"%s\"", word);
	*ret = known->propagation;
	return 0;
}
