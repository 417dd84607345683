/* Who has what mounted, by proc(5). Knows no bundle. */
#pragma once

#include <stdbool.h>
#include <sys/types.h>

#include "spec/base/error.h"

/* A process outside our mount namespace whose root directory is a mount with the source @label: a container. 0: there is
 * none that we may look at. */
pid_t mounts_find_container(const char *label);

/* Whether our mount namespace has a mount with the source @label: 1, 0, -1. */
int mounts_have(const char *label, struct error *err);

/* EBUSY, with its path, when something is mounted on or beneath @directory, an absolute path without links. */
int mounts_check_none(const char *directory, struct error *err);
