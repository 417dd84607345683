/* Files made beneath one root descriptor: what an entry names is made there and nowhere else. A parent is opened by
 * openat2(2) with RESOLVE_IN_ROOT, so links on the way stay inside as they would in the container; metadata is set through
 * descriptors. Knows entries, but no layer rules. */
#pragma once

#include "imgtool/entry.h"
#include "spec/base/error.h"

/* What the caller may not do itself is recorded or left out. */
enum tree_ownership {
	TREE_OWNERSHIP_SET,	 /* chown: root, or in a user namespace whose mapping has the ids */
	TREE_OWNERSHIP_RECORDED, /* files are the caller's; others' ids are in user.rootlesscontainers */
};

struct tree_options {
	enum tree_ownership ownership;
	bool leave_out_devices; /* counted in devices_left_out */
	bool user_xattrs;	/* overlay marks in user.overlay. rather than trusted.overlay. */
	bool parents_must_exist; /* an entry whose parent is not there is TREE_NEEDS_LOWER, a hard link to nothing too */
};

struct tree_counts {
	uint64_t files, directories, links, others;
	uint64_t bytes; /* of file data that was written */
	uint64_t devices_left_out;
};

/* Beside 0 and -1: only the lower layers can say what this entry means. */
#define TREE_NEEDS_LOWER 1

struct tree;

/* @root: descriptor of an existing directory, borrowed. */
struct tree *tree_open(int root, const struct tree_options *options, struct error *err);

/* Makes @entry in place of what has the name: a directory keeps what is in it when there is one already;
 * anything else is removed first. Missing parents are made with mode 0755. The other name of a hard link is looked up
 * as a parent is, its last component never followed. A regular file is open afterwards for tree_write until
 * the next call of another function. 0, -1 or TREE_NEEDS_LOWER. */
int tree_make(struct tree *tree, const struct entry *entry, struct error *err);
int tree_write(struct tree *tree, const void *data, size_t length, int64_t offset,
	       struct error *err);

/* Removes the name and all below it; absent is fine. */
int tree_remove(struct tree *tree, const char *path, struct error *err);
/* Removes all in the directory that this tree has not made itself since tree_open. */
int tree_clear(struct tree *tree, const char *path, struct error *err);
/* Whether this tree has made that name since tree_open. */
bool tree_has_made(const struct tree *tree, const char *path);

/* For overlay layers: a whiteout in place of the name; the mark of an opaque directory, which is made when absent. */
int tree_whiteout(struct tree *tree, const char *path, struct error *err);
int tree_make_opaque(struct tree *tree, const char *path, struct error *err);

/* Finishes the last file, sets the times of directories, which making what is in them has changed (one that has no
 * entry of its own keeps the times that it had), and frees. *counts may be NULL. */
int tree_finish(struct tree *tree, struct tree_counts *counts, struct error *err);
void tree_drop(struct tree *tree); /* after a failure; NULL allowed */
