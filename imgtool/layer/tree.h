/* Files made beneath one root descriptor: what an entry names is made there and nowhere else. Links on the way to a
 * parent are followed by us, name by name, as the kernel would in the container; the kernel itself is given no path through
 * a link (openat2(2) with RESOLVE_BENEATH and RESOLVE_NO_SYMLINKS). Metadata is set through descriptors. Knows entries, but
 * no layer rules. */
#pragma once

#include "imgtool/layer/entry.h"
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
	/* The directory is a layer of an overlay: an entry whose parent is not there is TREE_NEEDS_LOWER, a hard link to
	 * nothing too, and a directory in place of anything else hides what the lower layers have of that name. */
	bool parents_must_exist;
	/* With parents_must_exist: parents that the layer has no entry for are made all the same, with mode 0755, and told of
	 * by tree_finish, those above first, unless what the lower layers have there is hidden: only they can say what such a
	 * directory is like. @hides_only: nothing was made in it. NULL: TREE_NEEDS_LOWER as above. */
	int (*implied)(void *context, const char *path, bool hides_only, struct error *err);
	void *implied_context;
};

struct tree_counts {
	uint64_t files, directories, links, others;
	uint64_t bytes; /* of file data that was written */
	uint64_t devices_left_out;
	uint64_t
		xattrs_left_out; /* that the file system does not have, or the caller may not set */
};

/* Beside 0 and -1: only the lower layers can say what this entry means. */
#define TREE_NEEDS_LOWER 1

struct tree;

/* @root: descriptor of an existing directory, borrowed. The calling thread's umask is 0 until the tree is finished or dropped:
 * modes are the entries' own. */
struct tree *tree_open(int root, const struct tree_options *options, struct error *err);

/* Makes @entry in place of what has the name: a directory keeps what is in it when there is one already;
 * anything else is removed first. Missing parents are made with mode 0755 and the time 0. The other name of a hard link is looked up
 * as a parent is, its last component never followed. Refused: ".." in a name, an entry for the root that is no directory,
 * a hard link to a directory or to itself, sockets. Extended attributes: layer_xattrs.h.
 * A regular file is open afterwards for tree_write until the next call of another function. 0, -1 or TREE_NEEDS_LOWER. */
int tree_make(struct tree *tree, const struct entry *entry, struct error *err);
/* All of @data at @offset, within the entry's size. */
int tree_write(struct tree *tree, const void *data, size_t length, int64_t offset,
	       struct error *err);

/* Removes what had the name before tree_open, with all below it; what this tree has made itself stays. The last component is
 * not followed. Absent is fine. */
int tree_remove(struct tree *tree, const char *path, struct error *err);
/* Removes all in the directory, and below it, that this tree has not made itself. Absent is fine. */
int tree_clear(struct tree *tree, const char *path, struct error *err);

/* For overlay layers, in the place of these two. A whiteout for the name; when this tree has made a directory of that name, the
 * mark of an opaque directory; nothing for another name that it has made, nor in an opaque directory. */
int tree_whiteout(struct tree *tree, const char *path, struct error *err);
/* The mark of an opaque directory; whiteouts in it and below are dropped, since overlayfs would show their names.
 * The root: TREE_NEEDS_LOWER, because overlayfs does not look for the mark there. */
int tree_make_opaque(struct tree *tree, const char *path, struct error *err);

/* Finishes the last file, sets the times of directories, which making what is in them has changed (one that has no
 * entry of its own keeps the times that it had), and frees. *counts may be NULL. */
int tree_finish(struct tree *tree, struct tree_counts *counts, struct error *err);
void tree_drop(struct tree *tree); /* after a failure; NULL allowed */
