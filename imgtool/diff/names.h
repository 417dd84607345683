/* What a plain bundle had in its root file system when it was new: BUNDLE/imgtool.names. Names alone, in the order of a walk;
 * what changed since is told by ctime, which nobody can set. */
#pragma once

#include <stdbool.h>
#include <time.h>

#include "spec/base/error.h"

#define DIFF_NAMES "imgtool.names"

/* Writes it when the root file system is complete, and waits until the clock that files get their times from has moved
 * on (a tick, 1 to 10 ms), so that every later change has a later ctime. */
int diff_names_write(int bundle, struct error *err);

/* A copy that is being read. */
struct diff_names {
	char *text; /* owned */
	const char *at, *end;
	struct timespec complete; /* what has a later ctime was changed */
};

/* @root: the root file system. When it has been copied or moved to another file system, all ctimes are new: EXDEV, and the
 * error says so. For diff_names_finish, also on failure. */
int diff_names_read(int bundle, int root, struct diff_names *ret, struct error *err);
void diff_names_finish(struct diff_names *names);

/* The next name of the directory that is being read, NULL at its end. */
const char *diff_names_peek(const struct diff_names *names, bool *is_directory);
/* Takes it: into the directory if it is one. */
void diff_names_take(struct diff_names *names);
/* Passes over what is left of the directory that is being read, to what follows it. */
void diff_names_leave(struct diff_names *names);
