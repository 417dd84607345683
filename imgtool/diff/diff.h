/* What a container changed in the root file system of its bundle, as `docker diff` tells it. Only reads. */
#pragma once

#include "imgtool/diff/tell.h"

/* Calls @handler for each change, directories before what is in them, and in the same order for the same changes; ends when
 * it returns -1. The root directory itself is not told of. The bundle need not be mounted, but the layers of an overlay bundle are,
 * detached, which needs what unpacking it needed. A bundle that imgtool did not make is refused. */
int diff_bundle(const char *path, change_handler *handler, void *context, struct error *err);
