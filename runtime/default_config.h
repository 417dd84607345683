/* The configuration that `orun spec` writes. */
#pragma once

#include "spec/config.h"

/* A new configuration that runs `sh` in the bundle's rootfs. @rootless: for a caller who is not root: with a
 * user namespace that maps the caller to root, the host's network, no limits. Free with config_free. */
struct config *default_config(bool rootless, struct error *err);
