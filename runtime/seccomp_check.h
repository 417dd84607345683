/* The rules of linux.seccomp that need no library: what a profile may ask for at all. */
#pragma once

#include "spec/config.h"

#define SYSCALL_ARGUMENTS 6

/* Errors name the JSON path. */
int seccomp_check(const struct seccomp *seccomp, struct error *err);
