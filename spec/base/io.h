/* Whole files and whole writes. Paths are relative to a directory descriptor (AT_FDCWD allowed).
 * These are for our own files and the kernel's; a file inside a rootfs is opened through
 * runtime/beneath.h first. */
#pragma once

#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "spec/base/error.h"

/* Reads all of @fd from its current position, at most @max bytes (more: EFBIG).
 * *ret is NUL-terminated behind its *length bytes and the caller's to free; length may be NULL. */
int read_all(int fd, size_t max, char **ret, size_t *length, struct error *err);

/* Opens, checks that it is no directory (EISDIR), reads. The error names @path. */
int read_file_at(int dirfd, const char *path, size_t max, char **ret, size_t *length,
		 struct error *err);

/* Like read_file_at for the small files of procfs, sysfs and cgroupfs; a trailing newline is cut. */
int read_line_at(int dirfd, const char *path, char *line, size_t size, struct error *err);

/* One write(2) of @text to an existing kernel file (O_WRONLY|O_CLOEXEC|O_NOFOLLOW): the kernel takes
 * a value whole or not at all, so a short write is an error. The error names @path and the value. */
int write_kernel_file_at(int dirfd, const char *path, const char *text, struct error *err);

/* write(2) until everything is written. Returns 0, or -1 with errno. */
int write_all(int fd, const void *data, size_t length);
/* The same by pwrite(2) from @offset on. */
int write_all_at(int fd, const void *data, size_t length, uint64_t offset);

/* Replaces @name atomically: temporary file in the same directory, then rename(2). @mode as open(2).
 * Not synced to disk: state below /run does not outlive a reboot. */
int write_file_atomic_at(int dirfd, const char *name, const void *data, size_t length, mode_t mode,
			 struct error *err);

/* mkdir -p; existing directories are kept as they are. Follows symlinks: host paths only. */
int make_directories(const char *path, mode_t mode, struct error *err);
