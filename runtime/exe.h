/* Keeps a container from changing an executable of the host's through /proc/PID/exe (CVE-2019-5736). */
#pragma once

#include "spec/base/error.h"

/* Executes this program again, with the same arguments, from a read-only clone of its mount (or, where
 * that is not allowed, from a sealed copy in memory), so that the inode a container could reach refuses
 * to be written. Returns 0 when it is so already: after that, or on a read-only file system. Called
 * before anything else is done. */
int exe_protect(char *const argv[], struct error *err);

/* A close-on-exec descriptor from which the executable at host @path can be executed, while the inode that
 * the program then sees as its own refuses to be written: a read-only clone of its mount, or a sealed copy
 * in memory. */
int exe_open_protected(const char *path, struct error *err);
