/* Single files and directories of a root file system that an image filled, so that a hostile one leads nowhere: every path is
 * resolved beneath its descriptor (openat2(2), RESOLVE_IN_ROOT), as it would be in the container. */
#pragma once

#include <stddef.h>
#include <sys/stat.h>

#include "spec/base/error.h"

/* Reads a regular file of at most @max bytes (EFBIG). 0 with *ret, NUL-terminated and the caller's to free, NULL when there
 * is no such file; -1 when it is of another type, which is then not opened: a device's open may act. */
int image_root_read_file(int root, const char *path, size_t max, char **ret, struct error *err);

/* mkdir -p; an existing directory stays as it is. New ones have mode 0755 and belong to the caller. */
int image_root_make_directory(int root, const char *path, struct error *err);

/* 0, or -1 with errno. */
int image_root_stat(int root, const char *path, struct stat *ret);
