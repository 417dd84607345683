/* Files inside a rootfs, reached only through descriptors beneath its root: no path of an image is
 * ever given to the kernel without a bound (CVE-2021-30465, CVE-2024-45310, CVE-2026-41579). */
#pragma once

#include <sys/types.h>

#include "spec/base/error.h"

/* openat2(2) with RESOLVE_IN_ROOT: absolute symlinks and ".." stay inside @root. @path may start with
 * "/". Returns a close-on-exec descriptor or -1 with errno only. */
int beneath_open(int root, const char *path, int flags, mode_t mode);

/* The same, and no component may be a symlink: for the targets of procfs and sysfs. */
int beneath_open_nofollow(int root, const char *path, int flags);

/* mkdir -p: every missing directory is made beneath the descriptor of its parent. Returns an O_PATH
 * descriptor of the directory. A component that is there and no directory is ENOTDIR. */
int beneath_make_directory(int root, const char *path, mode_t mode, struct error *err);

/* An O_PATH descriptor of the file; made empty, with its directories, where missing. */
int beneath_make_file(int root, const char *path, struct error *err);

/* The descriptor of the directory that holds @path's last component (made where missing); *name points to that component
 * inside @path. The component itself is not looked at. */
int beneath_make_parent(int root, const char *path, const char **name, struct error *err);

/* Refuses a descriptor that does not belong to a mount of procfs, devpts, …: @magic as statfs(2). */
int beneath_check_filesystem(int fd, long magic, const char *what, struct error *err);
