/* The terminal of a container in the foreground: our terminal in raw mode, bytes copied both ways. */
#pragma once

#include <sys/types.h>

#include "spec/base/error.h"

/* Copies between our stdin/stdout and @master until @pidfd says that the process is gone and its output is read to the end.
 * Our terminal is raw meanwhile and restored on every way out; SIGWINCH is passed on as the new window
 * size, other catchable signals as the same signal to the process (pidfd_send_signal). @master -1: no terminal,
 * only signals are passed on. One poll loop, no thread; both directions keep unwritten bytes, so neither blocks the other. */
int terminal_forward(int master, int pidfd, struct error *err);

/* The size of our own terminal, if we have one, for @master: before the program runs and asks. */
void terminal_copy_size(int master);
