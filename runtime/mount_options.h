/* Mount options of config.md and mount(8), from words to flags. Knows tables only: no system call. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "spec/base/error.h"
#include "spec/base/text.h"

struct mount_options {
	/* MOUNT_ATTR_… of mount_setattr(2): for this mount, and for the whole tree ("rro"). */
	uint64_t set, clear;
	uint64_t recursive_set, recursive_clear;
	/* MS_… that belong to the file system, not to the mount: MS_RDONLY, MS_SYNCHRONOUS, MS_DIRSYNC,
	 * MS_LAZYTIME, MS_MANDLOCK, MS_SILENT, MS_I_VERSION. "ro" is in set as well. */
	unsigned long superblock_set, superblock_clear;
	/* MS_SHARED, MS_SLAVE, MS_PRIVATE or MS_UNBINDABLE, with MS_REC for the r… forms; 0: none given. */
	unsigned long propagation;
	bool bind, recursive_bind; /* "bind", "rbind" (sets both) */
	bool remount;
	bool copy_up; /* "tmpcopyup" */
	bool idmap;   /* "idmap" or "ridmap" */
	bool idmap_recursive;
	bool copy_symlink; /* "copy-symlink": make the source's symlink in the container */
	bool source_nofollow, target_nofollow; /* "src-nofollow", "dest-nofollow" */
	struct string_list data; /* what the file system itself understands, in order: "size=64m" */
};

/* Later options win over earlier ones ("ro","rw" is rw; only "rbind" stays when "bind" follows). Never fails on an unknown word, which is the
 * file system's business (config.md); only when memory is out. Free with mount_options_finish. */
int mount_options_parse(const struct string_list *options, struct mount_options *ret,
			struct error *err);
void mount_options_finish(struct mount_options *options);

/* All words of the table, one by one: mount_option_name(0), (1), …; NULL behind the last. */
const char *mount_option_name(size_t index);

/* rootfsPropagation: "", "slave", "rslave", "private", … to MS_… | MS_REC; "" and NULL give
 * MS_SLAVE | MS_REC. -1 for an unknown word. */
int mount_propagation_parse(const char *word, unsigned long *ret, struct error *err);
