/* The directories of a tree that is being made: each is known by a number, found by its name in its parent, and opened once
 * for many uses. Paths are taken apart here, and links on the way resolved as in a container whose root it is, so that the
 * kernel is given single names and paths without links. Knows no entries. */
#pragma once

#include <stdbool.h>
#include <stdint.h>
#include <sys/stat.h>
#include <sys/types.h>

#include "imgtool/layer/name_set.h"

#define DIRECTORY_ROOT 0
#define DIRECTORY_NONE UINT32_MAX
#define DIRECTORIES_MAX \
	(4u << 20) /* of one layer; those that an entry names on the way among them */
#define DIRECTORY_DEPTH_MAX \
	2048		    /* below the root: deeper ones no absolute path can name, PATH_MAX */
#define DIRECTORIES_OPEN 64 /* descriptors that are kept */

enum directory_flags {
	DIRECTORY_FRESH = 1 << 0,  /* made by us: nothing is in it that we have not made */
	DIRECTORY_MADE = 1 << 1,   /* the layer has an entry for it */
	DIRECTORY_HOLDS = 1 << 2,  /* the layer has made something below it */
	DIRECTORY_TIMES = 1 << 3,  /* its mtime is to be set at the end */
	DIRECTORY_MODE = 1 << 4,   /* its mode too */
	DIRECTORY_LOOKED = 1 << 5, /* what it would pass on to new names has been put aside */
	DIRECTORY_GROUP = 1 << 6,  /* its group is not ours: new files in it may be of that group */
	DIRECTORY_OPAQUE = 1 << 7,
	DIRECTORY_WHITEOUTS = 1 << 8, /* whiteouts were made in it or below */
	DIRECTORY_GONE = 1 << 9,
	DIRECTORY_SEARCHED = 1 << 10, /* overlayfs will look for whiteouts in it */
};

struct directory {
	uint32_t parent;
	uint32_t name; /* offset in directories.names */
	int64_t mtime_seconds;
	uint32_t mtime_nanoseconds;
	uint16_t mode; /* bits; what it gets at the end with DIRECTORY_MODE */
	uint16_t flags;
	uint16_t depth;
	uint8_t name_length;
	int8_t slot; /* index in directories.open, -1: not open */
};

/* A default ACL, which would be passed on to everything that is made in its directory. */
struct put_aside_acl {
	uint32_t directory;
	uint32_t size;
	char *value; /* owned; NULL: the same as the one before */
};

struct directories {
	struct name_key key;
	bool unlock; /* make directories of ours accessible that are not */
	gid_t group; /* ours */

	struct directory *v;
	size_t n, capacity;
	char *names;
	size_t names_length, names_capacity;
	uint32_t *slots; /* hash table of numbers + 1 */
	size_t n_slots;

	struct open_directory {
		int fd; /* owned; -1: free */
		uint32_t directory;
		uint64_t used;
	} open[DIRECTORIES_OPEN];
	uint64_t clock;
	int root; /* owned */

	struct put_aside_acl *acls; /* a later one of the same directory wins */
	size_t n_acls, acl_bytes;

	char *last_path; /* of the last directory that was resolved; owned */
	size_t last_length, last_capacity;
	uint32_t last;
};

/* @root: of the directory with the number DIRECTORY_ROOT, borrowed. Finish it even on failure. */
int directories_begin(struct directories *all, int root, bool unlock, struct error *err);
void directories_finish(struct directories *all);

static inline struct directory *directory_of(const struct directories *all, uint32_t number)
{
	return &all->v[number];
}

static inline const char *directory_name(const struct directories *all, uint32_t number)
{
	return all->names + all->v[number].name;
}

/* Borrowed: a descriptor for reading, valid until many more directories have been opened, two at the least. -1 with err. */
int directory_fd(struct directories *all, uint32_t number, struct error *err);

/* What a missing directory on the way is. */
enum directory_missing {
	DIRECTORY_MISSING_MAKE,	 /* made with mode 0755 */
	DIRECTORY_MISSING_TELL,	 /* DIRECTORY_ABSENT */
	DIRECTORY_MISSING_IMPLY, /* made like that, but in place of anything else DIRECTORY_ABSENT */
};
/* Beside 0 and -1: there is no such directory. Also when something else has a name on the way. */
#define DIRECTORY_ABSENT 1

/* The number of the directory at the first @length bytes of @path, links in it followed. ".." in @path: EINVAL. */
int directory_resolve(struct directories *all, const char *path, size_t length,
		      enum directory_missing missing, uint32_t *ret, struct error *err);

/* The number of what is @name in @parent when it is a directory; no link is followed. Otherwise DIRECTORY_ABSENT. */
int directory_enter(struct directories *all, uint32_t parent, const char *name, uint32_t *ret,
		    struct error *err);

/* The number of a directory that has one already, or DIRECTORY_NONE. */
uint32_t directory_known(const struct directories *all, uint32_t parent, const char *name,
			 size_t length);

/* A directory that the caller has just made. */
int directory_add(struct directories *all, uint32_t parent, const char *name, uint16_t flags,
		  uint32_t *ret, struct error *err);

/* To be called before a name in it changes: its times are remembered, and a setgid bit or a default ACL,
 * which new names would inherit, are put aside until the end. */
int directory_prepare(struct directories *all, uint32_t number, struct error *err);

/* Something was made in it. */
void directory_mark(struct directories *all, uint32_t number, uint16_t flag);

/* The name was removed. DIRECTORY_NONE: it was no directory, or none that has a number, but perhaps a link. */
void directory_forget(struct directories *all, uint32_t number);
bool directory_is_below(const struct directories *all, uint32_t number, uint32_t above);

/* Sets aside a default ACL that the directory gets at the end. @size 0: none. */
int directory_put_acl_aside(struct directories *all, uint32_t number, const char *value,
			    size_t size, struct error *err);

/* Sets ACLs, modes and times of all directories, the lower ones first. */
int directories_settle(struct directories *all, struct error *err);
