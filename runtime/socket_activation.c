#include "runtime/socket_activation.h"

#include <errno.h>
#include <stdlib.h>
#include <unistd.h>

#include "spec/base/owned.h"

/* An environment that was meant for one of our ancestors names it; what is open here is then something else. */
static bool is_for_us(void)
{
	const char *text = getenv("LISTEN_PID");
	uint64_t pid;

	return !text || (text_to_uint64(text, &pid) == 0 && pid == (uint64_t)getpid());
}

unsigned socket_activation_count(void)
{
	const char *text = is_for_us() ? getenv("LISTEN_FDS") : NULL;
	uint64_t n;

	return text && text_to_uint64(text, &n) == 0 && n < 65536 ? (unsigned)n : 0;
}

int socket_activation_announce(struct process *process, unsigned n, struct error *err)
{
	owned_string count = text_format("LISTEN_FDS=%u", n);

	if (!n || !process)
		return 0;
	if (!count || string_list_add(&process->env, count) ||
	    string_list_add(&process->env, "LISTEN_PID=1"))
		return error_errno(err, ENOMEM, "LISTEN_FDS");
	return 0;
}
