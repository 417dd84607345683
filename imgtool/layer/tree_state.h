/* What the parts of a tree share: see tree.h for what it does. */
#pragma once

#include <time.h>

#include "imgtool/layer/directories.h"
#include "imgtool/layer/tree.h"

#define CAPABILITY_MAX 64 /* bytes of security.capability: struct vfs_ns_cap_data has 24 */

/* The regular file that is being written. */
struct tree_file {
	int fd; /* owned; -1: none */
	int64_t size, end;
	struct timespec mtime;
	mode_t mode; /* set last when late_mode: bits that a write takes away, or that would keep us out */
	bool late_mode;
	char capability[CAPABILITY_MAX];
	size_t capability_size;
};

struct tree {
	struct tree_options options;
	struct tree_counts counts;
	struct directories directories;
	struct name_set made; /* what is no directory */
	struct tree_file file;
	uid_t uid;
	gid_t gid;
	bool has_whiteouts;
	bool own_umask;
	mode_t umask_before;
};

static inline bool tree_records(const struct tree *tree)
{
	return tree->options.ownership == TREE_OWNERSHIP_RECORDED;
}

/* Where a name is to be made or removed. */
struct tree_place {
	uint32_t directory;
	int fd;		  /* of the directory, borrowed: see directory_fd */
	const char *name; /* the end of the path that was given */
};

/* 0, -1 or DIRECTORY_ABSENT. A name that cannot be one ("", ".", "..") is an error. */
int tree_find_place(struct tree *tree, const char *path, enum directory_missing missing,
		    struct tree_place *ret, struct error *err);

/* Removes the name, with all below it; absent is fine. */
int tree_remove_at(struct tree *tree, const struct tree_place *place, struct error *err);

/* Whether the layer has made what has the name. *directory: its number, or DIRECTORY_NONE. */
bool tree_made_at(const struct tree *tree, uint32_t parent, const char *name, uint32_t *directory);

/* Goes on with the open file of @entry, made with @mode; @fd becomes the tree's. */
int tree_begin_file(struct tree *tree, const struct entry *entry, int fd, mode_t mode,
		    struct error *err);
/* Ends the regular file that is being written, if there is one. */
int tree_end_file(struct tree *tree, struct error *err);

/* What becomes of a parent that is not there: see tree_options. */
enum directory_missing tree_missing_parent(const struct tree *tree);
/* Of the parents that were made without an entry, when the tree is settled. */
/* Whether the name is a directory's that only names below it have implied: what else the layer says of it depends on what the
 * lower layers have there. */
bool tree_is_implied(const struct tree *tree, const struct tree_place *place);
int tree_tell_implied(const struct tree *tree, struct error *err);

/* overlayfs' mark. */
int tree_mark_opaque(struct tree *tree, uint32_t directory, struct error *err);
bool tree_is_whiteout(int dirfd, const char *name);
