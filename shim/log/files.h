/* A log's files as a reader has them, while a writer may be renaming them. */
#pragma once

#include <stddef.h>
#include <stdint.h>
#include <sys/stat.h>

#include "shim/log/place.h"
#include "spec/base/error.h"

struct log_files {
	struct log_files_one {
		int fd;
		int64_t size; /* when it was opened */
		dev_t device;
		ino_t inode;
	} v[LOG_FILES_MAX]; /* the oldest first */
	size_t n;
};

/* Opens what there is: each file once, in order, and none left out although they may be renamed meanwhile; but
 * where they are rotated faster than they can be opened, only the newest. There may be none. */
int log_files_open(const struct log_place *place, struct log_files *files, struct error *err);
void log_files_close(struct log_files *files);

/* The index of the file that @fd is open to, or -1. */
int log_files_find(const struct log_files *files, int fd);
