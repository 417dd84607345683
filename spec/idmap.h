/* User and group id maps of a user namespace. user_namespaces(7). */
#pragma once

#include <sys/types.h>

#include "spec/config.h"

/* Writes /proc/PID/uid_map and gid_map of a process in a new user namespace. A caller who may not
 * write several ranges itself (not root) gets them through newuidmap and newgidmap; one range of its
 * own id needs neither, with setgroups(2) denied as the kernel demands. */
int idmap_write(pid_t pid, const struct id_mapping_list *uids, const struct id_mapping_list *gids,
		struct error *err);

/* Descriptor of a new user namespace with these maps, for idmapped mounts (mount_setattr(2)). */
int idmap_open_namespace(const struct id_mapping_list *uids, const struct id_mapping_list *gids,
			 struct error *err);

/* The id outside for @id inside, or -1 when it is not mapped. No mappings at all: @id itself. */
int64_t idmap_to_host(const struct id_mapping_list *mappings, uint32_t id);
