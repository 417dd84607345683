/* The folder of one container below /var/lib/oshim, its lock, and its record as a file that is there whole or not
 * at all, whatever is killed and whenever the power fails. Knows nothing of names.
 *
 *   ROOT/ID/             0700, flock(2)ed by the supervisor for as long as it lives, or by a command
 *   ROOT/ID/record.json  see shim/record.h; only who has the lock writes it
 *   ROOT/gone:ID         a folder that is being removed */
#pragma once

#include <stdbool.h>

#include "shim/record.h"

struct record_folder {
	char *id;
	int root;      /* borrowed */
	int directory; /* ROOT/ID */
	bool locked;
};
#define RECORD_FOLDER_NONE ((struct record_folder){ .directory = -1 })

enum record_lock {
	RECORD_UNLOCKED, /* for reading only */
	RECORD_WAIT,	 /* until whoever has it lets go */
	RECORD_TRY /* EWOULDBLOCK at once when somebody has it: then there is a supervisor to talk to */
};

/* Opens @path, an absolute path, made where missing (0700). Removals that a death interrupted are finished. */
int record_root_open(const char *path, struct error *err);

/* Makes ROOT/ID and takes its lock: of any number of callers exactly one wins, the others get EEXIST and docker's
 * words. */
int record_claim(int root, const char *id, struct record_folder *ret, struct error *err);

/* "No such container" (ENOENT) when there is none. */
int record_open(int root, const char *id, enum record_lock lock, struct record_folder *ret,
		struct error *err);

/* The record, for record_destroy; NULL: err says what is wrong with this container's file and how to get rid of
 * it. ENOENT: it was claimed, and never saved. */
struct record *record_load(const struct record_folder *folder, struct error *err);

/* Needs the lock. When it returns 0 the record is on the disk; when it fails, or the caller dies in it, the one
 * before is. */
int record_save(const struct record_folder *folder, const struct record *record, struct error *err);

/* Removes ROOT/ID with all files in it; the container is gone at once for everybody else. Needs the lock. */
int record_remove(struct record_folder *folder, struct error *err);

void record_folder_close(struct record_folder *folder); /* lets go of the lock */

/* The ids below @root in alphabetical order, those without a record too. */
int record_ids(int root, struct string_list *ids, struct error *err);
