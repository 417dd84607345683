/* The lines of /proc/PID/mountinfo, proc(5). Works on its text and knows nothing of what the mounts are
 * for. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "spec/base/error.h"

/* One mount. The texts point into the text that was parsed and are still escaped. */
struct mountinfo {
	int64_t id, parent;
	char *root, *mountpoint; /* the part of the file system, and where it is in its namespace */
	char *options;		 /* of the mount: "rw,nosuid" */
	char *propagation;	 /* "shared:2 master:1"; "" for a private mount */
	char *type, *source;
	char *super_options; /* of the file system */
};

/* Cuts the next line off *text, which is changed, into words. Lines that are none of mountinfo's are passed over.
 * False behind the last. */
bool mountinfo_next(char **text, struct mountinfo *ret);

/* In place: the kernel writes space, tab, newline and backslash as three octal digits. */
void mountinfo_unescape(char *text);

/* The whole text at @path ("self/mountinfo") beneath @procfs, a descriptor of /proc, for the caller to
 * free; NULL on failure. */
char *mountinfo_read(int procfs, const char *path, struct error *err);
