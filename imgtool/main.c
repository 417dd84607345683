/* imgtool: global options, the verb table, and the one place where an error is worded for the user. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "imgtool/base/interrupt.h"
#include "imgtool/commands.h"
#include "spec/base/json_text.h"
#include "spec/base/log.h"
#include "spec/image.h"

static struct globals globals;

static const struct option global_options[] = {
	{ "quiet", 'q', OPTION_FLAG, &globals.quiet, NULL, "show no progress" },
	{ "json", 0, OPTION_FLAG, &globals.json, NULL, "show progress as JSON, one object a line" },
	{ "store", 0, OPTION_TEXT, &globals.store, "DIR",
	  "where extracted layers are (default: /var/lib/imgtool)" },
	{ "version", 'v', OPTION_FLAG, &globals.version, NULL, "print versions and exit" },
	{ "help", 'h', OPTION_FLAG, &globals.help, NULL, "print this and exit" },
	{ 0 },
};

/* In the order of the help. */
/* clang-format off */
static const struct verb *const verbs[] = {
	&unpack_verb,
	&mount_verb,
	&umount_verb,
	&diff_verb,
	&remove_verb,
	&gc_verb,
	&list_verb,
	&inspect_verb,
	&verify_verb,
	&pack_verb,
	&completion_verb,
	&help_verb,
	NULL,
};
/* clang-format on */

static const struct program imgtool = {
	.name = "imgtool",
	.summary = "make bundles from container images",
	.purpose = "Turns OCI and Docker images into bundles that any OCI runtime can run.",
	.section = 1,
	.verbs = verbs,
	.options = global_options,
};

static int run(int argc, char **argv, char *const words[], struct error *err)
{
	if (log_open("imgtool", NULL, LOG_TEXT, LOG_LEVEL_WARNING, err))
		return 1;
	int left = options_parse(global_options, argc - 1, argv + 1, true, err);

	if (left < 0)
		return 1;
	if (globals.version) {
		printf("imgtool version %s\nimage-spec: %s\n", ORUN_VERSION, IMAGE_SPEC_VERSION);
		return 0;
	}
	if (globals.help) {
		help_print_program(&imgtool);
		return 0;
	}
	if (!left) {
		help_print_program(&imgtool);
		error_set(err, EINVAL, "no command is given");
		return 1;
	}
	return verb_run_named(&imgtool, &globals, left, argv + 1, words, err);
}

int main(int argc, char **argv)
{
	struct error error = { 0 };

	interrupt_catch();
	int status = run(argc, argv, argv, &error);

	/* What is wrong with an image is told in the image's own words. */
	text_make_printable(error.msg);
	if (error.msg[0])
		log_error("%s", error.msg);
	log_close();
	interrupt_resume();
	return status;
}
