/* Why a program cannot be executed: which file, which component, which property. Looks as the calling
 * process may look, in its root directory; reads files of images, which are hostile. */
#pragma once

#include "spec/base/error.h"

/* Appends a hint to *err for errno value @code of execve(2) or stat(2) of @path: for "no such file or
 * directory" the component, link target, script interpreter or dynamic loader that is missing; for
 * "permission denied" the directory that may not be searched, the mode, the noexec mount, or that it
 * can only be a security module; for "exec format error" what the file is instead. Returns -1. */
int exec_failure_hint(const char *path, int code, struct error *err);
