/* Keeps a container from changing the runtime's own executable through /proc/PID/exe (CVE-2019-5736). */
#pragma once

#include "spec/base/error.h"

/* Executes this program again, with the same arguments, from a read-only clone of its mount (or, where
 * that is not allowed, from a sealed copy in memory), so that the inode a container could reach refuses
 * to be written. Returns 0 when it is so already: after that, or on a read-only file system. Called
 * before anything else is done. */
int exe_protect(char *const argv[], struct error *err);
