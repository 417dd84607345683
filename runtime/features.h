/* What this runtime can do, in the specification's words, taken from the tables that do it. */
#pragma once

#include "spec/cli/cli.h"
#include "spec/features.h"

/* The Features structure, for the caller to free with table_free(&features_type, …); NULL on failure.
 * Says what orun knows, whether or not this host has it (features.md); two things depend on the host:
 * seccomp.supportedFlags, as the specification wants it, and cgroup.systemd, which needs a program
 * beside orun. @verbs tells which commands there are. */
struct features *features_collect(const struct verb *const *verbs, struct error *err);
