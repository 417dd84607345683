/* A tree of files, name by name: depth first, by descriptors, however deep it is, never through a link and never across a
 * mount. Knows nothing of what the files are for. */
#pragma once

#include <stddef.h>

#include "spec/base/error.h"

enum walk_event {
	WALK_NAME,  /* anything; a directory is entered next, unless walk_skip says no */
	WALK_LEAVE, /* all in the directory has been told */
};

struct walk_entry {
	enum walk_event event;
	const char *path;   /* from the root, without a leading "/" */
	const char *name;   /* its last component */
	int directory;	    /* descriptor of the directory that has the name */
	size_t depth;	    /* 1: in the root */
	unsigned char type; /* DT_… of readdir(3), never DT_UNKNOWN */
};

enum walk_flags {
	WALK_SORTED = 1, /* names of a directory in the order of their bytes */
	WALK_FORCE = 2,	 /* directories that may not be read are given mode 0700 */
};

struct walk;

/* Begins in the directory @root, borrowed. The names of a directory are read at once when it is entered. */
struct walk *walk_open(int root, unsigned flags, struct error *err);

/* 1: an event, borrowed until the next call; 0: the end; -1. A mount point is EBUSY, a directory that was moved
 * meanwhile ESTALE; one that is gone when its turn comes is left at once. */
int walk_next(struct walk *walk, const struct walk_entry **ret, struct error *err);

/* The directory just told is not entered, and no WALK_LEAVE comes. */
void walk_skip(struct walk *walk);

void walk_close(struct walk *walk); /* NULL allowed */

/* Opens the directory @name, which is neither a link nor a mount point (EXDEV). @flags: WALK_FORCE. Returns -1 with errno
 * only. */
int walk_enter(int directory, const char *name, unsigned flags);

/* A descriptor of the directory @path beneath @root, which may be longer than PATH_MAX: no link, no mount, no "..".
 * Returns -1 with errno only. @flags beside O_DIRECTORY | O_CLOEXEC. */
int walk_open_directory(int root, const char *path, int flags);
