/* SIGINT, SIGTERM, SIGHUP and SIGPIPE as a request that long work asks for, so that it ends through its own clean-up. */
#pragma once

#include <stdbool.h>

#include "spec/base/error.h"

/* From now on those signals only set a flag; a system call that waits is ended with EINTR. One that the caller
 * ignores stays ignored, as nohup(1) wants it. */
void interrupt_catch(void);
/* 0, or -1 with ECANCELED when one of them has come. From any thread. */
int interrupt_check(struct error *err);
/* For the start of a thread beside the main one, whose waiting a signal then ends. */
void interrupt_leave_to_main(void);
/* Ends the process as the signal would have, when one has come. For the end of main. */
void interrupt_resume(void);
