/* The verbs, one file each (cmd_NAME.c), and what they are given. */
#pragma once

#include "spec/cli/cli.h"

struct globals {
	bool quiet, json;  /* of progress and messages */
	const char *store; /* NULL: the default */
	bool version, help;
};
