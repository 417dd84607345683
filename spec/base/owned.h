/* Ownership at the declaration: a variable that says what happens to its value at the end of its
 * scope, and an explicit take that hands the value on. Destructors accept "nothing" and keep errno. */
#pragma once

#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#define OWNED(destructor) __attribute__((cleanup(destructor)))

/* close(2) without looking at the result: on Linux the descriptor is gone even after EINTR. */
static inline void close_fd(int fd)
{
	int saved = errno;

	if (fd >= 0)
		close(fd);
	errno = saved;
}

static inline void owned_fd_close(int *fd)
{
	close_fd(*fd);
}

static inline void owned_free(void *pointer)
{
	int saved = errno;

	free(*(void **)pointer);
	errno = saved;
}

static inline void owned_fclose(FILE **file)
{
	if (*file)
		fclose(*file);
}

static inline void owned_closedir(DIR **dir)
{
	if (*dir)
		closedir(*dir);
}

#define owned_fd OWNED(owned_fd_close) int
#define owned_string OWNED(owned_free) char *
#define owned_memory OWNED(owned_free)
#define owned_file OWNED(owned_fclose) FILE *
#define owned_dir OWNED(owned_closedir) DIR *

static inline int take_fd(int *fd)
{
	int taken = *fd;

	*fd = -1;
	return taken;
}

#define take_pointer(pointer)                          \
	({                                             \
		__typeof__(pointer) *at_ = &(pointer); \
		__typeof__(pointer) taken_ = *at_;     \
		*at_ = NULL;                           \
		taken_;                                \
	})
