/* The changes of an overlay bundle: its upper directory beside the layers below. overlayfs.rst of the kernel says what
 * whiteouts and opaque directories are. */
#pragma once

#include "imgtool/diff/tell.h"
#include "imgtool/record.h"

int diff_overlay(int bundle, const struct bundle_record *record, change_handler *handler,
		 void *context, struct error *err);
