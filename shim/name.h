/* What containers may be called, and ids for those that nobody named. */
#pragma once

#include "spec/base/error.h"

/* A name of a file with a prefix of ours, of a host and of a unit: so no longer than this, in bytes. */
#define NAME_LENGTH_MAX 200

/* [a-zA-Z0-9][a-zA-Z0-9_.-]*, at most NAME_LENGTH_MAX bytes. EINVAL and docker's words otherwise. */
int name_check(const char *name, struct error *err);

/* The same for an id, which is also what the runtime calls the container. */
int id_check(const char *id, struct error *err);

#define ID_LENGTH 64
/* 64 random hexadecimal digits, of which the first twelve are not all decimal: a host name of digits only would
 * look like a number (docker, pkg/stringid). */
int id_make(char id[static ID_LENGTH + 1], struct error *err);
