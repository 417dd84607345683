/* Takes away a whole bundle that imgtool made, of whatever kind. */
#pragma once

#include "spec/base/error.h"

/* Unmounts the root file system, removes the directory with the writable layer, and then the store's reference to it. A
 * directory without imgtool.json is refused, and so is one that a container still uses (EBUSY). Nothing outside of the
 * directory is touched but that reference, whatever imgtool.json says. */
int bundle_remove(const char *path, struct error *err);
