/* Handlers: programs of the host that run the container's program for it, where the kernel cannot (WebAssembly
 * modules, images of virtual machines). The administrator installs them, a container chooses among them by
 * name. Knows nothing of what they do. */
#pragma once

#include "spec/config.h"

/* Where they are installed, unless --handlers says otherwise. */
#define HANDLERS_DIRECTORY ORUN_SYSCONFDIR "/orun/handlers"

/* The name of the handler that the annotations ask for in *ret, for the caller to free, or NULL. As crun has it:
 * run.oci.handler=NAME, and module.wasm.image/variant=compat for the name wasm; NAME-smart and compat-smart
 * ask for it only when the program's name ends in .wasm or .wat. A name is letters, digits, '_' and '-'. */
int handler_choose(const struct config *config, char **ret, struct error *err);

/* Opens the handler @name in @directory so that it can be executed in a container (exe_open_protected). It must
 * be a regular file that nobody but root and the caller may write. */
int handler_open(const char *directory, const char *name, struct error *err);
