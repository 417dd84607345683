/* Dumping a running container to files, with CRIU. */
#pragma once

#include "runtime/container.h"
#include "runtime/criu_options.h"

/* @config: what the container was created from. Its processes end, unless @options say that they run on. The
 * container's record stays. On failure they run on, and the error names CRIU's log. */
int container_checkpoint(const struct container *container, const struct config *config,
			 const struct checkpoint_options *options, struct error *err);

/* Keys by which an external namespace is known in the images. Only these two kinds can be external; NULL for
 * others. */
const char *external_namespace_key(enum namespace_type type);

/* Refuses what CRIU would save or restore, but not as the container that it is. */
int checkpoint_check_config(const struct config *config, struct error *err);
