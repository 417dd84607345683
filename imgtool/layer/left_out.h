/* What trees had to leave out, in words for the user. Knows no image. */
#pragma once

#include "imgtool/base/progress.h"
#include "imgtool/layer/tree.h"

/* Adds what @counts left out to @sum. */
void left_out_add(struct tree_counts *sum, const struct tree_counts *counts);

/* A notice for each kind, when there is any. @progress NULL: nobody wants to know. */
void left_out_tell(struct progress *progress, const struct tree_counts *sum);
