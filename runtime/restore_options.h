/* What CRIU is asked for when it restores a container, from its plan and its checkpoint. */
#pragma once

#include "runtime/criu.h"
#include "runtime/criu_options.h"
#include "runtime/plan.h"

/* CRIU's log, in the work directory. */
#define RESTORE_LOG "restore.log"

/* Namespaces that config.json gives by path, opened for criu to inherit in this order. */
struct given_namespaces {
	int v[CRIU_INHERITED_MAX];
	size_t n;
};

/* The whole of the options but for the control groups, for the caller to free with criu_options_type. @root:
 * where criu finds the root file system; @streams: of descriptors.json; @groups: directories of the container's
 * groups. NULL on failure; what *namespaces holds is the caller's to close in any case. */
struct criu_options *restore_options_build(const struct checkpoint_options *from,
					   const struct checkpoint_directories *directories,
					   const struct plan *plan, const char *root,
					   const struct string_list *streams,
					   const struct string_list *groups,
					   struct given_namespaces *namespaces, struct error *err);

/* Adds the groups that process @pid is in: what was in the container's groups when it was saved goes there. */
int restore_options_add_groups(struct criu_options *options, pid_t pid, struct error *err);
