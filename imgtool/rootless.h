/* What a process may do with owners of files, and a user namespace in which it may do more. For verbs: the calling
 * process is split in two. user_namespaces(7). */
#pragma once

#include "imgtool/id_mappings.h"
#include "imgtool/layer/tree.h"

struct rootless {
	bool is_root; /* of the initial user namespace: everything can be done */
	bool mapped; /* root of a user namespace that has the ids of images; with neither, owners can only be recorded */
	bool may_mount; /* root of any user namespace */
	/* What a container's config.json is to say: ids outside as the caller's own runtime sees them. Empty for root. */
	struct id_mappings mappings;
};

/* Looks at the process: root, root of a user namespace made by others (podman unshare), or a normal user. For
 * rootless_finish, also on failure. */
int rootless_look(struct rootless *ret, struct error *err);

/* For a normal user with subordinate ids for all that images use: goes on in a child, root of a user namespace that has
 * them, and then @rootless->mapped. The parent never returns: it passes SIGINT, SIGTERM and SIGHUP on, and ends as the
 * child does. For all others nothing happens. To be called before there are threads. */
int rootless_enter(struct rootless *rootless, struct error *err);

/* Ownership, devices and the kind of overlay marks that can be made. */
void rootless_tree_options(const struct rootless *rootless, struct tree_options *options);

void rootless_finish(struct rootless *rootless);
