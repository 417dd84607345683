/* Linked into orun-fault in place of runtime/step_reached.c: lets a test end the process, fail a step
 * or hold it, at any named step, and lists the steps that are reached. Knows no step by name.
 *
 *   ORUN_FAULT=list                 writes "SEQUENCE:STEP" to the file ORUN_FAULT_LOG, step by step
 *   ORUN_FAULT=kill:SEQUENCE:STEP   the process dies there, as of kill -9
 *   ORUN_FAULT=fail:SEQUENCE:STEP   the step fails with EIO
 *   ORUN_FAULT=hold:SEQUENCE:STEP   says so in ORUN_FAULT_LOG, then waits for its death */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "runtime/steps.h"
#include "spec/base/text.h"

/* Opened at the first step: later ones have other roots, and init is a copy of the runtime. */
static int log_file(void)
{
	static int fd = -1;
	const char *path = getenv("ORUN_FAULT_LOG");

	if (fd < 0 && path)
		fd = open(path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
	return fd;
}

static void die(void)
{
	kill(getpid(), SIGKILL);
	/* The first process of a pid namespace cannot kill itself: no handler and no clean-up either way. */
	_exit(128 + SIGKILL);
}

int step_reached(const char *sequence, const char *step, struct error *err)
{
	const char *fault = getenv("ORUN_FAULT");
	const char *action = fault ? fault : "";
	const char *colon = strchr(action, ':');
	char here[128];
	int file = log_file();

	snprintf(here, sizeof here, "%s:%s", sequence, step);
	if (strcmp(action, "list") == 0) {
		dprintf(file, "%s\n", here);
		return 0;
	}
	if (!colon || strcmp(colon + 1, here) != 0)
		return 0;
	if (text_starts_with(action, "kill:"))
		die();
	if (text_starts_with(action, "fail:"))
		return error_set(err, EIO, "fault injected");
	dprintf(file, "%s\n", here);
	for (;;)
		pause();
}
