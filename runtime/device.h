/* Device nodes and the links beside them in /dev. config-linux.md, Devices and Default Devices. */
#pragma once

#include "runtime/plan.h"

/* Makes the default devices and links (unless /dev is bind-mounted) and linux.devices beneath @root.
 * mknod(2), or in a user namespace, where that is forbidden, bind mounts of the host's nodes. A file
 * that is there and is not that device is an error. The umask must be 0. */
int devices_make(const struct plan *plan, int root, struct error *err);

/* An O_PATH descriptor of a host device node, proved to be @type ('c' or 'b') @major:@minor by its inode, not by its
 * name (CVE-2025-31133). */
int device_open_host(const char *path, int type, unsigned major, unsigned minor, struct error *err);

/* Host paths of the devices that every container gets: (0), (1), …; NULL behind the last. */
const char *device_default_path(size_t index);
