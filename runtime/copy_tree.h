/* Copies a directory's content into another: "tmpcopyup". */
#pragma once

#include "spec/base/error.h"

/* Copies everything below directory @from into directory @to: directories, files, symlinks, devices and
 * FIFOs, with mode, owner, times and extended attributes. Symlinks are copied, never followed; other
 * mounts below @from are not entered. Both descriptors may be O_PATH and stay open. */
int copy_tree(int from, int to, struct error *err);
