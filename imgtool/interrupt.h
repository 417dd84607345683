/* SIGINT, SIGTERM and SIGHUP as a request that long work asks for, so that it ends through its own clean-up. */
#pragma once

#include <stdbool.h>

#include "spec/base/error.h"

/* From now on those signals only set a flag; a system call that waits is ended with EINTR. */
void interrupt_catch(void);
/* 0, or -1 with ECANCELED when one of them has come. From any thread. */
int interrupt_check(struct error *err);
/* Ends the process as the signal would have, when one has come. For the end of main. */
void interrupt_resume(void);
