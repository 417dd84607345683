/* A name of the file system as an entry of a layer, and its content: only read, by descriptors, never through a link. Knows
 * no tar. */
#pragma once

#include <sys/stat.h>

#include "imgtool/layer/entry.h"
#include "spec/base/error.h"

struct pack_file {
	struct entry entry; /* what it points to is owned; @path is borrowed */
	struct stat stat;
	int fd; /* of a regular file or directory; -1: another kind */
};

/* Beside 0 and -1: a socket, which no layer can have. */
#define PACK_FILE_SOCKET 1

/* @name in @directory, "." for itself. @recorded: the owner is what user.rootlesscontainers says; without that the
 * caller's own ids are root's. What no layer can have but a socket is EINVAL: names beginning with ".wh.", overlayfs'
 * whiteouts. For pack_file_finish when this returns 0. */
int pack_file_open(int directory, const char *name, char *path, bool recorded,
		   struct pack_file *ret, struct error *err);

/* ESTALE when the file is not what it was when it was opened. For after its content has been read. */
int pack_file_check(const struct pack_file *file, struct error *err);

void pack_file_finish(struct pack_file *file);
