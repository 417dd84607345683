/* One entry of a layer: a file, a directory or another name, as its tar describes it. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/stat.h>

#define ENTRY_NAME_MAX 32768	    /* bytes of a path or of a link's target */
#define ENTRY_XATTRS_MAX (1u << 17) /* bytes of names and values; the kernel takes half for one */

struct entry_xattr {
	char *name, *value;
	size_t size; /* bytes of @value */
};

struct entry {
	/* Bytes as the archive has them, without "." components and needless slashes; "" is the root itself. ".." may be
	 * in it: where that leads only the tree can say. */
	char *path;
	char *link; /* a symlink's target or, with @hardlink, the path of the other name, cut as @path */
	bool hardlink;
	mode_t mode; /* type and permission bits; with an access ACL the group's are its mask; a hard link is a file */
	uint32_t uid, gid;
	uint32_t major, minor;
	struct timespec mtime;
	int64_t size; /* of a regular file, bytes, holes included; 0 of all else */
	bool sparse;  /* there are holes */
	/* ACLs among them, as system.posix_acl_access and _default. Of two with one name the last one counts. */
	struct entry_xattr *xattrs;
	size_t n_xattrs;
};
