/* orun: global options, the verb table, and the one place where an error is worded for the user. */
#include <errno.h>
#include <seccomp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "runtime/commands.h"
#include "runtime/exe.h"
#include "runtime/handler.h"
#include "spec/base/log.h"
#include "spec/config.h"

static struct globals globals = { .log_format = "text",
				  .log_level = "warning",
				  .handlers = HANDLERS_DIRECTORY };

static const struct option global_options[] = {
	{ "root", 0, OPTION_TEXT, &globals.root, "DIR",
	  "where containers are recorded (default: /run/orun)" },
	{ "log", 0, OPTION_TEXT, &globals.log, "FILE",
	  "write messages to FILE, journald:NAME or syslog:NAME (default: stderr)" },
	{ "log-format", 0, OPTION_TEXT, &globals.log_format, "text|json",
	  "form of the messages (default: text)" },
	{ "log-level", 0, OPTION_TEXT, &globals.log_level, "error|warning|debug",
	  "what to write (default: warning)" },
	{ "debug", 0, OPTION_FLAG, &globals.debug, NULL, "the same as --log-level debug" },
	{ "systemd-cgroup", 0, OPTION_FLAG, &globals.systemd_cgroup, NULL,
	  "the same as --cgroup-manager systemd" },
	{ "cgroup-manager", 0, OPTION_TEXT, &globals.cgroup_manager, "cgroupfs|systemd|disabled",
	  "who makes control groups (default: cgroupfs, orun itself)" },
	{ "rootless", 0, OPTION_TEXT, &globals.rootless, "true|false|auto",
	  "expect refusals of control groups (default: auto, by the caller's user id)" },
	{ "handlers", 0, OPTION_TEXT, &globals.handlers, "DIR",
	  "programs that run what is no program, by name (default: " HANDLERS_DIRECTORY ")" },
	{ "version", 'v', OPTION_FLAG, &globals.version, NULL, "print versions and exit" },
	{ "help", 'h', OPTION_FLAG, &globals.help, NULL, "print this and exit" },
	{ 0 },
};

/* In the order of the help. */
/* clang-format off */
static const struct verb *const verbs[] = {
	&create_verb,
	&start_verb,
	&run_verb,
	&exec_verb,
	&state_verb,
	&list_verb,
	&ps_verb,
	&events_verb,
	&kill_verb,
	&pause_verb,
	&resume_verb,
	&update_verb,
	&delete_verb,
	&checkpoint_verb,
	&restore_verb,
	&spec_verb,
	&features_verb,
	&info_verb,
	&mounts_verb,
	&completion_verb,
	&help_verb,
	NULL,
};
/* clang-format on */

static void print_version(void)
{
	const struct scmp_version *seccomp = seccomp_version();

	printf("orun version %s\ncommit: %s\nspec: %s\nlibseccomp: %u.%u.%u\n", ORUN_VERSION,
	       ORUN_COMMIT, SPEC_VERSION, seccomp->major, seccomp->minor, seccomp->micro);
}

static const struct program orun = {
	.name = "orun",
	.summary = "run containers by the OCI runtime specification",
	.purpose = "Runs containers by the OCI runtime specification.",
	.section = 8,
	.verbs = verbs,
	.options = global_options,
};

static int open_log(struct error *err)
{
	bool json = strcmp(globals.log_format, "json") == 0;
	int lowest = globals.debug ? LOG_LEVEL_DEBUG : log_level_number(globals.log_level);

	if (!json && strcmp(globals.log_format, "text") != 0)
		return error_set(err, EINVAL, "--log-format '%s': is neither text nor json",
				 globals.log_format);
	if (lowest < 0)
		return error_set(err, EINVAL, "--log-level '%s': is none of error, warning, debug",
				 globals.log_level);
	return log_open("orun", globals.log, json ? LOG_JSON : LOG_TEXT, (enum log_level)lowest,
			err);
}

static int run(int argc, char **argv, char *const whole[], struct error *err)
{
	/* An error before the log is known gets the program's name too. */
	if (log_open("orun", NULL, LOG_TEXT, LOG_LEVEL_WARNING, err))
		return 1;
	globals.program = &orun;
	int left = options_parse(global_options, argc - 1, argv + 1, true, err);

	if (left < 0 || open_log(err) ||
	    cgroup_settings_parse(globals.cgroup_manager, globals.systemd_cgroup, globals.rootless,
				  &globals.cgroup, err))
		return 1;
	if (globals.version) {
		print_version();
		return 0;
	}
	if (globals.help) {
		help_print_program(&orun);
		return 0;
	}
	if (!left) {
		help_print_program(&orun);
		error_set(err, EINVAL, "no command is given");
		return 1;
	}
	return verb_run_named(&orun, &globals, left, argv + 1, whole, err);
}

int main(int argc, char **argv)
{
	struct error error = { 0 };
	/* The parser moves words about; a second execution needs them as they came. */
	char **words = calloc((size_t)argc + 1, sizeof *words);

	if (!words)
		return 1;
	memcpy(words, argv, ((size_t)argc + 1) * sizeof *words);
	int status = run(argc, words, argv, &error);
	if (error.msg[0])
		log_error("%s", error.msg);
	log_close();
	free(words);
	return status;
}
