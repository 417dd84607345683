/* linux.sysctl: only parameters that a namespace of the container isolates. */
#pragma once

#include "spec/config.h"

/* Each key must belong to a namespace that the container has of its own: net.* (network), kernel.msg…,
 * kernel.sem, kernel.shm… and fs.mqueue.* (ipc), kernel.domainname (uts), user.* (user). A namespace
 * joined by path is not its own when it is the runtime's. kernel.hostname is refused: config.md has a
 * field for it. Dots and slashes as sysctl(8) takes them; ".." and empty parts are refused. Errors
 * name linux.sysctl["KEY"]. */
int sysctl_validate(const struct config *config, struct error *err);

/* Writes them through @procfs, a descriptor of the host's /proc, beneath it and without symlinks. The
 * calling process is in the container's namespaces. */
int sysctl_apply(int procfs, const struct string_map *sysctl, struct error *err);
