/* Programs that the configuration wants run at points of a container's life. config.md, POSIX-platform
 * Hooks. */
#pragma once

#include "spec/config.h"

/* Runs @hooks in order, each with @state (JSON) on its stdin and exactly its own environment, in directory @cwd (NULL: where
 * the caller is). Stops at the first that fails to start, ends with a status other than 0, dies of a
 * signal or exceeds its timeout (it is then killed); the error names it ("createRuntime hook 0
 * (/path)") and quotes the end of what it wrote to stderr. A hook dies with the caller. */
int hooks_run(const char *kind, const struct hook_list *hooks, const char *state, const char *cwd,
	      struct error *err);

/* The same for hook @i alone: for kinds whose failures do not stop those behind. */
int hook_run(const char *kind, const struct hook_list *hooks, size_t i, const char *state,
	     const char *cwd, struct error *err);
