/* Changes on their way to those who asked. Knows no bundle. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <sys/stat.h>

#include "imgtool/base/walk.h"

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
	 * returns, that may be in the writable layer of an overlay), and what is known of it, of the link itself
	 * if it is one. An overlay's own xattrs (trusted.overlay., user.overlay.) may be on it. */
	int directory;
	const char *name;
	struct stat stat;
};

typedef int change_handler(const struct change *change, void *context, struct error *err);

/* A directory on the way from the root to where the walk is. */
struct diff_level {
	bool told;
	bool known; /* there was a directory of that name before */
};

struct diff_teller {
	change_handler *handler;
	void *context;
	int root;		   /* of the walk */
	struct diff_level *levels; /* by depth, 0: the root */
	size_t n_levels;
};

/* Tells of @entry, after the directories on its way that have not been told of: something in them changed. */
int diff_tell(struct diff_teller *teller, enum change_kind kind, const struct walk_entry *entry,
	      const struct stat *stat, struct error *err);

/* The same for @name in the directory @path (of depth @depth; 0 and "": the root), which is gone. */
int diff_tell_deleted(struct diff_teller *teller, const char *path, size_t depth, const char *name,
		      struct error *err);

/* What is at @depth from now on. */
int diff_set_level(struct diff_teller *teller, size_t depth, struct diff_level level,
		   struct error *err);

void diff_teller_finish(struct diff_teller *teller);
