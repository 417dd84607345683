/* The verbs, one file each (cmd_NAME.c), and what they are given. */
#pragma once

#include "imgtool/base/progress.h"
#include "spec/cli/cli.h"

struct globals {
	bool quiet, json;  /* of progress and messages */
	const char *store; /* NULL: the default */
	bool version, help;
};

extern const struct verb unpack_verb, mount_verb, umount_verb, diff_verb, remove_verb, gc_verb;

static inline enum progress_style progress_style_of(const struct globals *globals)
{
	return globals->quiet ? PROGRESS_QUIET : globals->json ? PROGRESS_JSON : PROGRESS_AUTO;
}

extern const struct verb list_verb, inspect_verb, verify_verb, pack_verb;
