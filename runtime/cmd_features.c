/* orun features */
#include <errno.h>
#include <stdio.h>

#include "runtime/commands.h"
#include "runtime/features.h"
#include "spec/base/owned.h"

static const struct option options[] = { { 0 } };

static int run(const struct globals *globals, int argc, char **argv, struct error *err)
{
	struct features *features = features_collect(globals->program->verbs, err);
	OWNED(buffer_finish) struct buffer text = { 0 };

	(void)argc;
	(void)argv;
	if (!features)
		return 1;
	table_print(&features_type, features, 2, &text);
	table_free(&features_type, features);
	if (text.failed || puts(text.text) < 0 || fflush(stdout)) {
		error_errno(err, text.failed ? ENOMEM : errno, "print the features");
		return 1;
	}
	return 0;
}

const struct verb features_verb = {
	.name = "features",
	.arguments = "",
	.summary = "print what this runtime knows of the specification",
	.options = options,
	.min_arguments = 0,
	.max_arguments = 0,
	.run = run,
};
