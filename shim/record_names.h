/* Names of containers: unique, found without reading every record, changed without a moment in which a container
 * has none. A name is a symbolic link ROOT/name:NAME to an id, which counts while that container's record says the
 * same name; so what a death leaves half done is no name. */
#pragma once

#include "shim/record_folder.h"

/* Gives @name to the container @id, whose record will be or is saved with it. EEXIST and docker's words when another
 * has it. */
int record_name_take(int root, const char *name, const char *id, struct error *err);

/* Gives it up, when it is @id's. */
int record_name_drop(int root, const char *name, const char *id, struct error *err);

/* Changes the name in @record and on the disk. Needs the lock. */
int record_rename(const struct record_folder *folder, struct record *record, const char *name,
		  struct error *err);

/* The id that @reference means: a whole id, else a name, else the beginning of one id only. *ret is the caller's to
 * free. ENOENT: "No such container"; ENOTUNIQ: more than one id begins so. */
int record_find(int root, const char *reference, char **ret, struct error *err);
