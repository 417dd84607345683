/* Directories that a layer has something in but does not describe. */
#pragma once

#include <stdbool.h>
#include <stdio.h>

#include "spec/base/error.h"

/* Appends one to a list; as tree_options.implied wants it, with the list, a FILE, as the context: a layer may imply
 * a million. */
int store_implied_add(void *list, const char *path, bool hides_only, struct error *err);

/* Beside 0 and -1: the layer has to be extracted on the lower ones. */
#define STORE_IMPLIED_DIFFERS 1

/* Makes the directories of @list, which was written with store_implied_add and is at its beginning, in @tree what they are
 * in @lower (-1: nothing is below). */
int store_implied_settle(int lower, int tree, FILE *list, struct error *err);
