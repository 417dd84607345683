/* Where a log's files are: a folder, the name of the one that is written, and how many there may be. The
 * older ones have numbers behind the name: the newest of them is NAME.1, as Docker has it. Knows nothing of
 * what is in them. */
#pragma once

#include <limits.h>
#include <stdint.h>

#include "spec/base/error.h"

/* A reader has all of them open at once. */
#define LOG_FILES_MAX 200

struct log_place {
	int directory;
	char *name;
	unsigned count; /* files, the one that is written included: 1 to LOG_FILES_MAX */
};

/* @directory is copied. Errors: those of fcntl(2); EINVAL for a name that is none. */
int log_place_init(struct log_place *place, int directory, const char *name, unsigned count,
		   struct error *err);

/* @path is absolute; its folder exists. */
int log_place_init_path(struct log_place *place, const char *path, unsigned count,
			struct error *err);
void log_place_finish(struct log_place *place);

/* The name of file @number; 0 is the one that is written. */
void log_place_name(const struct log_place *place, unsigned number, char name[static NAME_MAX + 1]);

/* Makes room for a new file: each gets the number after its own, and the oldest is gone when there are
 * @count. Nothing else is lost wherever this ends: what a killed process left half done, the next call
 * completes. There is no file of number 0 afterwards. */
int log_place_rotate(const struct log_place *place, struct error *err);
