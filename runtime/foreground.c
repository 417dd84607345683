#include "runtime/foreground.h"

#include <errno.h>
#include <sys/wait.h>

#include "runtime/terminal.h"
#include "spec/base/log.h"

int foreground_attend(const struct init_process *process, int console, struct error *err)
{
	struct error forwarding = { 0 };
	int status;

	if (terminal_forward(console, process->pidfd, &forwarding))
		log_warning("%s", forwarding.msg);
	while (waitpid(process->pid, &status, 0) < 0)
		if (errno != EINTR) {
			error_errno(err, errno, "wait for the process");
			return 1;
		}
	return WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status);
}
