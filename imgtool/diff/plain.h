/* The changes of a bundle whose root file system is a plain directory. */
#pragma once

#include "imgtool/diff/tell.h"

int diff_plain(int bundle, change_handler *handler, void *context, struct error *err);
