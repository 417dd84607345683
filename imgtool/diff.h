/* What a container changed in the root file system of its bundle, as `docker diff` tells it. Only reads. */
#pragma once

#include <sys/stat.h>

#include "spec/base/error.h"

enum change_kind {
	CHANGE_ADDED = 'A',
	CHANGE_MODIFIED =
		'C', /* content, owner, mode or xattrs; a directory also when something below it changed */
	CHANGE_DELETED = 'D', /* with all below it, which is not told */
};

struct change {
	enum change_kind kind;
	const char *path; /* from the root, without a leading "/" */
	/* Where it is now, unless deleted: @name in the directory @directory (a descriptor, borrowed until the handler
	 * returns, that may be in the writable layer of an overlay), and what is known of it, the link itself
	 * if it is one. An overlay's own xattrs (trusted.overlay., user.overlay.) may be on it. */
	int directory;
	const char *name;
	struct stat stat;
};

typedef int change_handler(const struct change *change, void *context, struct error *err);

/* Calls @handler for each change, directories before what is in them and the names of a directory in the order of their
 * bytes; ends when it returns -1. The root directory itself is not told of. The bundle need not be mounted. A bundle that imgtool did not
 * make is refused. */
int diff_bundle(const char *path, change_handler *handler, void *context, struct error *err);

/* For a plain bundle, when its root file system is complete: writes BUNDLE/imgtool.names, which names what is there, so that
 * diff_bundle can tell later what was added and deleted; what changed is told by its ctime, so this waits until
 * the clock of the file system has moved on (4 ms). */
int diff_remember(int bundle, struct error *err);
