/* One entry of a layer: a file, a directory or another name, as its tar describes it. */
#pragma once

#include <stdbool.h>
#include <stdint.h>
#include <sys/stat.h>

#define ENTRY_NAME_MAX 32768	    /* bytes of a path or of a link's target */
#define ENTRY_XATTRS_MAX (1u << 20) /* bytes of names and values of one entry */

struct entry_xattr {
	char *name, *value;
	size_t size; /* bytes of @value */
};

struct entry {
	char *path; /* without leading "/" and "./" and without a trailing "/"; "" is the root itself; ".." may be in it */
	char *link; /* a symlink's target or, with @hardlink, the path of the other name, cut as @path */
	bool hardlink;
	mode_t mode; /* type and permission bits */
	uint32_t uid, gid;
	uint32_t major, minor;
	struct timespec mtime;
	int64_t size; /* of a regular file, bytes, holes included */
	bool sparse;
	struct entry_xattr *xattrs; /* ACLs among them, as system.posix_acl_access and _default */
	size_t n_xattrs;
};
